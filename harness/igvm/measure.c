/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The SEV-SNP launch digest of an IGVM file, computed without any SNP hardware. Each page
 * extends a chain: the new digest is SHA-384 over PAGE_INFO, which holds the old digest, the
 * page's contents, its type and its address. So the order of the pages counts, and a verifier
 * that knows the file knows the digest that an attestation report must show.
 */
#include "harness/igvm/measure.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "lib/vmsa.h"

#include <openssl/sha.h>
#include <string.h>

/* PAGE_INFO as the security processor hashes it. */
struct page_info {
	uint8_t digest_cur[MEASURE_BYTES];
	uint8_t contents[MEASURE_BYTES];
	uint16_t length;
	uint8_t page_type;
	uint8_t imi_page;
	uint8_t reserved;
	uint8_t vmpl_perms[3]; /* VMPL1, 2, 3: an IGVM loader gives them none */
	uint64_t gpa;
} PACKED;
ABI_SIZE(struct page_info, 0x70, "SNP ABI: PAGE_INFO");

void measure_page(uint8_t digest[MEASURE_BYTES], enum measure_page_type type, uint64_t gpa,
		  const void *data)
{
	struct page_info info = {.length = sizeof(info), .page_type = (uint8_t)type, .gpa = gpa};

	memcpy(info.digest_cur, digest, MEASURE_BYTES);
	if (type == MEASURE_NORMAL || type == MEASURE_VMSA)
		SHA384(data, PAGE_SIZE, info.contents);
	SHA384((const uint8_t *)&info, sizeof(info), digest);
}

/*
 * The firmware does not measure what it knows itself: GUEST_TSC_SCALE and GUEST_TSC_OFFSET of a
 * VMSA are taken as zero, whatever the file has there.
 */
static void extend_vmsa(struct measure *m, uint64_t gpa, const struct vmsa *v)
{
	union {
		struct vmsa vmsa;
		uint8_t page[PAGE_SIZE];
	} measured;

	memcpy(measured.page, v, PAGE_SIZE);
	measured.vmsa.tsc_scale = 0;
	measured.vmsa.tsc_offset = 0;
	m->pages[MEASURE_VMSA]++;
	measure_page(m->digest, MEASURE_VMSA, gpa, measured.page);
}

/*
 * One more page. Whether the file suits KVM can change with each page: vmsa_as_kvm holds for a
 * VMSA that comes last.
 */
static void extend(struct measure *m, enum measure_page_type type, uint64_t gpa, const void *data)
{
	m->pages[type]++;
	m->vmsa_as_kvm = false; /* until a VMSA follows */
	measure_page(m->digest, type, gpa, data);
}

/* The type that SNP_LAUNCH_UPDATE gets for a page of the file. */
static enum measure_page_type page_type(const struct igvm_page_data *p, bool native_zero)
{
	if (p->type == IGVM_PAGE_SECRETS)
		return MEASURE_SECRETS;
	if (p->type != IGVM_PAGE_NORMAL)
		return MEASURE_CPUID;
	if (p->flags & IGVM_PAGE_UNMEASURED)
		return MEASURE_UNMEASURED;
	return !p->file_offset && native_zero ? MEASURE_ZERO : MEASURE_NORMAL;
}

/* A page of the file may be 2 MiB; the firmware measures it as 512 pages. */
static void add_page(const struct igvm_file *f, bool native_zero, struct measure *m,
		     const struct igvm_page_data *p)
{
	static const uint8_t zeroes[PAGE_SIZE];
	enum measure_page_type type = page_type(p, native_zero);

	if (p->flags & IGVM_PAGE_SHARED)
		return; /* the host's, and no part of the launch */
	for (uint64_t at = 0; at < igvm_page_size(p); at += PAGE_SIZE)
		extend(m, type, p->gpa + at,
		       p->file_offset ? f->base + p->file_offset + at : zeroes);
}

/*
 * Parameters are the host's own data: their pages are part of the digest by address and type,
 * not by contents.
 */
static void add_insert(const struct igvm_iter *it, struct measure *m,
		       const struct igvm_parameter_insert *p)
{
	for (uint32_t i = 0; i < it->area_count; i++)
		if (it->areas[i].index == p->index)
			for (uint64_t at = 0; at < it->areas[i].size; at += PAGE_SIZE)
				extend(m, MEASURE_UNMEASURED, p->gpa + at, NULL);
}

/*
 * KVM measures the boot vCPU itself when the launch is finished, with a CR0 of its own making:
 * another CR0 in the file would give another digest there.
 */
static void add_vmsa(const struct igvm_file *f, struct measure *m, const struct igvm_vp_context *c)
{
	const struct vmsa *v = (const void *)(f->base + c->file_offset);
	uint64_t base = CR0_ET | CR0_NE;

	if (!m->pages[MEASURE_VMSA])
		m->sev_features = v->sev_features;
	extend_vmsa(m, c->gpa, v);
	m->vmsa_as_kvm = m->pages[MEASURE_VMSA] == 1 && c->gpa == IGVM_SNP_VMSA_GPA &&
			 (v->cr0 & ~CR0_PE) == base;
}

/*
 * All headers of the SNP platform, in the file's order. *expected points into the file where it
 * has an ID block.
 */
static void add_header(const struct igvm_iter *it, bool native_zero, struct measure *m,
		       const struct igvm_header *h, const uint8_t **expected)
{
	const struct igvm_guest_policy *policy = h->body;
	const struct igvm_snp_id_block *id = h->body;

	switch (h->type) {
	case IGVM_GUEST_POLICY:
		m->policy = policy->policy;
		break;
	case IGVM_PAGE_DATA:
		add_page(it->file, native_zero, m, h->body);
		break;
	case IGVM_PARAMETER_INSERT:
		add_insert(it, m, h->body);
		break;
	case IGVM_VP_CONTEXT:
		add_vmsa(it->file, m, h->body);
		break;
	case IGVM_SNP_ID_BLOCK:
		*expected = id->launch_digest;
		break;
	default:
		break;
	}
}

enum igvm_error measure_snp(const struct igvm_file *f, bool native_zero, struct measure *out)
{
	uint32_t mask = igvm_platform_mask(f, IGVM_PLATFORM_SEV_SNP);
	const uint8_t *expected = NULL;
	struct igvm_iter it;
	struct igvm_header h;
	enum igvm_error e;

	*out = (struct measure){0};
	igvm_iter_init(&it, f);
	while ((e = igvm_next(&it, &h)) == IGVM_OK)
		if (h.mask & mask)
			add_header(&it, native_zero, out, &h, &expected);
	if (e != IGVM_END)
		return e;
	out->id_block_differs = expected && memcmp(expected, out->digest, MEASURE_BYTES);
	return mask ? IGVM_OK : IGVM_ERR_NO_PLATFORM;
}

/*
 * What KVM makes of a vCPU that QEMU has reset and no file has a state for: CR0 without CD and NW,
 * CR4.MCE (Linux: arch/x86/kvm/svm/svm.c, svm_set_cr0(), svm_set_cr4()). All have the VMSA's
 * address.
 */
void measure_more_vcpus(struct measure *m, unsigned vcpus, uint32_t cpu_signature)
{
	union {
		struct vmsa vmsa;
		uint8_t page[PAGE_SIZE];
	} v = {.page = {0}};

	vmsa_reset(&v.vmsa);
	v.vmsa.cr0 = CR0_ET;
	v.vmsa.cr4 = CR4_MCE;
	v.vmsa.rdx = cpu_signature;
	v.vmsa.sev_features = m->sev_features;
	for (unsigned i = 1; i < vcpus; i++)
		extend_vmsa(m, IGVM_SNP_VMSA_GPA, &v.vmsa);
}
