/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Where a launch reads from: the IGVM file in fw_cfg, its head in monitor pages. */
#include "lib/igvm/igvm.h"
#include "machine/host/mem/fwcfg.h"

struct loader {
	struct fwcfg_file fw;
	struct igvm_file file;
	uint32_t mask; /* SEV-SNP's compatibility bit in this file */
	void *head;
	unsigned head_pages;
};

/* Find the file and read its head; it has the right form when this returns, else the run ends. */
void loader_open(struct loader *l);
void loader_close(struct loader *l);
/* Reads from the file into RAM; a failing device ends the run. */
void loader_read(const struct loader *l, uint32_t offset, hpa_t dst, uint32_t len);
/* Ends the run: "igvm: header at 0x...: ..." */
NORETURN void loader_refuse(const struct igvm_header *h, const char *fmt, ...) PRINTF(2, 3);
