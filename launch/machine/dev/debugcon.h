/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The log's port, an isa-debugcon of QEMU's. A REP OUTS to it comes out in one piece, as on KVM,
 * which hands all its bytes to QEMU in one exit (arch/x86/kvm/x86.c, kernel_pio() and
 * kvm_handle_io()): lines that two CPUs write at once do not mix. Any CPU; a lock.
 */
#include "base/types.h"

bool debugcon_at(uint16_t port);
/* n bytes from memory that may change meanwhile: each is read once. */
void debugcon_out_string(const uint8_t *data, size_t n);
