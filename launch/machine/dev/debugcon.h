/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The log's port, an isa-debugcon of QEMU's. A REP OUTS to it comes out in one piece, so that lines
 * that two CPUs write at once can be read. KVM hands all its bytes to QEMU in one exit
 * (arch/x86/kvm/x86.c, kernel_pio()), but no rule says that QEMU writes them in one piece:
 * docs/fidelity.md. Any CPU; a lock.
 */
#include "base/types.h"

bool debugcon_at(uint16_t port);
/* n bytes from memory that may change meanwhile: each is read once. */
void debugcon_out_string(const uint8_t *data, size_t n);
