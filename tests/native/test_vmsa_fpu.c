/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * x87, SSE and AVX between a VMSA and FXSAVE's image. How a VMSA holds them is undocumented; KVM
 * has it from hardware (Linux 6.12, arch/x86/kvm/svm/sev.c, sev_es_sync_vmsa(), and the selftest
 * sev_smoke_test, which finds in the guest's XSAVE what the host put into the VMSA): the tag word
 * is FXSAVE's, and the eight registers are eight low parts of 8 bytes, then eight high parts of 2.
 *
 * sources: launch/machine/snp/vmsa_fpu.c
 */
#include "tests/native/check.h"
#include "machine/cpu/vcpu.h"
#include "machine/snp/vmsa_fpu.h"

#include <string.h>

/* Offsets in the VMSA (APM vol. 2, table B-4) and in FXSAVE's image (11.4.4) */
#define VMSA_FTW  0x40c
#define VMSA_FSW  0x40e
#define VMSA_FCW  0x410
#define VMSA_X87  0x420
#define VMSA_XMM  0x470
#define VMSA_YMM  0x570
#define IMAGE_FTW 4
#define IMAGE_ST  32
#define IMAGE_XMM 160
#define IMAGE_YMM 576

static struct vmsa v;
static struct vmpl_ctx c;
static uint8_t *const page = (uint8_t *)&v;

/* pi, as FLDPI leaves it: TOP is 7, physical register 7 is in use, ST0 is it. */
static const uint8_t pi[10] = {0x35, 0xc2, 0x68, 0x21, 0xa2, 0xda, 0x0f, 0xc9, 0x00, 0x40};

static void vmsa_with_pi(void)
{
	memset(&v, 0, sizeof(v));
	memset(&c, 0xff, sizeof(c));
	page[VMSA_FCW] = 0x7f;
	page[VMSA_FCW + 1] = 0x03;
	page[VMSA_FSW + 1] = 7 << 3;
	page[VMSA_FTW] = 0x80;
	memcpy(page + VMSA_X87, pi, 8);
	memcpy(page + VMSA_X87 + 64, pi + 8, 2);
}

TEST(one_x87_register_as_kvm_puts_it)
{
	vmsa_with_pi();
	vmsa_fpu_from(&c, &v);
	CHECK_EQ(c.fx[0] | c.fx[1] << 8, 0x37f);
	CHECK_EQ(c.fx[2] | c.fx[3] << 8, 7 << 11);
	CHECK_EQ(c.fx[IMAGE_FTW], 0x80);
	CHECK_MEM(c.fx + IMAGE_ST, pi, sizeof(pi));
	for (unsigned i = sizeof(pi); i < 8 * 16; i++)
		CHECK_EQ(c.fx[IMAGE_ST + i], 0);
}

TEST(reset_has_no_register_in_use)
{
	vmsa_with_pi();
	page[VMSA_FTW] = 0;
	vmsa_fpu_from(&c, &v);
	CHECK_EQ(c.fx[IMAGE_FTW], 0);
}

/* Every byte of every register has its own place, and comes back from it. */
TEST(registers_there_and_back)
{
	static struct vmsa back;

	memset(&v, 0, sizeof(v));
	for (unsigned i = 0; i < 80; i++)
		page[VMSA_X87 + i] = (uint8_t)(1 + i);
	for (unsigned i = 0; i < 256; i++) {
		page[VMSA_XMM + i] = (uint8_t)(3 * i);
		page[VMSA_YMM + i] = (uint8_t)(5 * i);
	}
	page[VMSA_FTW] = 0xa5;
	v.xcr0 = 7;
	v.pkru = 0x55555554;
	v.g_pat = 0x0007040600070406;
	v.tsc_aux = 12;
	v.mxcsr = 0x1fa0;
	v.dr[2] = 0xffff800000001234;
	vmsa_fpu_from(&c, &v);
	for (unsigned n = 0; n < 8; n++) {
		check_context("register %u", n);
		CHECK_MEM(c.fx + IMAGE_ST + 16 * n, page + VMSA_X87 + 8 * n, 8);
		CHECK_MEM(c.fx + IMAGE_ST + 16 * n + 8, page + VMSA_X87 + 64 + 2 * n, 2);
	}
	CHECK_MEM(c.fx + IMAGE_XMM, page + VMSA_XMM, 256);
	CHECK_MEM(c.fx + IMAGE_YMM, page + VMSA_YMM, 256);
	memset(&back, 0, sizeof(back));
	vmsa_fpu_to(&c, &back);
	CHECK_MEM(&back, &v, sizeof(v));
}

/* XSAVE writes no YMM part then: what it holds is another VMPL's. */
TEST(ymm_only_with_avx_on)
{
	memset(&v, 0, sizeof(v));
	memset(&c, 0x77, sizeof(c));
	c.xcr0 = 3;
	vmsa_fpu_to(&c, &v);
	CHECK_EQ(page[VMSA_YMM], 0);
	CHECK_EQ(page[VMSA_YMM + 255], 0);
	CHECK_EQ(page[VMSA_XMM], 0x77);
}
