/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Where a conformance image lies and what whoever launches it has to put there: the sections of its
 * SEV metadata (fd/fd.S). The addresses are those that OVMF uses, so that a launcher which only
 * ever met OVMF has no surprise. Included by assembly too.
 */

#define CONFORM_TABLES  0x800000 /* zeroed memory: the stub's page tables */
#define CONFORM_SECRETS 0x80d000
#define CONFORM_CPUID   0x80e000
#define CONFORM_CAA     0x80f000 /* the first calling area */
#define CONFORM_IMAGE   0x810000 /* zeroed memory: where the test image runs */
