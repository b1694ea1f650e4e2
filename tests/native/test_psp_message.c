/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The security processor's side of guest messages: the order of its checks, the status of each, the
 * rule of sequence numbers, reports and keys. SEV-SNP firmware ABI (56860), 8.26 and chapter 7.
 *
 * sources: harness/psp/message.c harness/psp/gcm.c harness/psp/attestation.c harness/psp/derived_key.c
 * sources: harness/psp/cpuid_message.c harness/psp/tsc_info.c harness/psp/sealed.c
 * sources: harness/core/psp_config.c launch/profiles/words.c
 * libs: -lcrypto
 */
#include "tests/native/psp_guest.h"
#include "harness/psp/chain.h"
#include "harness/psp/psp.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>

/* ---- a chain of one key ---- */

static EVP_PKEY *vcek;
static enum endorsement signed_by;

bool chain_sign(const struct psp_chain *chain, enum endorsement by, const void *data, size_t n,
		uint8_t r[72], uint8_t s[72])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128];
	size_t size = sizeof(der);
	const uint8_t *at = der;
	ECDSA_SIG *sig;

	(void)chain;
	signed_by = by;
	EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, vcek);
	EVP_DigestSign(ctx, der, &size, data, n);
	EVP_MD_CTX_free(ctx);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)size);
	BN_bn2lebinpad(ECDSA_SIG_get0_r(sig), r, 72);
	BN_bn2lebinpad(ECDSA_SIG_get0_s(sig), s, 72);
	ECDSA_SIG_free(sig);
	return true;
}

const uint8_t *chain_root(const struct psp_chain *chain, enum endorsement of)
{
	static const uint8_t roots[2][PSP_SECRET] = {"a chip's", "a cloud's"};

	(void)chain;
	return roots[of];
}

/* ---- a guest ---- */

static struct psp_config config;
static struct psp psp;
static uint8_t request[MSG_PAGE], response[MSG_PAGE];

static void begin(void)
{
	if (!vcek)
		vcek = EVP_EC_gen("P-384");
	psp_config_default(&config);
	psp = (struct psp){.config = &config};
	CHECK(psp_guest_init(&psp.guest));
	memset(psp.guest.measurement, 0xab, sizeof(psp.guest.measurement));
	psp.guest.policy = 0x30000;
	psp.guest.running = true;
}

static uint32_t send(void)
{
	memset(response, 0x5c, sizeof(response));
	return psp_request(&psp, (void *)request, (void *)response);
}

/* Nothing was written and nothing counted: the same message is still the next one. */
static void check_refused(uint32_t status)
{
	uint8_t untouched[MSG_PAGE];
	uint64_t before[4];

	memcpy(before, psp.guest.count, sizeof(before));
	memset(untouched, 0x5c, sizeof(untouched));
	CHECK_EQ(send(), status);
	CHECK_MEM(response, untouched, sizeof(untouched));
	CHECK_MEM(psp.guest.count, before, sizeof(before));
}

static void make(uint64_t seqno, uint8_t type, uint8_t vmpck, const void *payload, size_t n)
{
	msg_plain(request, seqno, type, vmpck, payload, n);
	msg_seal(request, psp.guest.vmpck[vmpck], n);
}

static void make_report(uint64_t seqno, uint8_t vmpck, uint32_t vmpl, uint32_t key_sel)
{
	uint8_t p[0x60] = {0};

	for (unsigned i = 0; i < 64; i++)
		p[i] = (uint8_t)(i + 1);
	put_le(p + 0x40, vmpl, 4);
	put_le(p + 0x44, key_sel, 4);
	make(seqno, 5, vmpck, p, sizeof(p));
}

/* A sealed answer of that type, with the next number, and that status in its payload. */
static void check_answered(uint8_t type, uint64_t seqno, uint8_t vmpck, uint32_t status)
{
	CHECK_EQ(send(), 0);
	CHECK_EQ(get_le(response + 0x20, 8), seqno);
	CHECK_EQ(response[0x34], type);
	CHECK_EQ(response[0x35], 1);
	CHECK_EQ(response[0x3c], vmpck);
	CHECK(msg_open(response, psp.guest.vmpck[vmpck]));
	CHECK_EQ(get_le(response + 0x60, 4), status);
}

TEST(seal_and_open_are_gcm)
{
	/* What the guest's half of this test seals with libcrypto is opened, and back. */
	begin();
	make_report(1, 2, 2, 0);
	check_answered(6, 2, 2, 0);
}

TEST(form_comes_first)
{
	static const struct {
		const char *what;
		uint8_t at, value;
	} bad[] = {
		{"HDR_VERSION 0", 0x31, 0},    {"HDR_VERSION 2", 0x31, 2},
		{"HDR_SIZE", 0x32, 0x61},      {"HDR_SIZE", 0x33, 1},
		{"ALGO 0", 0x30, 0},           {"ALGO 2", 0x30, 2},
		{"MSG_SIZE 0", 0x36, 0},       {"MSG_SIZE 8", 0x36, 8},
		{"past the page", 0x37, 0x10}, {"MSG_VMPCK 4", 0x3c, 4},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		check_context("%s", bad[i].what);
		begin();
		make_report(1, 2, 2, 0);
		request[bad[i].at] = bad[i].value;
		check_refused(0x16);
	}
	begin();
	make_report(1, 2, 2, 0);
	psp.guest.running = false;
	request[0x30] = 0; /* worse than not running, and later */
	check_refused(0x02);
}

TEST(authentic_before_in_sequence)
{
	begin();
	make_report(7, 2, 2, 0);
	request[0x60] ^= 1;
	check_refused(0x0b);
	request[0x60] ^= 1;
	check_refused(0x1d);
	make_report(1, 2, 2, 0);
	request[0x34] = 99; /* the header is authenticated from ALGO on */
	check_refused(0x0b);
	make_report(1, 2, 2, 0);
	put_le(request + 0x20, 2, 8); /* and the number is the IV */
	check_refused(0x0b);
	make_report(1, 2, 2, 0);
	request[0x3c] = 1;
	check_refused(0x0b);
}

TEST(sequence_goes_by_two_for_each_key)
{
	begin();
	for (uint64_t n = 1; n < 9; n += 2) {
		check_context("message %u", (unsigned)n);
		make_report(n, 2, 2, 0);
		check_answered(6, n + 1, 2, 0);
		check_refused(0x1d); /* the very same again */
		make_report(n + 1, 2, 2, 0);
		check_refused(0x1d);
		make_report(n + 3, 2, 2, 0);
		check_refused(0x1d);
	}
	make_report(1, 3, 3, 0);
	check_answered(6, 2, 3, 0);
	psp.guest.count[3] = ~0ull - 1; /* the answer would have no number */
	make_report(~0ull, 3, 3, 0);
	check_refused(0x1d);
}

TEST(version_and_type_come_last)
{
	static const uint8_t zeroes[16], types[] = {0, 2, 4, 6, 7, 9, 11, 13, 15, 18, 19, 255};

	begin();
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		check_context("type %u", types[i]);
		make(1, types[i], 2, zeroes, sizeof(zeroes));
		check_refused(0x16);
		make(3, types[i], 2, zeroes, sizeof(zeroes));
		check_refused(0x1d);
	}
	for (unsigned version = 0; version < 3; version += 2) {
		check_context("version %u", version);
		msg_plain(request, 1, 5, 2, zeroes, sizeof(zeroes));
		request[0x35] = (uint8_t)version;
		msg_seal(request, psp.guest.vmpck[2], sizeof(zeroes));
		check_refused(0x16);
	}
	make_report(1, 2, 2, 0);
	check_answered(6, 2, 2, 0);
}

TEST(what_a_report_may_be_asked_for)
{
	static const struct {
		uint8_t vmpck;
		uint32_t vmpl, key_sel, status;
	} cases[] = {
		{2, 2, 0, 0},    {2, 3, 0, 0},    {0, 0, 0, 0},           {0, 3, 1, 0},
		{2, 1, 0, 0x16}, {2, 0, 0, 0x16}, {2, 4, 0, 0x16},        {2, ~0u, 0, 0x16},
		{2, 2, 1, 0},    {2, 2, 2, 0x27}, {2, 2, 3, 0x27},        {2, 2, 4, 0x16},
		{3, 2, 0, 0x16}, {3, 3, 0, 0},    {2, 2, 1u << 31, 0x16},
	};
	static const uint8_t zeroes[0x4a0];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check_context("key %u, VMPL %u, flags %x", cases[i].vmpck, cases[i].vmpl,
			      cases[i].key_sel);
		begin();
		make_report(1, cases[i].vmpck, cases[i].vmpl, cases[i].key_sel);
		check_answered(6, 2, cases[i].vmpck, cases[i].status);
		CHECK_EQ(get_le(response + 0x36, 2), 0x4c0);
		CHECK_EQ(get_le(response + 0x64, 4), 0x4a0);
		if (cases[i].status)
			CHECK_MEM(response + 0x80, zeroes, sizeof(zeroes));
		else
			CHECK_EQ(get_le(response + 0x80 + 0x30, 4), cases[i].vmpl);
	}
}

TEST(a_report_with_a_reserved_byte_is_refused)
{
	uint8_t p[0x70] = {0};

	begin();
	put_le(p + 0x40, 2, 4);
	p[0x5f] = 1;
	make(1, 5, 2, p, 0x60);
	check_answered(6, 2, 2, 0x16);
	p[0x5f] = 0;
	make(3, 5, 2, p, 0x70);
	check_answered(6, 4, 2, 0x16);
	make(5, 5, 2, p, 0x50);
	check_answered(6, 6, 2, 0x16);
	make(7, 5, 2, p, 0x60);
	check_answered(6, 8, 2, 0);
}

static BIGNUM *number(const uint8_t *le)
{
	return BN_lebin2bn(le, 72, NULL);
}

/* As a verifier does: R and S at 2a0 and 2e8, over all before. */
static bool verifies(const uint8_t *report)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int n;
	bool ok;

	ECDSA_SIG_set0(sig, number(report + 0x2a0), number(report + 0x2e8));
	n = i2d_ECDSA_SIG(sig, &der);
	ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha384(), NULL, vcek) == 1 &&
	     EVP_DigestVerify(ctx, der, (size_t)n, report, 0x2a0) == 1;
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool is_zero(const uint8_t *p, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		if (p[i])
			return false;
	return true;
}

TEST(reports_of_each_version)
{
	static const uint8_t tcb[8] = {9, 0, 0, 0, 0, 0, 23, 72};
	const uint8_t *r = response + 0x80;

	for (unsigned version = 2; version <= 5; version += version == 2 ? 1 : 2) {
		check_context("version %u", version);
		begin();
		config.report_version = version;
		psp.guest.guest_svn = 7;
		config.host_data[0] = 0x77;
		make_report(1, 2, 2, 0);
		check_answered(6, 2, 2, 0);
		CHECK_EQ(get_le(r, 4), version);
		CHECK_EQ(get_le(r + 4, 4), 7);
		CHECK_EQ(get_le(r + 8, 8), 0x30000);
		CHECK_EQ(get_le(r + 0x34, 4), 1);
		CHECK_EQ(get_le(r + 0x48, 4), 0);
		for (unsigned i = 0; i < 64; i++)
			CHECK_EQ(r[0x50 + i], i + 1);
		CHECK_MEM(r + 0x90, psp.guest.measurement, 48);
		CHECK_EQ(r[0xc0], 0x77);
		CHECK_MEM(r + 0x140, psp.guest.report_id, 32);
		CHECK_EQ(get_le(r + 0x160, 8), ~0ull);
		CHECK_MEM(r + 0x38, tcb, 8);
		CHECK_MEM(r + 0x180, tcb, 8);
		CHECK_MEM(r + 0x1e0, tcb, 8);
		CHECK_MEM(r + 0x1f0, tcb, 8);
		CHECK_EQ(get_le(r + 0x188, 3), version == 2 ? 0 : 0x011119);
		CHECK_EQ(get_le(r + 0x40, 8), version == 2 ? 0x05 : 0x25);
		CHECK_MEM(r + 0x1a0, config.chip_id, 64);
		CHECK(is_zero(r, 0x4c, 0x50) && is_zero(r, 0x18b, 0x1a0) &&
		      is_zero(r, 0x208, 0x2a0) && is_zero(r, 0x330, 0x4a0));
		CHECK(verifies(r));
		response[0x80 + 0x90] ^= 1;
		CHECK(!verifies(r));
	}
}

/* MASK_CHIP_KEY: no name of the chip, SIGNING_KEY 7, no signature. */
TEST(a_masked_chip_signs_nothing)
{
	const uint8_t *r = response + 0x80;

	begin();
	config.mask_chip_key = true;
	make_report(1, 2, 2, 0);
	check_answered(6, 2, 2, 0);
	CHECK_EQ(get_le(r + 0x48, 4), 0x1e);
	CHECK(is_zero(r, 0x1a0, 0x1e0) && is_zero(r, 0x2a0, 0x4a0));
}

/* ---- keys ---- */

struct ask {
	uint32_t root, vmpl, svn;
	uint64_t fields, tcb;
};

static void ask_key(uint64_t seqno, const struct ask *a, uint32_t status)
{
	uint8_t p[0x20] = {0};

	put_le(p, a->root, 4);
	put_le(p + 8, a->fields, 8);
	put_le(p + 0x10, a->vmpl, 4);
	put_le(p + 0x14, a->svn, 4);
	put_le(p + 0x18, a->tcb, 8);
	make(seqno, 3, 2, p, sizeof(p));
	check_answered(4, seqno + 1, 2, status);
	CHECK_EQ(get_le(response + 0x36, 2), 0x40);
	if (status)
		CHECK(is_zero(response + 0x60, 4, 0x40));
}

TEST(what_a_key_may_be_asked_for)
{
	static const struct {
		struct ask ask;
		uint32_t status;
	} cases[] = {
		{{.vmpl = 2}, 0},
		{{.vmpl = 3, .fields = 0x3f}, 0},
		{{.vmpl = 1}, 0x16},
		{{.vmpl = 4}, 0x16},
		{{.vmpl = 2, .fields = 0x40}, 0x16},
		{{.vmpl = 2, .root = 8}, 0x16},
		{{.vmpl = 2, .svn = 6}, 0x16},
		{{.vmpl = 2, .svn = 5}, 0},
		{{.vmpl = 2, .tcb = 10}, 0x16},
		{{.vmpl = 2, .tcb = 9}, 0},
		{{.vmpl = 2, .root = 1}, 0x27},
		{{.vmpl = 2, .root = 2}, 0},
		{{.vmpl = 2, .root = 4}, 0x27},
		{{.vmpl = 2, .root = 6}, 0x27},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check_context("case %zu", i);
		begin();
		psp.guest.guest_svn = 5;
		ask_key(1, &cases[i].ask, cases[i].status);
	}
}

/* The same again for an equal launch, and another one by whatever was mixed in. */
TEST(a_key_depends_on_what_was_asked)
{
	static const struct ask asks[] = {
		{.vmpl = 2},
		{.vmpl = 3},
		{.vmpl = 2, .fields = 1},
		{.vmpl = 2, .fields = 2},
		{.vmpl = 2, .fields = 4},
		{.vmpl = 2, .fields = 8},
		{.vmpl = 2, .fields = 16, .svn = 1},
		{.vmpl = 2, .fields = 16, .svn = 2},
		{.vmpl = 2, .fields = 32, .tcb = 1},
		{.vmpl = 2, .fields = 32, .tcb = 2},
	};
	uint8_t keys[ARRAY_LEN(asks)][32];

	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		begin();
		psp.guest.guest_svn = 5;
		ask_key(1, &asks[i], 0);
		memcpy(keys[i], response + 0x80, 32);
		begin();
		psp.guest.guest_svn = 5;
		ask_key(1, &asks[i], 0);
		CHECK_MEM(response + 0x80, keys[i], 32);
		for (size_t j = 0; j < i; j++) {
			check_context("%zu and %zu", i, j);
			CHECK(memcmp(keys[i], keys[j], 32));
		}
	}
	begin();
	config.host_data[0] = 1;
	ask_key(1, &asks[0], 0);
	CHECK(memcmp(response + 0x80, keys[0], 32));
	begin();
	psp.guest.measurement[0] ^= 1;
	ask_key(1, &asks[0], 0);
	CHECK_MEM(response + 0x80, keys[0], 32); /* not asked for */
	ask_key(3, &asks[5], 0);
	CHECK(memcmp(response + 0x80, keys[5], 32));
}

TEST(keys_of_a_guest_are_new_for_each_launch)
{
	struct psp_guest a, b;

	CHECK(psp_guest_init(&a));
	CHECK(psp_guest_init(&b));
	for (unsigned i = 0; i < 4; i++)
		CHECK(memcmp(a.vmpck[i], b.vmpck[i], 32));
	CHECK(memcmp(a.report_id, b.report_id, 32));
	CHECK(!a.running);
}

/* ---- a VLEK ---- */

TEST(with_a_vlek_nobody_has_to_ask_for_it)
{
	static const struct {
		uint32_t key_sel, status, signing_key;
	} cases[] = {{0, 0, 1}, {1, 0, 0}, {2, 0, 1}, {3, 0x27, 0}};
	const uint8_t *r = response + 0x80;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check_context("KEY_SEL %u", cases[i].key_sel);
		begin();
		strcpy(config.vlek, "Cloud");
		make_report(1, 2, 2, cases[i].key_sel);
		check_answered(6, 2, 2, cases[i].status);
		if (cases[i].status)
			continue;
		CHECK_EQ(get_le(r + 0x48, 4), cases[i].signing_key << 2);
		CHECK_EQ(signed_by, cases[i].signing_key);
		CHECK_MEM(r + 0x1a0, config.chip_id, 64);
	}
	begin(); /* what the host has masked is the chip's key */
	strcpy(config.vlek, "Cloud");
	config.mask_chip_key = true;
	make_report(1, 2, 2, 0);
	check_answered(6, 2, 2, 0);
	CHECK_EQ(get_le(r + 0x48, 4), 1 << 2 | 2);
	CHECK(is_zero(r, 0x1a0, 0x1e0) && !is_zero(r, 0x2a0, 0x330));
}

TEST(keys_of_a_vlek)
{
	struct ask ask = {.vmpl = 2};
	uint8_t chip[32], cloud[32];

	begin();
	ask_key(1, &ask, 0);
	memcpy(chip, response + 0x80, 32);
	begin();
	strcpy(config.vlek, "Cloud");
	ask_key(1, &ask, 0);
	memcpy(cloud, response + 0x80, 32);
	CHECK(memcmp(chip, cloud, 32));
	ask.root = 4;
	ask_key(3, &ask, 0x0);
	ask.root = 6;
	ask_key(5, &ask, 0x27);
	config.mask_chip_key = true;
	ask.root = 2;
	ask_key(7, &ask, 0x27);
	ask.root = 4;
	ask_key(9, &ask, 0);
}

/* A Turin's name has 8 bytes, the rest of the field is zero. */
TEST(a_report_of_a_turin)
{
	begin();
	CHECK(!psp_config_set(&config, "product=Turin"));
	CHECK(!psp_config_set(&config, "tcb=1.2.3.4.5"));
	make_report(1, 2, 2, 0);
	check_answered(6, 2, 2, 0);
	CHECK_MEM(response + 0x80 + 0x180, "\x01\x02\x03\x04\x00\x00\x00\x05", 8);
	CHECK_EQ(get_le(response + 0x80 + 0x188, 3), 0x01021a);
	CHECK_MEM(response + 0x80 + 0x1a0, config.chip_id, 8);
	CHECK(is_zero(response + 0x80, 0x1a8, 0x1e0));
}

/* ---- one number, one payload ---- */

TEST(the_same_message_again_is_no_reuse)
{
	begin();
	make_report(1, 2, 2, 0);
	psp.guest.running = false;
	check_refused(0x02);
	psp.guest.running = true;
	check_answered(6, 2, 2, 0);
	check_refused(0x1d);
	make_report(1, 3, 3, 0); /* another key */
	check_answered(6, 2, 3, 0);
	make_report(3, 2, 2, 0);
	request[0x60] ^= 1; /* not authentic: the key did not seal it */
	check_refused(0x0b);
	request[0x60] ^= 1;
	check_answered(6, 4, 2, 0);
	CHECK(!psp.reused);
}

TEST(two_payloads_with_one_number_are_noticed)
{
	begin();
	make_report(1, 2, 2, 0);
	check_answered(6, 2, 2, 0);
	make_report(1, 2, 3, 0);
	check_refused(0x1d); /* that is all the firmware says */
	CHECK(psp.reused);
	CHECK_EQ(psp.reused_key, 2);
	CHECK_EQ(psp.reused_seqno, 1);
}

/* The answers' numbers are the key's, too. */
TEST(a_request_with_an_answers_number_is_noticed)
{
	begin();
	make_report(1, 0, 2, 0);
	check_answered(6, 2, 0, 0);
	CHECK(!psp.reused);
	make_report(2, 0, 2, 0);
	check_refused(0x1d);
	CHECK(psp.reused && psp.reused_key == 0 && psp.reused_seqno == 2);
}
