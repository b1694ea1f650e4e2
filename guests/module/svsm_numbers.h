/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Copyright (c) 2026 The Keelson Authors */
#ifndef KEELSON_SVSM_NUMBERS_H
#define KEELSON_SVSM_NUMBERS_H

/*
 * Secure VM Service Module for SEV-SNP Guests (58019), what the module uses of it. It has them in a header
 * of its own, and not from the firmware's abi/svsm.h: kbuild has this folder alone, and that header rests
 * on base/types.h, whose integer types, BIT() and PAGE_SIZE are the kernel's own names. With a prefix of
 * its own: the kernel's asm/sev.h has the specification's names as macros, and not in every version.
 * guests/agent/test_module.c, which can include both, compares them when it is compiled.
 */
#include <linux/types.h>

#define SVSM_BUS_CALL(proto, call)	((__u64)(proto) << 32 | (call))
#define SVSM_BUS_CORE			0
#define SVSM_BUS_CORE_QUERY_PROTOCOL	6
#define SVSM_BUS_VTPM			2
#define SVSM_BUS_VTPM_QUERY		0
#define SVSM_BUS_VTPM_COMMAND		1
#define SVSM_BUS_VTPM_SEND_COMMAND	8 /* platform command, and its bit in QUERY's answer */

#define SVSM_BUS_SUCCESS		0x00000000ull
#define SVSM_BUS_ERR_INCOMPLETE		0x80000000ull
#define SVSM_BUS_ERR_UNSUPPORTED_PROTOCOL 0x80000001ull
#define SVSM_BUS_ERR_UNSUPPORTED_CALL	0x80000002ull
#define SVSM_BUS_ERR_BUSY		0x80000007ull

#endif
