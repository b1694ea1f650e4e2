/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The verifier of attestation reports: a good one is accepted, and each rule of AMD's SEV-SNP
 * firmware ABI (56860) and certificates (57230) refuses by its own name. The evidence is made by
 * verify_case.c.
 *
 * sources: harness/verify/verify.c harness/verify/verdict.c harness/verify/report_form.c
 * sources: harness/verify/chain_checked.c harness/verify/leaf_read.c harness/verify/leaf_fits.c
 * sources: harness/verify/policy_allowed.c harness/verify/tcb_wanted.c harness/verify/fields_wanted.c
 * sources: harness/verify/kept_wanted.c
 * sources: harness/verify/manifest_checked.c harness/verify/manifest.c harness/verify/tpm_public.c
 * sources: harness/verify/certificates.c harness/verify/amd_root.c harness/verbs/quote.c
 * sources: harness/verbs/signature.c launch/profiles/words.c tests/native/verify_case.c
 * libs: -lcrypto -ljansson
 */
#include "tests/native/check.h"
#include "tests/native/verify_case.h"

#include <stdlib.h>
#include <string.h>

/* A change of a good case, and the check that has to refuse it. */
struct change {
	const char *name, *refused_by;
	void (*before)(struct verify_case *c); /* it is signed */
	void (*after)(struct verify_case *c);
};

static void judge(const struct change *change)
{
	struct verify_case c;

	verify_case_begin(&c);
	if (change->before)
		change->before(&c);
	verify_case_sign(&c);
	if (change->after)
		change->after(&c);
	if (!CHECK_STR(verify_case_refused_by(&c), change->refused_by))
		printf("  of %s\n", change->name);
	verify_case_end(&c);
}

#define DEFINE(name, ...)                                                                          \
	static void name(struct verify_case *c)                                                    \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

DEFINE(nothing, (void)c)
DEFINE(version_2, c->report.version = 2; c->report.cpuid_family = c->report.cpuid_model = 0;
       c->report.platform_info = 5)
DEFINE(version_5, c->report.version = 5; c->report.platform_info = 0xa5;
       c->report.current_mit_vector = 3)
DEFINE(vlek, c->vlek = true; c->middle_name = "SEV-VLEK-Genoa"; c->leaf_name = "SEV-VLEK";
       c->report.key_info = 1 << 2)
DEFINE(masked, memset(c->report.chip_id, 0, 64))
DEFINE(octets, c->hwid_octets = true)
DEFINE(stepping, c->product = "Genoa-B1")
DEFINE(octets_of_another_size, c->hwid_octets = true; c->hwid_size = 63)
DEFINE(siena, c->report.cpuid_model = 0xa0)

/* On Turin TCB_VERSION begins with FMC, and a chip's ID has 8 bytes. verify_case.c gives the leaf
 * its parts by the places of Genoa. */
static void turin_without_fmc(struct verify_case *c)
{
	static const uint8_t leaf[8] = {2, 3, 0, 0, 0, 0, 4, 70},
			     tcb[8] = {1, 2, 3, 4, 0, 0, 0, 70};
	struct attestation_report *r = &c->report;

	c->root_name = "ARK-Turin", c->middle_name = "SEV-Turin", c->product = "Turin";
	c->hwid_size = 8;
	memset(c->hwid + 8, 0, 56);
	memset(r->chip_id + 8, 0, 56);
	memcpy(c->leaf_tcb, leaf, 8);
	memcpy(r->current_tcb, tcb, 8);
	memcpy(r->reported_tcb, tcb, 8);
	memcpy(r->committed_tcb, tcb, 8);
	memcpy(r->launch_tcb, tcb, 8);
	r->cpuid_family = 0x1a, r->cpuid_model = 2;
}

DEFINE(turin, turin_without_fmc(c); c->fmc = true)
DEFINE(turin_tcb, turin(c); c->wanted.tcb_parts = 5;
       memcpy(c->wanted.tcb, (unsigned[]){1, 2, 3, 4, 70}, 20))
DEFINE(turin_newer, turin_tcb(c); c->wanted.tcb[0] = 2)

TEST(good_reports)
{
	static const struct change good[] = {
		{"version 3", "", nothing, NULL},    {"version 2", "", version_2, NULL},
		{"version 5", "", version_5, NULL},  {"a VLEK", "", vlek, NULL},
		{"a masked chip", "", masked, NULL}, {"HWID as octets", "", octets, NULL},
		{"a stepping", "", stepping, NULL},  {"Siena", "", siena, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		judge(&good[i]);
}

TEST(turin_has_an_fmc)
{
	static const struct change changes[] = {
		{"Turin", "", turin, NULL},
		{"Turin without FMC", "extensions", turin_without_fmc, NULL},
		{"Turin's TCB", "", turin_tcb, NULL},
		{"a newer FMC", "TCB", turin_newer, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		judge(&changes[i]);
}

/* ---- the form ---- */

DEFINE(short_report, c->evidence.report.n--)
DEFINE(version_1, c->report.version = 1)
DEFINE(version_6, c->report.version = 6)
DEFINE(algorithm, c->report.signature_algo = 2)
DEFINE(rsvd_4c, c->report.rsvd_4c = 1)
DEFINE(family_in_2, version_2(c); c->report.cpuid_stepping = 1)
DEFINE(rsvd_18b, c->report.rsvd_18b[20] = 1)
DEFINE(current_3, c->report.current_version[3] = 1)
DEFINE(committed_3, c->report.committed_version[3] = 1)
DEFINE(mit_in_3, c->report.launch_mit_vector = 1)
DEFINE(rsvd_208, c->report.rsvd_208[0x97] = 1)
DEFINE(after_r, c->report.signature_r[48] = 1)
DEFINE(after_s, c->report.signature_s[71] = 1)
DEFINE(rsvd_330, c->report.rsvd_330[0x16f] = 1)
DEFINE(platform_bit_6, c->report.platform_info |= 0x40)
DEFINE(platform_bit_7, c->report.platform_info |= 0x80)
DEFINE(key_bit_5, c->report.key_info = 1 << 5)

TEST(form)
{
	static const struct change changes[] = {
		{"a byte less", "size", NULL, short_report},
		{"version 1", "version", version_1, NULL},
		{"version 6", "version", version_6, NULL},
		{"SIGNATURE_ALGO 2", "algorithm", algorithm, NULL},
		{"0x4c", "reserved", rsvd_4c, NULL},
		{"a stepping in version 2", "reserved", family_in_2, NULL},
		{"0x19f", "reserved", rsvd_18b, NULL},
		{"0x1eb", "reserved", current_3, NULL},
		{"0x1ef", "reserved", committed_3, NULL},
		{"a mitigation vector in version 3", "reserved", mit_in_3, NULL},
		{"0x29f", "reserved", rsvd_208, NULL},
		{"behind R", "reserved", NULL, after_r},
		{"behind S", "reserved", NULL, after_s},
		{"0x49f", "reserved", NULL, rsvd_330},
		{"PLATFORM_INFO bit 6", "reserved", platform_bit_6, NULL},
		{"PLATFORM_INFO bit 7 in version 3", "reserved", platform_bit_7, NULL},
		{"bit 5 at 0x48", "reserved", key_bit_5, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		judge(&changes[i]);
}

/* ---- the chain ---- */

static void no_root(struct verify_case *c)
{
	certificates_free(&c->evidence.root);
}

/* What was given to be trusted, the report's chain names by the same name and is not. */
static void other_root(struct verify_case *c)
{
	no_root(c);
	c->evidence.root = (struct certificates){.x = {verify_case_other_root()}, .n = 1};
}

/* The same, where the chain came without a root. */
static void other_root_alone(struct verify_case *c)
{
	other_root(c);
	X509_free(c->evidence.chain.x[--c->evidence.chain.n]);
}

static void root_is_the_middle(struct verify_case *c)
{
	no_root(c);
	X509_up_ref(c->evidence.chain.x[1]);
	c->evidence.root = (struct certificates){.x = {c->evidence.chain.x[1]}, .n = 1};
}

DEFINE(no_chain, certificates_free(&c->evidence.chain))
DEFINE(no_middle, X509_free(c->evidence.chain.x[1]);
       c->evidence.chain.x[1] = c->evidence.chain.x[2]; c->evidence.chain.n = 2)
DEFINE(named_venus, c->root_name = "ARK-Venus")
DEFINE(vlek_by_the_ask, vlek(c); c->middle_name = "SEV-Genoa")
DEFINE(vcek_for_a_vlek, c->report.key_info = 1 << 2)
DEFINE(leaf_named_otherwise, c->leaf_name = "SEV-VCEK2")
DEFINE(no_authority, c->not_ca = true)
DEFINE(no_usage, c->no_usage = true)
DEFINE(padding, c->wrong_padding = true)
DEFINE(foreign_leaf, c->foreign_leaf = true)
DEFINE(expired, c->valid_for = -60)
DEFINE(early, c->evidence.now -= 7200)
DEFINE(unsigned_report, c->report.key_info = 7 << 2 | 2)
DEFINE(key_2, c->report.key_info = 2 << 2)

TEST(chain)
{
	static const struct change changes[] = {
		{"no root", "root", NULL, no_root},
		{"another root", "root", NULL, other_root},
		{"another root, and none came along", "ASK", NULL, other_root_alone},
		{"the ASK as a root", "root", NULL, root_is_the_middle},
		{"a root of no product", "root", named_venus, NULL},
		{"no chain", "ASK", NULL, no_chain},
		{"no ASK", "ASK", NULL, no_middle},
		{"a VLEK under the ASK", "ASVK", vlek_by_the_ask, NULL},
		{"a VCEK where the report says VLEK", "ASVK", vcek_for_a_vlek, NULL},
		{"another name", "VCEK", leaf_named_otherwise, NULL},
		{"an ASK that is no authority", "ASK", no_authority, NULL},
		{"PKCS #1 1.5", "VCEK", padding, NULL},
		{"a VCEK by another key", "VCEK", foreign_leaf, NULL},
		{"an ASK that may not sign", "ASK", no_usage, NULL},
		{"a VCEK of yesterday", "VCEK", expired, NULL},
		{"a clock that is behind", "root", NULL, early},
		{"MASK_CHIP_KEY", "signature", unsigned_report, NULL},
		{"SIGNING_KEY 2", "signature", key_2, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		judge(&changes[i]);
}

DEFINE(other_product, c->product = "Milan")
DEFINE(product_goes_on, c->product = "Genoa2")
DEFINE(twice, c->twice = true)
DEFINE(with_csp, c->with_csp = true)
DEFINE(milan_report, c->report.cpuid_model = 1)
DEFINE(other_chip, c->hwid[63] ^= 1)
DEFINE(other_tcb, c->leaf_tcb[7]--)
DEFINE(spl_4, c->leaf_tcb[2] = 1)
DEFINE(flipped, c->report.host_data[31] ^= 0x80)
DEFINE(flipped_r, c->report.signature_r[0] ^= 1)
DEFINE(flipped_s, c->report.signature_s[47] ^= 1)
DEFINE(signature_zero, memset(c->report.signature_r, 0, 144))

TEST(leaf_and_signature)
{
	static const struct change changes[] = {
		{"another product", "extensions", other_product, NULL},
		{"a longer product", "extensions", product_goes_on, NULL},
		{"a version twice", "extensions", twice, NULL},
		{"HWID and CSP_ID", "extensions", with_csp, NULL},
		{"a HWID of 63 bytes", "extensions", octets_of_another_size, NULL},
		{"a Milan's report", "product", milan_report, NULL},
		{"another chip", "chip", other_chip, NULL},
		{"another TCB", "TCB of key", other_tcb, NULL},
		{"a bit of HOST_DATA", "signature", NULL, flipped},
		{"a bit of R", "signature", NULL, flipped_r},
		{"a bit of S", "signature", NULL, flipped_s},
		{"R and S of zero", "signature", NULL, signature_zero},
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		judge(&changes[i]);
	judge(&(struct change){"a reserved part, which no report has", "", spl_4, NULL});
}

/* ---- what is wanted ---- */

static uint8_t wanted_bytes[64];

static struct bytes bytes(size_t n, uint8_t fill)
{
	memset(wanted_bytes, fill, sizeof(wanted_bytes));
	return (struct bytes){wanted_bytes, n};
}

DEFINE(debug, c->report.policy |= 1 << 19)
DEFINE(debug_allowed, debug(c); c->wanted.allow_debug = true)
DEFINE(migration, c->report.policy |= 1 << 18)
DEFINE(migration_allowed, migration(c); c->wanted.allow_migration = true)
DEFINE(policy_26, c->report.policy |= 1 << 26)
DEFINE(policy_17, c->report.policy = 0x10000)
DEFINE(policy_other, c->wanted.has_policy = true; c->wanted.policy = 0x20000)
DEFINE(policy_same, c->wanted.has_policy = true; c->wanted.policy = 0x30000)
DEFINE(vmpl_0, c->wanted.has_vmpl = true)
DEFINE(vmpl_2, c->wanted.has_vmpl = true; c->wanted.vmpl = 2)
DEFINE(current_behind, c->report.committed_tcb[0]++)
DEFINE(tcb_same, c->wanted.tcb_parts = 4; memcpy(c->wanted.tcb, (unsigned[]){9, 1, 23, 0x80}, 16))
DEFINE(tcb_more, tcb_same(c); c->wanted.tcb[1]++)
DEFINE(tcb_launch, tcb_same(c); c->report.launch_tcb[6]--)
DEFINE(tcb_of_turin, tcb_same(c); c->wanted.tcb_parts = 5)
DEFINE(svn_less, c->wanted.has_svn = true; c->wanted.svn = 1)
DEFINE(measurement, c->wanted.measurement = bytes(48, 0xaa))
DEFINE(measurement_other, measurement(c); wanted_bytes[47] ^= 1)
DEFINE(data, c->wanted.report_data = bytes(64, 0xdd))
DEFINE(data_other, data(c); wanted_bytes[0] ^= 1)
DEFINE(host_data, c->wanted.host_data = bytes(32, 1))
DEFINE(report_id, c->wanted.report_id = bytes(32, 1))
DEFINE(family, c->wanted.family_id = bytes(16, 1))
DEFINE(image, c->wanted.image_id = bytes(16, 1))
DEFINE(id_key, c->wanted.id_key_digest = bytes(48, 1))
DEFINE(author_key, c->wanted.author_key_digest = bytes(48, 1))
DEFINE(chip, c->wanted.chip_id = bytes(64, 1))
DEFINE(chip_of_a_vlek, vlek(c); chip(c))

TEST(what_is_wanted)
{
	static const struct change changes[] = {
		{"DEBUG", "policy", debug, NULL},
		{"DEBUG that is allowed", "", debug_allowed, NULL},
		{"MIGRATE_MA", "policy", migration, NULL},
		{"MIGRATE_MA that is allowed", "", migration_allowed, NULL},
		{"policy bit 26", "policy", policy_26, NULL},
		{"policy without bit 17", "policy", policy_17, NULL},
		{"another policy", "policy", policy_other, NULL},
		{"the policy", "", policy_same, NULL},
		{"VMPL 0", "VMPL", vmpl_0, NULL},
		{"VMPL 2", "", vmpl_2, NULL},
		{"CURRENT_TCB below COMMITTED_TCB", "TCB", current_behind, NULL},
		{"that TCB", "", tcb_same, NULL},
		{"a newer TCB", "TCB", tcb_more, NULL},
		{"an old LAUNCH_TCB", "TCB", tcb_launch, NULL},
		{"a TCB of Turin", "TCB", tcb_of_turin, NULL},
		{"GUEST_SVN 1", "SVN", svn_less, NULL},
		{"the measurement", "", measurement, NULL},
		{"another measurement", "measurement", measurement_other, NULL},
		{"the data", "", data, NULL},
		{"other data", "report data", data_other, NULL},
		{"HOST_DATA", "host data", host_data, NULL},
		{"REPORT_ID", "report ID", report_id, NULL},
		{"FAMILY_ID", "family ID", family, NULL},
		{"IMAGE_ID", "image ID", image, NULL},
		{"ID_KEY_DIGEST", "ID key", id_key, NULL},
		{"AUTHOR_KEY_DIGEST", "author key", author_key, NULL},
		{"the chip", "chip ID", chip, NULL},
		{"a VLEK's chip", "chip ID", chip_of_a_vlek, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		judge(&changes[i]);
}

/* A root of our own is told as one, whatever its name. */
TEST(a_test_root_is_told)
{
	struct verify_case c;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	verify_case_begin(&c);
	verify_case_sign(&c);
	CHECK_STR(verify_case_refused_by(&c), "");
	CHECK(c.verdict.test_root);
	verdict_print(&c.verdict, f);
	fclose(f);
	CHECK(strstr(text, "TEST ROOT"));
	CHECK(strstr(text, "accepted, by a TEST ROOT"));
	free(text);
	verify_case_end(&c);
}

/* All of the report is signed, or has to be zero: a bit here and there of what is signed, and of
 * each byte behind. */
TEST(no_bit_can_be_changed)
{
	struct verify_case c;
	uint8_t *report = (uint8_t *)&c.report;

	verify_case_begin(&c);
	verify_case_sign(&c);
	for (unsigned at = 0; at < sizeof(c.report); at += at < 0x330 ? 61 : 1) {
		report[at] ^= 1 << at % 8;
		if (!*verify_case_refused_by(&c) && !CHECK(false))
			printf("  byte 0x%x\n", at);
		report[at] ^= 1 << at % 8;
	}
	CHECK_STR(verify_case_refused_by(&c), "");
	verify_case_end(&c);
}
