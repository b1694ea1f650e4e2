/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Memory for what an IGVM file names outside the guest's RAM, as QEMU makes a RAM region of its own
 * for it (QEMU 10.1, backends/igvm.c, qigvm_prepare_memory()): firmware below 4 GiB, an SVSM behind
 * the end of low RAM. CPU 0, after loader_open() and before the RMP is made.
 */
#include "machine/load/source.h"

/* The boot vCPU's VMSA: the first of the pages that KVM keeps from guests for itself on q35, below
 * the BIOS (QEMU, kvm_arch_init(): "identity map"). Not the guest's. */
#define ROOM_BOOT_VMSA 0xfeffc000ull

void loader_make_room(const struct loader *l);
