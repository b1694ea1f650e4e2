/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the parts of the loader share. One launch, one CPU: no locks. */
#include "abi/cpuid_page.h"
#include "abi/secrets.h"
#include "machine/host/mem/fwcfg.h"
#include "lib/igvm/igvm.h"

struct loader {
	struct fwcfg_file fw;
	struct igvm_file file;
	uint32_t mask; /* SEV-SNP's compatibility bit in this file */
};

/* Ends the run: "igvm: header at 0x...: ..." */
NORETURN void loader_refuse(const struct igvm_header *h, const char *fmt, ...) PRINTF(2, 3);
/* Reads from the file into RAM; a failing device ends the run. */
void loader_read(const struct loader *l, uint32_t offset, hpa_t dst, uint32_t len);
/* check.c: every rule that depends on this machine; comes back only if the launch will succeed. */
void loader_check(const struct loader *l);
/* place.c: page data, parameter areas and the VMSA, in the file's order. */
void loader_place(const struct loader *l);

/* area.c: parameter areas between their declaration and their insertion */
#define LOADER_AREA_PAGES 64 /* the largest area accepted */
struct loader_areas {
	unsigned count;
	struct loader_area {
		uint32_t index;
		uint32_t size;
		uint8_t *data; /* monitor pages */
	} area[IGVM_MAX_AREAS];
};
void area_declare(const struct loader *l, struct loader_areas *a, const struct igvm_header *h);
/* Writes the parameter; true when its type is one this loader offers. */
bool area_fill(struct loader_areas *a, const struct igvm_header *h);
/* The area's contents, by index; never NULL after loader_check. */
struct loader_area *area_find(struct loader_areas *a, uint32_t index);
void area_free(struct loader_areas *a);
/* Bytes that a parameter of this type takes here; 0 when this loader does not offer it. */
uint32_t area_parameter_size(uint32_t type);

/* madt.c: ACPI MADT with all vCPUs; returns its size, and writes it when p is not NULL. */
uint32_t madt_build(uint8_t *p);

/* psp.c: the pages that the security processor fills */
void psp_cpuid_page(struct snp_cpuid_page *p);
void psp_secrets_page(struct snp_secrets *s);
