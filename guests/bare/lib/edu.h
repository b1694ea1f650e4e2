/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * QEMU's device edu (its docs/specs/edu), which copies where it is told to, as a badly programmed
 * device would: between memory and its own buffer. A suite gets one by the key `device`.
 */
#include "base/types.h"

#define EDU_BYTES 4088u /* a copy's; 7.2 aborts when the buffer's last byte is reached */

/* Finds it and lets it do DMA; a test without one is skipped. "bus:slot.function" for the log. */
const char *edu_init(void);
/* EDU_BYTES from memory to its buffer, or back; the address is what the device uses. */
void edu_fetch(uint64_t from);
void edu_store(uint64_t to);
