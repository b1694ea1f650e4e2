/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a direct boot measures into the TPM, as events of the launch page: docs/vtpm.md has the
 * table. Call them in this order; each appends to info->events.
 */
#include "harness/igvm/blob.h"
#include "harness/igvm/digests.h"

#define EVENTS_PCR_KERNEL  4  /* boot loader code */
#define EVENTS_PCR_STUB    9  /* Linux's EFI stub: load options, initrd */
#define EVENTS_PCR_CMDLINE 12 /* systemd-stub: load options */

void events_separators(struct launch_info *info); /* PCRs 0 to 7 */
/* False, and said why: the file begins like a PE image and is none. */
bool events_kernel(struct launch_info *info, const struct blob *kernel);
void events_cmdline(struct launch_info *info, const char *cmdline); /* an empty one: nothing */
void events_initrd(struct launch_info *info, const struct blob *initrd);

/* The command line as UTF-16LE with its NUL, *size bytes; the caller frees it. Each byte becomes
 * one character, as OVMF makes it of QEMU's command line: what differs stays different. */
uint8_t *events_utf16(const char *cmdline, size_t *size);
