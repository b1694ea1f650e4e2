/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "kernel/service.h"

extern const uint8_t service_vtpm_start[], service_vtpm_end[];

/* 5 MiB: data, stack and an idle heap take 1.5 MiB, full NV, sessions and objects 1.5 MiB more, a
 * snapshot of all that 1 MiB (docs/vtpm.md). */
#define PAGE_LIMIT 1280

struct service vtpm_service = {
	.name = "vtpm",
	.elf = service_vtpm_start,
	.elf_end = service_vtpm_end,
	.page_limit = PAGE_LIMIT,
};
