/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * CPUID from the CPUID page, which the security processor has checked at launch. All of the kernel
 * and of ring 3 get CPUID from here, so that the hypervisor cannot hide or invent a feature later.
 * The APIC ID alone is asked of the hypervisor.
 */
#include "base/x86.h"
#include "cpu/percpu.h"
#include "mm/launch_area.h"
#include "log/log.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

/* Leaves whose answer depends on ECX: APM vol. 3, appendix E, and Intel's further ones. */
static bool indexed(uint32_t leaf)
{
	switch (leaf) {
	case 0x7:
	case 0xb:
	case 0xd:
	case 0xf:
	case 0x10:
	case 0x12:
	case 0x14:
	case 0x17:
	case 0x18:
	case 0x1d:
	case 0x1e:
	case 0x1f:
	case 0x8000001d:
	case 0x80000026:
		return true;
	default:
		return false;
	}
}

/* The page's entry for that leaf; NULL: the leaf is not there, and reads as zeros. */
static const struct snp_cpuid_fn *find(uint32_t leaf, uint32_t sub)
{
	uint32_t count = MIN(snp_cpuid_page.count, (uint32_t)SNP_CPUID_MAX);

	for (uint32_t i = 0; i < count; i++) {
		const struct snp_cpuid_fn *f = &snp_cpuid_page.fn[i];

		if (f->eax_in == leaf && (!indexed(leaf) || f->ecx_in == sub))
			return f;
	}
	return NULL;
}

/* By the GHCB. False: no answer, or an incomplete one. */
static bool ask_by_page(uint32_t leaf, uint32_t sub, uint64_t r[4])
{
	struct ghcb *g = ghcb_begin();
	bool ok = false;

	for (unsigned n = 0; g && !ok && n < GHCB_ATTEMPTS; n++) {
		GHCB_SET(g, rax, leaf);
		GHCB_SET(g, rcx, sub);
		ok = !ghcb_call(g, GHCB_EXIT_CPUID, 0, 0) && GHCB_GET(g, rax, &r[0]) &&
		     GHCB_GET(g, rbx, &r[1]) && GHCB_GET(g, rcx, &r[2]) && GHCB_GET(g, rdx, &r[3]);
	}
	if (g)
		ghcb_end(g);
	return ok;
}

/*
 * Asks the hypervisor, for what it alone knows: register `reg` of a leaf with an APIC ID, which is
 * the same for all subleaves. The MSR protocol knows subleaf 0 only.
 */
static bool ask(uint32_t leaf, uint32_t sub, unsigned reg, uint32_t *v)
{
	uint64_t r[4];

	if (!ask_by_page(leaf, sub, r))
		return percpu_this()->ghcb && ghcb_msr_cpuid(leaf, reg, v);
	*v = (uint32_t)r[reg];
	return true;
}

/* The CPUID page leaves the APIC ID fields to the hypervisor (SNP firmware ABI 8.17.2.6). They are
 * put in here; everything else of its answer is dropped. */
static void patch_apic_id(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	unsigned reg = leaf == 1 ? 1 : leaf == 0xb ? 3 : 0;
	uint32_t hv;

	if (leaf != 1 && leaf != 0xb && leaf != 0x8000001e)
		return;
	if (!ask(leaf, sub, reg, &hv))
		return;
	out[reg] = leaf == 1 ? (out[reg] & 0x00ffffff) | (hv & 0xff000000) : hv;
}

/* Any CPU, in exception handlers too. Before ghcb_init() APIC IDs read as the page has them. */
void snp_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	const struct snp_cpuid_fn *f = find(leaf, sub);

	out[0] = out[1] = out[2] = out[3] = 0;
	if (!f)
		return;
	out[0] = f->eax;
	out[1] = f->ebx;
	out[2] = f->ecx;
	out[3] = f->edx;
	patch_apic_id(leaf, sub, out);
}

/* Logs why the page is refused; always false. */
static bool bad(const char *why)
{
	log_error("cpuid page: %s", why);
	return false;
}

/* A page that passes is used without further checks. The boot stub has compared the C-bit already;
 * here the reason gets into the log. */
bool snp_cpuid_page_ok(void)
{
	const struct snp_cpuid_fn *f;

	if (!snp_cpuid_page.count || snp_cpuid_page.count > SNP_CPUID_MAX)
		return bad("count is not 1 to 64");
	f = find(0x80000000, 0);
	if (!f || f->eax < 0x8000001f)
		return bad("no leaf 8000001F");
	f = find(0x8000001f, 0);
	if (!f || !(f->eax & BIT(1)) || !(f->eax & BIT(4)))
		return bad("no SEV and SEV-SNP in leaf 8000001F");
	if (platform_cbit != BIT(f->ebx & 0x3f))
		return bad("C-bit differs from the hypervisor's");
	if (!find(1, 0))
		return bad("no leaf 1");
	/* Every processor with SNP has them. A host that hides them wants ring 3 to be able to
	 * reach ring 0. */
	f = find(7, 0);
	if (!f || !(f->ebx & BIT(7)) || !(f->ebx & BIT(20)))
		return bad("no SMEP and SMAP in leaf 7");
	return true;
}
