/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The vTPM as a service: its program, which the link embeds, and the memory it may have. The vTPM
 * protocol and the test protocol send it requests through user/service.
 */
#include "user/service/service.h"

extern const uint8_t service_vtpm_start[], service_vtpm_end[];

/* 4 MiB. Data, stack and tables take 233 pages, a TPM at rest 500, one whose NV, sessions and
 * object slots are full 560, with a snapshot of that 100 more. */
#define PAGE_LIMIT 1024

struct service vtpm_service = {
	.name = "vtpm",
	.elf = service_vtpm_start,
	.elf_end = service_vtpm_end,
	.page_limit = PAGE_LIMIT,
};

/* protocols/attest/attest_ahead.c starts it, and ends it when it has made the keys. */
struct service vtpm_keys_service = {
	.name = "vtpm-keys",
	.elf = service_vtpm_start,
	.elf_end = service_vtpm_end,
	.page_limit = PAGE_LIMIT,
};
