/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The attestation service: its program, which the link embeds, and the memory it may have. Only
 * attest_channel.c sends it requests.
 */
#include "protocols/attest/attest_service.h"

extern const uint8_t service_attest_start[], service_attest_end[];

/* 384 KiB. Text is mapped where it lies; the stack has 64 pages, data and tables the rest. */
#define PAGE_LIMIT 96

struct service attest_service = {
	.name = "attest",
	.elf = service_attest_start,
	.elf_end = service_attest_end,
	.page_limit = PAGE_LIMIT,
};
