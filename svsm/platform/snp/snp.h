/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* SEV-SNP, inner contracts of platform/snp/. */
#include "platform/platform.h"

struct frame;

/* insn.c. The address is virtual and must be mapped private. */
enum platform_result snp_pvalidate(const void *va, int size, bool valid);
enum platform_result snp_rmpadjust(const void *va, int size, uint64_t attr);
enum platform_result snp_validate(gpa_t g, enum platform_size size, bool valid);
enum platform_result snp_adjust(gpa_t g, enum platform_size size, unsigned vmpl, uint8_t perms,
				bool vmsa);
enum platform_result snp_flush(void);

/* psc.c */
enum platform_result snp_page_state(gpa_t g, uint64_t len, bool shared);

/* cpuid.c */
bool snp_cpuid_page_ok(void); /* count and sanity; reasons in the log */
void snp_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4]);

/* msr.c. False: the hypervisor refused; *v is then undefined. */
bool snp_msr_read(uint32_t msr, uint64_t *v);
bool snp_msr_write(uint32_t msr, uint64_t v);
void snp_nmi_done(void);

/* io.c */
bool snp_console_write(const char *s, size_t len);

/* run.c */
enum platform_result snp_vmsa_register(uint32_t apic_id, unsigned vmpl, gpa_t vmsa,
				       uint64_t sev_features);
enum platform_result snp_run_vmpl(unsigned vmpl);

/* vc.c */
bool snp_vc(struct frame *f);

extern const struct platform_ops snp_ops;
