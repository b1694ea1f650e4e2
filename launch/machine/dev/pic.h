/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The two 8259A at 0x20 and 0xa0 as a guest finds them (Intel 8259A data sheet): they can be
 * initialised, their masks are kept, nothing is ever requested or in service. The real ones are
 * masked: their line ends at the machine's own CPU 0, and what a guest's devices raise comes by the
 * IOAPIC. Any CPU.
 */
#include "base/types.h"

/* A command port each; the mask is at the next one. */
#define PIC_MASTER 0x20
#define PIC_SLAVE  0xa0

uint8_t pic_in(uint16_t port);
void pic_out(uint16_t port, uint8_t value);
