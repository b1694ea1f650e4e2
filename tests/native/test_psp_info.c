/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Payloads of CPUID and TSC_INFO messages, by the specification's offsets: SEV-SNP firmware ABI
 * (56860), chapter 7.
 *
 * sources: harness/psp/cpuid_message.c harness/psp/tsc_info.c
 */
#include "tests/native/check.h"
#include "harness/psp/payload.h"

#include <string.h>

static struct psp psp;
static uint8_t out[GUEST_MESSAGE_PAYLOAD_MAX];
static size_t size;

static void put_le(uint8_t *p, uint64_t v, unsigned n)
{
	memcpy(p, &v, n);
}

static uint64_t get_le(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

static bool is_zero(const uint8_t *p, unsigned from, unsigned to)
{
	while (from < to && !p[from])
		from++;
	return from == to;
}

/* The status is the first word of each answer. */
static void ask(psp_payload *serve, const uint8_t *in, size_t n, uint32_t status)
{
	memset(out, 0, sizeof(out));
	size = serve(&psp, 2, in, n, out);
	CHECK_EQ(get_le(out, 4), status);
	CHECK_EQ(size % 16, 0);
}

static void launch_functions(void)
{
	static const struct snp_cpuid_fn has[] = {
		{.eax_in = 1, .eax = 0xa10f11, .ecx = 0x80000001, .edx = 3},
		{.eax_in = 0xd, .eax = 7, .ebx = 576, .ecx = 832},
		{.eax_in = 0xd, .ecx_in = 1, .eax = 0xf, .ebx = 576},
		{.eax_in = 0xd, .ecx_in = 2, .eax = 256, .ebx = 576},
		{.eax_in = 0xd, .ecx_in = 9, .eax = 8, .ebx = 2688, .ecx = 2},
	};

	memcpy(psp.launch.cpuid, has, sizeof(has));
	psp.launch.cpuid_count = ARRAY_LEN(has);
}

static void put_function(uint8_t *p, uint32_t leaf, uint32_t sub, uint64_t xcr0, uint32_t value)
{
	put_le(p, leaf, 4);
	put_le(p + 4, sub, 4);
	put_le(p + 8, xcr0, 8);
	for (unsigned i = 0; i < 4; i++)
		put_le(p + 0x18 + 4 * i, value, 4);
}

static void check_function(unsigned i, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	const uint8_t *p = out + 0x10 + 0x30 * i;

	check_context("function %u", i);
	CHECK_EQ(get_le(p + 0x18, 4), a);
	CHECK_EQ(get_le(p + 0x1c, 4), b);
	CHECK_EQ(get_le(p + 0x20, 4), c);
	CHECK_EQ(get_le(p + 0x24, 4), d);
}

/* What the hypervisor has told is not what counts, but for functions of its own. */
TEST(cpuid_is_corrected)
{
	uint8_t p[0x10 + 7 * 0x30] = {7};

	psp = (struct psp){0};
	launch_functions();
	put_function(p + 0x10, 1, 0, 0, ~0u);
	put_function(p + 0x40, 0x40000001, 0, 0, 0x77);
	put_function(p + 0x70, 0x80000099, 0, 0, 0x77);
	put_function(p + 0xa0, 0xd, 0, 3, 0);
	put_function(p + 0xd0, 0xd, 0, 0x207, 0);
	put_function(p + 0x100, 0xd, 1, 7, 0);
	put_function(p + 0x130, 0xd, 1, 0x207, 0);
	ask(psp_cpuid, p, sizeof(p), 0);
	CHECK_EQ(size, sizeof(p));
	CHECK_EQ(get_le(out + 0x4, 4), 7);
	check_function(0, 0xa10f11, 0, 0x80000001, 3);
	check_function(1, 0x77, 0x77, 0x77, 0x77);
	check_function(2, 0, 0, 0, 0);
	check_function(3, 7, 576, 832, 0);
	check_function(4, 7, 2696, 832, 0);
	check_function(5, 0xf, 832, 0, 0);
	check_function(6, 0xf, 840, 0, 0);
	CHECK_EQ(get_le(out + 0x10 + 0x30 * 4 + 8, 8), 0x207); /* what was asked comes back */
}

TEST(cpuid_of_no_form)
{
	uint8_t p[0x10 + 65 * 0x30] = {1};

	psp = (struct psp){0};
	ask(psp_cpuid, p, 0x10, 0x16); /* a function is missing */
	ask(psp_cpuid, p, 0x70, 0x16); /* one too many */
	p[4] = 1;
	ask(psp_cpuid, p, 0x40, 0x16);
	p[4] = 0;
	p[0x10 + 0x28] = 1;
	ask(psp_cpuid, p, 0x40, 0x16);
	p[0x10 + 0x28] = 0;
	p[0] = 65;
	ask(psp_cpuid, p, sizeof(p), 0x16);
	p[0] = 64;
	ask(psp_cpuid, p, sizeof(p) - 0x30, 0);
	p[0] = 0;
	ask(psp_cpuid, p, 0x10, 0);
}

TEST(tsc_info_is_the_launchs)
{
	uint8_t p[0x90] = {0};

	psp = (struct psp){0};
	psp.launch.tsc_scale = 0x180000000;
	psp.launch.tsc_offset = 5ull << 50;
	psp.launch.tsc_factor = 200;
	ask(psp_tsc_info, p, 0x80, 0);
	CHECK_EQ(size, 0x80);
	CHECK_EQ(get_le(out + 0x8, 8), 0x180000000);
	CHECK_EQ(get_le(out + 0x10, 8), 5ull << 50);
	CHECK_EQ(get_le(out + 0x18, 4), 200);
	CHECK(is_zero(out, 0x1c, 0x80));
	p[0x7f] = 1;
	ask(psp_tsc_info, p, 0x80, 0x16);
	CHECK(is_zero(out, 4, 0x80));
	p[0x7f] = 0;
	ask(psp_tsc_info, p, 0x90, 0x16);
}
