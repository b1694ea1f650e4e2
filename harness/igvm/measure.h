/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The SEV-SNP launch digest that the security processor computes while a host loads an IGVM file:
 * SEV-SNP firmware ABI (56860), 8.17.2 (PAGE_INFO, table "Layout of the PAGE_INFO structure").
 */
#include "lib/igvm/igvm.h"

#define MEASURE_BYTES 48 /* SHA-384 */

/* PAGE_TYPE of SNP_LAUNCH_UPDATE */
enum measure_page_type {
	MEASURE_NORMAL = 1,
	MEASURE_VMSA = 2,
	MEASURE_ZERO = 3,
	MEASURE_UNMEASURED = 4,
	MEASURE_SECRETS = 5,
	MEASURE_CPUID = 6,
};

/* Extends the digest by one page. data: 4 KiB, for NORMAL and VMSA; else ignored. */
void measure_page(uint8_t digest[MEASURE_BYTES], enum measure_page_type type, uint64_t gpa,
		  const void *data);

struct measure {
	uint8_t digest[MEASURE_BYTES];
	uint64_t pages[MEASURE_CPUID + 1]; /* by page type */
	uint64_t policy;
	uint64_t sev_features; /* of the file's VMSA, and of every vCPU of the launch */
	bool vmsa_as_kvm;      /* one VMSA, last, at KVM's address, with the CR0 KVM accepts */
	bool id_block_differs; /* the file has an ID block that names another digest */
};

/*
 * f was opened on the whole file (f->base readable to f->size). Pages without data count as normal
 * pages of zeroes, as the format says, or with native_zero as type ZERO, as QEMU 10.1 loads them.
 * IGVM_ERR_NO_PLATFORM when the file is not for SEV-SNP.
 */
enum igvm_error measure_snp(const struct igvm_file *f, bool native_zero, struct measure *out);

/*
 * Goes on to the VMSAs of vCPUs 2 to `vcpus`, for a KVM that measures one for each vCPU that QEMU
 * has made when the launch is finished, the file's being the first's. The others are as a reset
 * leaves them: cpu_signature is their EAX of CPUID 1, which QEMU's reset puts into RDX.
 */
void measure_more_vcpus(struct measure *m, unsigned vcpus, uint32_t cpu_signature);
