/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The pages that the security processor writes at launch: SEV-SNP firmware ABI (56860), 8.17.2.5/6
 */
#include "machine/load/psp.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/time.h"
#include "machine/host/wait.h"
#include "machine/host_assert.h"
#include "machine/hv/psp/link.h"
#include "machine/hv/regs/cpuid.h"
#include "abi/machine.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "lib/tsc.h"

#define SECRETS_VERSION 3
#define RDRAND_MS       1000 /* the host's own generator may be busy */

/* ---- CPUID ---- */

#define STD_FIRST  0x00000000u
#define STD_LIMIT  0x0000001fu
#define HV_FIRST   0x40000000u
#define HV_LIMIT   0x4000001fu
#define EXT_FIRST  0x80000000u
#define EXT_LIMIT  0x80000026u
#define XSAVE_LEAF 0xdu
#define XCR0_RESET 1
#define SUBLEAVES  8

/* Leaves whose answer depends on ECX. */
static bool has_subleaves(uint32_t leaf)
{
	static const uint32_t list[] = {4,    7,          0xb,        0xd,       0xf,
					0x10, 0x8000001d, 0x80000020, 0x80000026};

	for (unsigned i = 0; i < ARRAY_LEN(list); i++)
		if (list[i] == leaf)
			return true;
	return false;
}

/* Topology leaves repeat the subleaf in ECX even where there is no such level: EBX tells. */
static bool is_empty(uint32_t leaf, const uint32_t r[4])
{
	if (leaf == 0xb || leaf == 0x80000026)
		return !r[1];
	return !(r[0] | r[1] | r[2] | r[3]);
}

/*
 * Empty leaves are left out: a guest reads a missing one as zero. The size in leaf 0xd depends on
 * XCR0, and QEMU gives the one at reset (target/i386/sev.c), for which guests look.
 */
static void add_leaf(struct snp_cpuid_page *p, uint32_t leaf, uint32_t sub)
{
	uint32_t r[4];

	hv_cpuid(machine_vcpus[0], leaf, sub, r);
	if (is_empty(leaf, r))
		return;
	if (p->count == SNP_CPUID_MAX)
		host_fault("more CPUID leaves than the CPUID page holds");
	p->fn[p->count++] = (struct snp_cpuid_fn){
		.eax_in = leaf,
		.ecx_in = sub,
		.xcr0_in = leaf == XSAVE_LEAF ? XCR0_RESET : 0,
		.eax = r[0],
		.ebx = r[1],
		.ecx = r[2],
		.edx = r[3],
	};
}

static void add_range(struct snp_cpuid_page *p, uint32_t first, uint32_t limit)
{
	uint32_t r[4];

	hv_cpuid(machine_vcpus[0], first, 0, r);
	for (uint32_t leaf = first; leaf <= MIN(r[0], limit); leaf++) {
		uint32_t subs = has_subleaves(leaf) ? SUBLEAVES : 1;

		for (uint32_t sub = 0; sub < subs; sub++)
			add_leaf(p, leaf, sub);
	}
}

void psp_cpuid_page(struct snp_cpuid_page *p)
{
	add_range(p, STD_FIRST, STD_LIMIT);
	for (uint32_t sub = 0; sub < 2; sub++)
		add_leaf(p, XSAVE_LEAF, sub); /* behind the highest leaf: hv/regs/cpuid.c */
	add_range(p, HV_FIRST, HV_LIMIT);
	add_leaf(p, MACHINE_SIGNATURE_LEAF, 0);
	add_leaf(p, MACHINE_FEATURES_LEAF, 0);
	add_range(p, EXT_FIRST, EXT_LIMIT);
	psp_link_cpuid(p);
}

/* ---- secrets ---- */

/* Without a security processor nobody else has the keys, but two launches must not have the same.
 */
static uint64_t random64(void)
{
	struct patience p = host_patience(RDRAND_MS);
	uint64_t v;
	bool ok;

	do {
		__asm__ volatile("rdrand %0" : "=r"(v), "=@ccc"(ok));
		if (ok)
			return v;
	} while (!host_patience_over(&p));
	host_fault("RDRAND gives nothing");
}

static void random_keys(struct snp_secrets *s)
{
	for (unsigned k = 0; k < ARRAY_LEN(s->vmpck); k++)
		for (unsigned i = 0; i < sizeof(s->vmpck[k]); i += sizeof(uint64_t)) {
			uint64_t v = random64();

			__builtin_memcpy(s->vmpck[k] + i, &v, sizeof(v));
		}
}

/* VMPCK0 to 3, by which each VMPL talks to the security processor. */
void psp_secrets_page(struct snp_secrets *s)
{
	uint32_t r[4];

	hv_cpuid(machine_vcpus[0], 1, 0, r);
	s->version = SECRETS_VERSION;
	s->fms = r[0];
	if (!psp_link_keys(s->vmpck))
		random_keys(s);
}

uint32_t psp_tsc(struct vmsa *v)
{
	uint32_t factor = 0;
	uint64_t freq;

	if (!(v->sev_features & SEV_FEAT_SECURE_TSC))
		return 0;
	if (!v->tsc_scale)
		v->tsc_scale = TSC_SCALE_ONE;
	tsc_rate_split(tsc_scaled(host_tsc_khz(), v->tsc_scale), &freq, &factor);
	psp_link_tsc(v->tsc_scale, v->tsc_offset, factor);
	return factor;
}
