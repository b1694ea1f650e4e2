/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What QEMU releases load of an IGVM file, as data: backends/igvm.c and target/i386/sev.c of each.
 * A release is major * 100 + minor. */
#include "abi/igvm.h"
#include "abi/vmsa.h"

#define RELEASE_FIRST 1001 /* loads IGVM files, where it is built with libigvm */
#define RELEASE_LAST  1102 /* what is newer is taken for this one */

/* "qemu-10.1", or with a patch level. False: no such name. */
bool release_read(const char *name, unsigned *release);
/* Whether the release's loader has a handler for this header. It looks for one before it looks at a
 * header's platforms, so one header that it does not know ends the launch on all of them. */
bool release_knows(unsigned release, uint32_t type);
/* Does a parameter go to its offset in the area? The loader has it at the area's start, whatever
 * the header says, for some. */
bool release_offset_counts(uint32_t type);
/* The first byte of a boot vCPU's VMSA that is not zero although QEMU hands no such field to KVM;
 * -1: there is none. */
int release_vmsa_lost(const struct vmsa *v);
