/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* SEV-SNP: the contracts between the files of platform/snp. Those of operations are in
 * platform/platform.h. */
#include "platform/platform.h"

struct frame;

/* rmp_insn.c. va is a virtual address that is mapped private; size: RMP_PG_4K or RMP_PG_2M. */
void snp_rmp_init(void); /* what the processor asks for; before the first snp_pvalidate() */
/* A page that has become valid has none of the hypervisor's cache lines any more. */
enum platform_result snp_pvalidate(const void *va, int size, bool valid);
enum platform_result snp_rmpadjust(const void *va, int size, uint64_t attr);
enum platform_result snp_page_accept(gpa_t g, enum platform_size size);
enum platform_result snp_page_release(gpa_t g, enum platform_size size);
enum platform_result snp_guest_rights(gpa_t g, enum platform_size size, unsigned vmpl,
				      uint8_t rights);
/* Set the rights of one 4K page, and make it a VMSA page with that. */
enum platform_result snp_make_vmsa(gpa_t g, unsigned vmpl, uint8_t rights);
enum platform_result snp_guest_flush(void);

/* launch.c */
bool snp_present(void);
void snp_early(uint32_t versions);
enum platform_result snp_own_accept(const void *va, enum platform_size size);
void snp_launch_check(void);

/* psc.c */
enum platform_result snp_page_convert(gpa_t g, uint64_t len, bool shared);

/* cpuid_page.c */
bool snp_cpuid_page_ok(void); /* false: it is unusable, and the log says why */
void snp_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4]);

/* msr.c. False: the hypervisor refused; *v is then undefined. */
bool snp_msr_read(uint32_t msr, uint64_t *v);
bool snp_msr_write(uint32_t msr, uint64_t v);
bool snp_nmi_done(void);

/* optional.c */
bool snp_offers(uint64_t feature); /* GHCB_HV_FEAT_*; false also when there is no answer */
/* Makes an allocated page shared and fills it with zeros. False: it is of no use any more. */
bool snp_page_share(void *page);

/* apic_ids.c */
unsigned snp_apic_ids(uint32_t *ids, unsigned max);

/* io.c */
bool snp_console_write(const char *s, size_t len);
bool snp_port_bytes(uint16_t port, void *bytes, size_t n, bool in);

/* vcpu.c */
uint64_t snp_sev_features(void); /* of this VMSA and of every other CPU's at VMPL0 */
const char *snp_cpu_start(struct cpu *c, void (*entry)(struct cpu *c));
extern const struct vcpu_ops snp_vcpu_ops;

/* inject.c */
extern const struct inject_ops snp_inject_ops;

/* psp/message.c */
enum platform_result snp_message(struct platform_message *m);

/* vc.c */
bool snp_vc(struct frame *f);
