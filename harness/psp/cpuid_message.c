/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * MSG_CPUID_REQ: the guest shows what its hypervisor has told it of the processor, and gets back
 * what is true. SEV-SNP firmware ABI (56860), 7.1. Functions that are neither standard nor extended
 * are the hypervisor's own, and come back as they are. Of the others the answer is that of the
 * launch's CPUID page, and zeroes where the processor does not have them.
 */
#include <string.h>

#include "harness/psp/payload.h"

#define STANDARD_LAST  0x0000ffffu
#define EXTENDED_FIRST 0x80000000u
#define EXTENDED_LAST  0x8000ffffu
#define XSAVE          0xdu
#define XSAVE_LEGACY   576u   /* bytes of the legacy area and the header */
#define XSAVE_ALIGN    BIT(1) /* ECX of a component: it begins at a multiple of 64 */

static const struct snp_cpuid_fn *find(const struct psp *p, uint32_t leaf, uint32_t sub)
{
	const struct psp_launch *l = &p->launch;

	for (uint32_t i = 0; i < l->cpuid_count; i++)
		if (l->cpuid[i].eax_in == leaf && l->cpuid[i].ecx_in == sub)
			return &l->cpuid[i];
	return NULL;
}

/* Bytes of an XSAVE area with these components, APM vol. 2, 11.5: each at its own place, or one
 * behind the other. */
static uint32_t xsave_size(const struct psp *p, uint64_t components, bool compact)
{
	uint32_t end = XSAVE_LEGACY;

	for (uint32_t i = 2; i < 63; i++) {
		const struct snp_cpuid_fn *f = components >> i & 1 ? find(p, XSAVE, i) : NULL;

		if (f && compact)
			end = (f->ecx & XSAVE_ALIGN ? ALIGN_UP(end, 64u) : end) + f->eax;
		else if (f)
			end = MAX(end, f->ebx + f->eax);
	}
	return end;
}

static void correct(const struct psp *p, struct snp_cpuid_fn *f)
{
	const struct snp_cpuid_fn *is = find(p, f->eax_in, f->ecx_in);

	if (f->eax_in > STANDARD_LAST && (f->eax_in < EXTENDED_FIRST || f->eax_in > EXTENDED_LAST))
		return;
	f->eax = is ? is->eax : 0;
	f->ebx = is ? is->ebx : 0;
	f->ecx = is ? is->ecx : 0;
	f->edx = is ? is->edx : 0;
	if (is && f->eax_in == XSAVE && f->ecx_in == 0)
		f->ebx = xsave_size(p, f->xcr0_in, false);
	if (is && f->eax_in == XSAVE && f->ecx_in == 1)
		f->ebx = xsave_size(p, f->xcr0_in | f->xss_in, true);
}

/* The request has its count where the response has its status. */
static bool well_formed(const struct cpuid_message *m, const struct snp_cpuid_fn *f, size_t n)
{
	uint32_t count = m->status;

	if (n < sizeof(*m) || count > SNP_CPUID_MAX || m->count || m->rsvd_08 ||
	    n != sizeof(*m) + count * sizeof(*f))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (f[i].rsvd)
			return false;
	return true;
}

size_t psp_cpuid(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	struct cpuid_message m = {0};
	struct snp_cpuid_fn f[SNP_CPUID_MAX] = {0};

	(void)vmpck;
	memcpy(&m, in, MIN(n, sizeof(m)));
	if (n > sizeof(m))
		memcpy(f, in + sizeof(m), MIN(n - sizeof(m), sizeof(f)));
	if (!well_formed(&m, f, n)) {
		m = (struct cpuid_message){.status = SNP_STATUS_INVALID_PARAM};
		memcpy(out, &m, sizeof(m));
		return sizeof(m);
	}
	m.count = m.status;
	m.status = SNP_STATUS_SUCCESS;
	for (uint32_t i = 0; i < m.count; i++)
		correct(p, &f[i]);
	memcpy(out, &m, sizeof(m));
	memcpy(out + sizeof(m), f, m.count * sizeof(f[0]));
	return n;
}
