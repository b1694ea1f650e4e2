/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a bzImage says of itself: its setup sectors, its version, and whether such a kernel can run
 * under an SVSM. */
#include "harness/igvm/blob.h"

/* Bytes of the boot sector and the setup sectors behind it (boot.rst, "setup_sects"). */
size_t linux_setup_size(const struct blob *k);

#define LINUX_VERSION_MAX 80 /* with the NUL; longer ones are cut */

/*
 * "6.1.0-52-cloud-amd64 (debian-kernel@...) ...", printable ASCII, as the header's kernel_version
 * points at it (Linux Documentation/arch/x86/boot.rst). False: it has none. k is a bzImage whose
 * header was checked.
 */
bool linux_version(const struct blob *k, char text[LINUX_VERSION_MAX]);
/*
 * Linux looks for an SVSM and runs below VMPL0 since 6.11. True as well for a text that does not
 * begin with a version: such a kernel gets its chance.
 */
bool linux_knows_svsm(const char *version);
