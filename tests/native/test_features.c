/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Each bit of SEV_STATUS: APM vol. 2, 15.34.10 names them; what an SNP guest that is not made for a
 * feature does with its bit is Linux 6.12's SNP_FEATURES_IMPL_REQ for those that it knows
 * (arch/x86/boot/compressed/sev.c), and "refuse" for all others.
 *
 * sources: svsm/platform/snp/features.c
 */
#include <string.h>
#include "abi/launch.h"
#include "abi/vmsa.h"
#include "platform/snp/features.h"
#include "tests/native/check.h"

#define BASE (SEV_STATUS_SEV | SEV_STATUS_ES | SEV_STATUS_SNP)

static const char *judge(uint64_t status)
{
	unsigned bit;

	return features_refused(status, &bit);
}

TEST(the_three_of_snp_are_needed_and_enough)
{
	CHECK(!judge(BASE));
	for (unsigned i = 0; i < 3; i++) {
		unsigned bit = 64;

		CHECK(features_refused(BASE & ~BIT(i), &bit));
		CHECK_EQ(bit, i);
	}
	CHECK(judge(0));
}

/* 5: restricted injection; 7: debug swap; 8, 9, 17, 23: the processor's own business; 11:
 * SecureTSC. */
TEST(each_bit_alone)
{
	const uint64_t allowed = BIT(5) | BIT(7) | BIT(8) | BIT(9) | BIT(11) | BIT(17) | BIT(23);

	for (unsigned i = 3; i < 64; i++) {
		unsigned bit = 64;
		const char *name = features_refused(BASE | BIT(i), &bit);

		CHECK_EQ(!name, allowed >> i & 1);
		if (name)
			CHECK_EQ(bit, i);
	}
	CHECK(!judge(BASE | allowed));
}

TEST(the_name_of_the_bit)
{
	static const struct {
		unsigned bit;
		const char *name;
	} named[] = {{3, "vTOM"},
		     {4, "ReflectVC"},
		     {6, "AlternateInjection"},
		     {10, "VmplSSS"},
		     {12, "VmgexitParameter"},
		     {13, "PmcVirtualization"},
		     {14, "IbsVirtualization"},
		     {15, "reserved"},
		     {16, "VmsaRegProt"},
		     {18, "SecureAVIC"},
		     {19, "reserved"},
		     {22, "reserved"},
		     {24, "reserved"},
		     {63, "reserved"}};

	for (unsigned i = 0; i < ARRAY_LEN(named); i++) {
		const char *name = judge(BASE | BIT(named[i].bit));

		CHECK(name && !strcmp(name, named[i].name));
	}
}

/* The lowest one is named; an allowed one beside it changes nothing. */
TEST(several_bits)
{
	unsigned bit = 64;

	CHECK(features_refused(BASE | BIT(5) | BIT(16) | BIT(40), &bit));
	CHECK_EQ(bit, 16);
}

/* A stock kernel refuses restricted injection and, up to 6.13, SecureTSC (Linux 6.12,
 * SNP_FEATURES_IMPL_REQ without SNP_FEATURES_PRESENT). */
TEST(the_guest_s_own)
{
	CHECK_EQ(features_of_guest(SEV_FEAT_SNP_ACTIVE, 0), SEV_FEAT_SNP_ACTIVE);
	CHECK_EQ(features_of_guest(SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ, 0),
		 SEV_FEAT_SNP_ACTIVE);
	CHECK_EQ(features_of_guest(0x21 | SEV_FEAT_RESTRICTED_INJ, 0), 0x21);
	CHECK_EQ(features_of_guest(0x21 | SEV_FEAT_SECURE_TSC,
				   (uint32_t) ~(LAUNCH_FLAG_SECURE_TSC | LAUNCH_FLAG_ALT_INJ)),
		 0x21);
	CHECK_EQ(features_of_guest(0x29 | SEV_FEAT_SECURE_TSC, LAUNCH_FLAG_SECURE_TSC),
		 0x21 | SEV_FEAT_SECURE_TSC);
	CHECK_EQ(features_of_guest(0x29, LAUNCH_FLAG_SECURE_TSC), 0x21);
	/* Facts of the launch: 58019 wants the same of every vCPU, and VMPL0 has it never. */
	CHECK_EQ(features_of_guest(SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ,
				   LAUNCH_FLAG_ALT_INJ),
		 SEV_FEAT_SNP_ACTIVE | SEV_FEAT_ALTERNATE_INJ);
}

/* VMSAs with SecureTSC need GUEST_TSC_SCALE, APM vol. 2, table B-4. */
TEST(a_secure_counter_needs_a_scale)
{
	static struct launch_info l;

	CHECK(features_tsc_known(SEV_FEAT_SNP_ACTIVE, &l));
	CHECK(!features_tsc_known(SEV_FEAT_SNP_ACTIVE | SEV_FEAT_SECURE_TSC, &l));
	l.tsc_offset = 5;
	CHECK(!features_tsc_known(SEV_FEAT_SNP_ACTIVE | SEV_FEAT_SECURE_TSC, &l));
	l.tsc_scale = 1;
	CHECK(features_tsc_known(SEV_FEAT_SNP_ACTIVE | SEV_FEAT_SECURE_TSC, &l));
}
