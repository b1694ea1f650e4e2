/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The SVSM's instruction decoder for its own #VC, and APIC IDs from a host's MADT.
 *
 * sources: svsm/platform/snp/insn.c svsm/lib/madt.c
 */
#include "tests/native/check.h"
#include "platform/snp/insn.h"
#include "lib/madt.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	uint8_t bytes[6];
	uint8_t given;
	uint8_t op, len, width, imm;
} cases[] = {
	{{0x0f, 0xa2}, 2, INSN_CPUID, 2, 0, 0},
	{{0x0f, 0x32}, 2, INSN_RDMSR, 2, 0, 0},
	{{0x0f, 0x30}, 2, INSN_WRMSR, 2, 0, 0},
	{{0x0f, 0x31}, 2, INSN_RDTSC, 2, 0, 0},
	{{0x0f, 0x33}, 2, INSN_RDPMC, 2, 0, 0},
	{{0x0f, 0x01, 0xf9}, 3, INSN_RDTSCP, 3, 0, 0},
	{{0x0f, 0x09}, 2, INSN_WBINVD, 2, 0, 0},
	{{0x0f, 0x01, 0xd9}, 3, INSN_VMMCALL, 3, 0, 0},
	{{0xe4, 0x60}, 2, INSN_IN, 2, 1, 0x60},
	{{0xe5, 0x60}, 2, INSN_IN, 2, 4, 0x60},
	{{0x66, 0xe5, 0x60}, 3, INSN_IN, 3, 2, 0x60},
	{{0xe6, 0x80}, 2, INSN_OUT, 2, 1, 0x80},
	{{0xe7, 0x80}, 2, INSN_OUT, 2, 4, 0x80},
	{{0xec}, 1, INSN_IN, 1, 1, 0},
	{{0xed}, 1, INSN_IN, 1, 4, 0},
	{{0x66, 0xed}, 2, INSN_IN, 2, 2, 0},
	{{0xee}, 1, INSN_OUT, 1, 1, 0},
	{{0x66, 0xef}, 2, INSN_OUT, 2, 2, 0},
	{{0x48, 0x0f, 0xa2}, 3, INSN_CPUID, 3, 0, 0},
	/* refused */
	{{0}, 0, INSN_NONE, 0, 0, 0},
	{{0x0f}, 1, INSN_NONE, 0, 0, 0},
	{{0x66}, 1, INSN_NONE, 0, 0, 0},
	{{0xe4}, 1, INSN_NONE, 0, 0, 0},
	{{0x0f, 0x01}, 2, INSN_NONE, 0, 0, 0},
	{{0x0f, 0x01, 0xd8}, 3, INSN_NONE, 0, 0, 0},
	{{0x90}, 1, INSN_NONE, 0, 0, 0},
	{{0x6e}, 1, INSN_NONE, 0, 0, 0}, /* OUTSB: the SVSM has none */
	{{0xe8, 1, 2, 3, 4}, 5, INSN_NONE, 0, 0, 0},
};

TEST(instructions)
{
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t *b = malloc(cases[i].given ? cases[i].given : 1); /* ASan sees overreads */
		struct insn out;

		memcpy(b, cases[i].bytes, cases[i].given);
		check_context("case %u", i);
		CHECK_EQ(insn_decode(b, cases[i].given, &out), cases[i].op != INSN_NONE);
		CHECK_EQ(out.op, cases[i].op);
		CHECK_EQ(out.len, cases[i].len);
		CHECK_EQ(out.width, cases[i].width);
		CHECK_EQ(out.imm, cases[i].imm);
		free(b);
	}
}

TEST(any_bytes_stay_in_bounds)
{
	uint32_t seed = 3;

	for (unsigned i = 0; i < 20000; i++) {
		unsigned n = check_random(&seed) % 16;
		uint8_t *b = malloc(n ? n : 1);
		struct insn out;

		for (unsigned k = 0; k < n; k++)
			b[k] = check_random(&seed);
		if (insn_decode(b, n, &out))
			CHECK(out.len && out.len <= n);
		free(b);
	}
}

static uint8_t madt[256];

static void madt_start(void)
{
	memset(madt, 0, sizeof(madt));
	memcpy(madt, "APIC", 4);
	madt[4] = 44;
}

static void madt_add(const void *e, uint8_t len)
{
	memcpy(madt + madt[4], e, len);
	madt[4] += len;
}

TEST(madt_ids)
{
	const uint8_t a[] = {0, 8, 0, 1, 1, 0, 0, 0}, b[] = {0, 8, 1, 2, 0, 0, 0, 0},
		      x[] = {9, 16, 0, 0, 0x34, 0x12, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0},
		      other[] = {1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	uint32_t ids[4];

	madt_start();
	madt_add(a, sizeof(a));
	madt_add(other, sizeof(other));
	madt_add(b, sizeof(b)); /* not enabled */
	madt_add(x, sizeof(x));
	madt_add(a, sizeof(a)); /* again */
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 2);
	CHECK_EQ(ids[0], 1);
	CHECK_EQ(ids[1], 0x1234);
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 1), 1);
}

TEST(madt_malformed)
{
	const uint8_t none[] = {0, 0}, past[] = {0, 200, 0, 1};
	uint32_t ids[4];

	madt_start();
	madt_add(none, sizeof(none));
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 0);
	madt_start();
	madt_add(past, sizeof(past));
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 0);
	madt_start();
	madt[5] = 0xff; /* length beyond the area */
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 0);
	madt_start();
	madt[0] = 'B';
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 0);
	CHECK_EQ(madt_apic_ids(madt, 43, ids, 4), 0);
}
