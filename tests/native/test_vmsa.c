/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The reset state of a VMSA, byte by byte: values of APM vol. 2, table 14-1 (after INIT), where
 * table B-4 has them. test_measure.c judges the same by digests that hosts with KVM have.
 *
 * sources: svsm/lib/vmsa.c harness/igvm/build_vmsa.c
 */
#include "tests/native/check.h"
#include "harness/igvm/build.h"
#include "lib/vmsa.h"

#include <string.h>

struct field {
	const char *name;
	unsigned offset, size;
	uint64_t value;
};

#define SEGMENT(name, at, selector, attrib, limit, base)                                           \
	{name " selector", at, 2, selector}, {name " attributes", at + 2, 2, attrib},              \
		{name " limit", at + 4, 4, limit},                                                 \
	{                                                                                          \
		name " base", at + 8, 8, base                                                      \
	}

/* What is not zero. */
static const struct field reset[] = {
	SEGMENT("ES", 0x000, 0, 0x93, 0xffff, 0),
	SEGMENT("CS", 0x010, 0xf000, 0x9b, 0xffff, 0xffff0000),
	SEGMENT("SS", 0x020, 0, 0x93, 0xffff, 0),
	SEGMENT("DS", 0x030, 0, 0x93, 0xffff, 0),
	SEGMENT("FS", 0x040, 0, 0x93, 0xffff, 0),
	SEGMENT("GS", 0x050, 0, 0x93, 0xffff, 0),
	SEGMENT("GDTR", 0x060, 0, 0, 0xffff, 0),
	SEGMENT("LDTR", 0x070, 0, 0x82, 0xffff, 0),
	SEGMENT("IDTR", 0x080, 0, 0, 0xffff, 0),
	SEGMENT("TR", 0x090, 0, 0x8b, 0xffff, 0),
	{"EFER: SVME, as VMRUN wants it", 0x0d0, 8, 0x1000},
	{"CR0", 0x158, 8, 0x60000010},
	{"DR7", 0x160, 8, 0x400},
	{"DR6", 0x168, 8, 0xffff0ff0},
	{"RFLAGS", 0x170, 8, 2},
	{"RIP", 0x178, 8, 0xfff0},
	{"PAT", 0x268, 8, 0x0007040600070406},
	{"XCR0", 0x3e8, 8, 1},
	{"MXCSR", 0x408, 4, 0x1f80},
	{"x87 control word: FNINIT's, as with KVM", 0x410, 2, 0x37f},
};

/* The boot vCPU: 32-bit protected mode, flat, and the rest as KVM resets it. */
static const struct field boot[] = {
	SEGMENT("ES", 0x000, 0x10, 0xc93, 0xffffffff, 0),
	SEGMENT("CS", 0x010, 0x08, 0xc9b, 0xffffffff, 0),
	SEGMENT("SS", 0x020, 0x10, 0xc93, 0xffffffff, 0),
	SEGMENT("DS", 0x030, 0x10, 0xc93, 0xffffffff, 0),
	SEGMENT("FS", 0x040, 0x10, 0xc93, 0xffffffff, 0),
	SEGMENT("GS", 0x050, 0x10, 0xc93, 0xffffffff, 0),
	SEGMENT("GDTR", 0x060, 0, 0, 0xffff, 0),
	SEGMENT("LDTR", 0x070, 0, 0x82, 0xffff, 0),
	SEGMENT("IDTR", 0x080, 0, 0, 0xffff, 0),
	SEGMENT("TR", 0x090, 0, 0x8b, 0xffff, 0),
	{"EFER", 0x0d0, 8, 0x1000},
	{"CR4: MCE, as KVM forces it", 0x148, 8, 0x40},
	{"CR0: PE, and what KVM forces", 0x158, 8, 0x31},
	{"DR7", 0x160, 8, 0x400},
	{"DR6", 0x168, 8, 0xffff0ff0},
	{"RFLAGS", 0x170, 8, 2},
	{"RIP", 0x178, 8, 0x2001000},
	{"PAT", 0x268, 8, 0x0007040600070406},
	{"SEV_FEATURES: SNP", 0x3b0, 8, 1},
	{"XCR0", 0x3e8, 8, 1},
	{"MXCSR", 0x408, 4, 0x1f80},
	{"x87 control word", 0x410, 2, 0x37f},
};

static void check_page(const struct vmsa *v, const struct field *f, unsigned n)
{
	uint8_t page[sizeof(*v)];
	unsigned left = 0;

	memcpy(page, v, sizeof(page));
	for (unsigned i = 0; i < n; i++) {
		uint64_t value = 0;

		memcpy(&value, page + f[i].offset, f[i].size);
		check_context("%s", f[i].name);
		CHECK_EQ(value, f[i].value);
		memset(page + f[i].offset, 0, f[i].size);
	}
	check_context("%s", "all others");
	for (unsigned i = 0; i < sizeof(page); i++)
		left += page[i] != 0;
	CHECK_EQ(left, 0);
}

TEST(reset_writes_the_whole_page)
{
	struct vmsa v;

	memset(&v, 0xff, sizeof(v));
	vmsa_reset(&v);
	check_page(&v, reset, ARRAY_LEN(reset));
}

TEST(boot_vcpu_is_what_kvm_measures)
{
	struct vmsa v;

	memset(&v, 0xff, sizeof(v));
	build_vmsa(&v, 0x2001000, SEV_FEAT_SNP_ACTIVE);
	check_page(&v, boot, ARRAY_LEN(boot));
}
