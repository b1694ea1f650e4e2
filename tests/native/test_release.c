/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The SVSM's side of a key release (docs/key-release.md) with a server that is a stranger's: what a
 * good one gives is taken, and whatever else comes is no key, in words, and soon.
 *
 * sources: tests/native/fake_key_server.c tests/native/fake_key_crypto.c
 * sources: svsm/services/lib/release/release.c svsm/services/lib/release/release_words.c
 * sources: svsm/services/lib/release/release_crypto.c svsm/lib/base64.c
 * libs: -ljansson -l:libcrypto.a
 */
#include <errno.h>
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake_key_crypto.h"
#include "tests/native/fake_key_server.h"

#define TERMS  "the key server's terms are none of those that this SVSM accepts"
#define REFUSE "the key server refuses, or its answer is none"
#define SIGNER "the keys are not signed by whom the launch names"
#define OPENS  "the key server's secret does not open with our key"
#define NONE   "the key server's secret is no keys"

static struct release r;

/* A launch that trusts the first signer, or anybody. */
static const char *ask(bool anybody)
{
	struct launch_state launch = fake_key_launch(anybody ? NULL : key_signer(0));

	memset(&r, 0xee, sizeof(r));
	server.messages = 0;
	return release_ask(&launch, anybody, &r);
}

static bool all_zero(const void *p, size_t n)
{
	const uint8_t *bytes = p;

	while (n && !bytes[n - 1])
		n--;
	return n == 0;
}

static void check_refused(bool anybody, const char *want)
{
	const char *why = ask(anybody);

	CHECK_STR(why ? why : "keys", want);
	CHECK(all_zero(&r, sizeof(r)));
}

static void check_key(const char *why, uint8_t byte)
{
	uint8_t want[RELEASE_KEY];

	memset(want, byte, sizeof(want));
	CHECK_STR(why ? why : "keys", "keys");
	if (CHECK(r.count))
		CHECK_MEM(r.keys[r.count - 1].key, want, sizeof(want));
	CHECK(server.attested);
}

/* ---- good servers ---- */

TEST(a_bare_key_signed_or_not)
{
	fake_key_server_reset();
	check_key(ask(false), 0x5a);
	CHECK_EQ(r.count, 1);
	CHECK(!r.epochs);
	server.signer = NULL;
	check_key(ask(true), 0x5a);
	server.signer = key_signer(1); /* whose signature nobody looks at */
	check_key(ask(true), 0x5a);
}

TEST(epochs_and_their_proof)
{
	uint8_t key[RELEASE_KEY], want[32];

	for (uint32_t n = 1; n <= RELEASE_KEYS_MAX; n++) {
		check_context("%u keys", n);
		fake_key_server_reset();
		fake_key_server_epochs(0x100000000 * n, n);
		check_key(ask(false), (uint8_t)(0x10 + n - 1));
		CHECK_EQ(r.count, n);
		CHECK(r.epochs);
		CHECK_EQ(r.keys[0].epoch, 0x100000000 * n);
		CHECK(release_confirm(&r));
		CHECK_EQ(server.epoch, 0x100000000 * n + n - 1);
		memset(key, (int)(0x10 + n - 1), sizeof(key));
		fake_key_proof("Keelson state sealed 1", key, server.epoch, want);
		CHECK_MEM(server.proof, want, sizeof(want));
	}
}

TEST(each_form_of_report_data_and_each_length_of_challenge)
{
	static const char *const params[] = {"[\"EcPublicKeyBytes\",\"Challenge\"]",
					     "[\"TeePubKeyRuntimeData\"]"};
	static const uint32_t lengths[] = {16, 17, 18, 64, 511, 512};

	for (unsigned i = 0; i < 2 * 6; i++) {
		check_context("%s, %u", params[i / 6], lengths[i % 6]);
		fake_key_server_reset();
		server.params = params[i / 6];
		server.challenge_len = lengths[i % 6];
		check_key(ask(false), 0x5a);
	}
}

TEST(each_launch_has_its_own_key)
{
	uint8_t x[RELEASE_COORDINATE];

	fake_key_server_reset();
	CHECK(!ask(false));
	memcpy(x, server.x, sizeof(x));
	CHECK(!ask(false));
	CHECK(memcmp(x, server.x, sizeof(x)) != 0);
}

/* ---- one member is another ---- */

static void be(enum key_step step, const char *member, enum key_change how)
{
	server.step = step;
	server.member = member;
	server.how = how;
}

static void check_json(enum key_step step, const char *member, const char *want)
{
	static const char *const texts[] = {"null", "1",        "true",    "1.5",      "[]",
					    "{}",   "\"%%%%\"", "\"AAA\"", "\"AAAA=\""};

	for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
		check_context("%s: %s", member, texts[i]);
		be(step, member, KEY_JSON);
		server.json = texts[i];
		check_refused(false, want);
	}
	check_context("%s: removed", member);
	be(step, member, KEY_REMOVED);
	check_refused(false, strcmp(member, "signature") == 0 ? SIGNER : want);
}

TEST(members_of_another_kind)
{
	static const char *const members[] = {"secret",
					      "signature",
					      "decryption",
					      "decryption.epk",
					      "decryption.epk.x",
					      "decryption.epk.y",
					      "decryption.wrapped_cek",
					      "decryption.aad",
					      "decryption.iv",
					      "decryption.tag"};

	fake_key_server_reset();
	check_json(KEY_HELLO, "challenge", TERMS);
	check_json(KEY_HELLO, "params", TERMS);
	for (unsigned i = 0; i < ARRAY_LEN(members); i++)
		check_json(KEY_EVIDENCE, members[i], REFUSE);
}

/* The words before the bytes: what has no right length is not looked at any further, and what has
 * one is not signed. */
TEST(lengths)
{
	static const struct {
		const char *member;
		uint32_t least, most;
	} rows[] = {{"secret", 32, 176},
		    {"signature", 96, 96},
		    {"decryption.epk.x", 1, 66},
		    {"decryption.epk.y", 1, 66},
		    {"decryption.wrapped_cek", 40, 40},
		    {"decryption.aad", 0, 2048},
		    {"decryption.iv", 12, 12},
		    {"decryption.tag", 16, 16}};
	static const uint32_t lengths[] = {0,  1,   11,  12,   13,   15,   16,  17, 31,
					   32, 33,  39,  40,   41,   66,   67,  95, 96,
					   97, 176, 177, 2047, 2048, 2049, 2900};

	fake_key_server_reset();
	for (unsigned i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(lengths); i++) {
		const uint32_t n = lengths[i % ARRAY_LEN(lengths)];
		const char *member = rows[i / ARRAY_LEN(lengths)].member;
		bool fits = n >= rows[i / ARRAY_LEN(lengths)].least &&
			    n <= rows[i / ARRAY_LEN(lengths)].most;

		check_context("%s: %u bytes", member, n);
		be(KEY_EVIDENCE, member, KEY_BYTES);
		server.bytes = n;
		check_refused(false, fits ? SIGNER : REFUSE);
	}
	for (server.bytes = 0; server.bytes < 700; server.bytes++) {
		if (server.bytes >= 16 && server.bytes <= 512)
			continue;
		check_context("challenge: %u bytes", server.bytes);
		be(KEY_HELLO, "challenge", KEY_BYTES);
		check_refused(false, TERMS);
	}
}

TEST(lists_of_parameters)
{
	static const char *const lists[] = {
		"[]",
		"[\"Challenge\"]",
		"[\"EcPublicKeyBytes\"]",
		"[\"Challenge\",\"Challenge\"]",
		"[\"EcPublicKeyBytes\",\"EcPublicKeyBytes\"]",
		"[\"EcPublicKeyBytes\",\"Challenge\",\"Challenge\"]",
		"[\"TeePubKeyRuntimeData\",\"Challenge\"]",
		"[\"ecPublicKeyBytes\",\"Challenge\"]",
		"[\"Challenge\",\"EcPublicKeyBytes\"]",
		"[1,2]",
		"[[\"EcPublicKeyBytes\",\"Challenge\"]]",
		"{\"EcPublicKeyBytes\":0,\"Challenge\":1}",
	};

	fake_key_server_reset();
	be(KEY_HELLO, "params", KEY_JSON);
	for (unsigned i = 0; i < ARRAY_LEN(lists); i++) {
		check_context("%s", lists[i]);
		server.json = lists[i];
		check_refused(false, TERMS);
	}
}

TEST(success_is_true_and_nothing_else)
{
	static const char *const texts[] = {"false", "null", "1", "\"true\"", "[true]", "{}"};

	fake_key_server_reset();
	for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
		check_context("%s", texts[i]);
		be(KEY_EVIDENCE, "success", KEY_JSON);
		server.json = texts[i];
		check_refused(false, REFUSE);
	}
}

/* Each thing that the signature is over, and the signature itself. Without one it is the decryption
 * that fails. */
TEST(a_bit_is_another)
{
	static const char *const members[] = {
		"secret",         "decryption.wrapped_cek", "decryption.aad",  "decryption.iv",
		"decryption.tag", "decryption.epk.x",       "decryption.epk.y"};

	fake_key_server_reset();
	for (unsigned i = 0; i < ARRAY_LEN(members); i++) {
		check_context("%s", members[i]);
		be(KEY_EVIDENCE, members[i], KEY_FLIPPED);
		check_refused(false, SIGNER);
		check_refused(true, OPENS);
	}
	be(KEY_EVIDENCE, "signature", KEY_FLIPPED);
	check_refused(false, SIGNER);
	be(KEY_EVIDENCE, "decryption.epk.x", KEY_SHORT);
	check_key(ask(false), 0x5a); /* a coordinate may lack its zeroes */
}

/* ---- who gives ---- */

TEST(another_signer_and_none)
{
	fake_key_server_reset();
	server.signer = key_signer(1);
	check_refused(false, SIGNER);
	server.signer = NULL;
	check_refused(false, SIGNER);
	server.signer = key_signer(0);
	be(KEY_EVIDENCE, "signature", KEY_BYTES); /* r and s beyond the group's order, and 0 */
	server.bytes = 96;
	check_refused(false, SIGNER);
}

/* What a launch with a signer says of an answer that neither opens nor is signed: the signature is
 * looked at first. */
TEST(nothing_is_opened_before_its_signature_was_checked)
{
	fake_key_server_reset();
	server.signer = NULL;
	be(KEY_EVIDENCE, "decryption.epk.x", KEY_BYTES); /* no point of the curve */
	server.bytes = 66;
	check_refused(false, SIGNER);
	check_refused(true, OPENS);
}

TEST(an_answer_of_an_earlier_launch)
{
	static char earlier[RELEASE_MESSAGE_MAX + 1];

	fake_key_server_reset();
	CHECK(!ask(false));
	strcpy(earlier, server.answer);
	server.raw = earlier;
	server.raw_len = (uint32_t)strlen(earlier);
	server.step = KEY_EVIDENCE;
	check_refused(false, SIGNER);
	check_refused(true, OPENS);
}

/* A member that is there twice could be one thing for who looks at it here, and another elsewhere.
 */
TEST(a_member_that_is_there_twice)
{
	static char twice[RELEASE_MESSAGE_MAX + 40];

	fake_key_server_reset();
	CHECK(!ask(false));
	strcpy(twice, server.answer);
	strcpy(strrchr(twice, '}'), ",\"token\":null}");
	server.raw = twice;
	server.raw_len = (uint32_t)strlen(twice);
	server.step = KEY_EVIDENCE;
	check_refused(false, REFUSE);
}

/* ---- secrets that are none ---- */

static void check_secret(uint32_t len, unsigned at, uint8_t byte)
{
	check_context("%u bytes, byte %u is %#x", len, at, byte);
	server.secret_len = len;
	server.secret[at] = byte;
	check_refused(false, NONE);
	fake_key_server_epochs(7, 2);
}

TEST(secrets_that_are_no_keys)
{
	fake_key_server_reset();
	fake_key_server_epochs(7, 2);
	check_secret(96, 6, '2'); /* the magic word */
	check_secret(96, 7, ' ');
	check_secret(96, 8, 0); /* the count, and what does not go with it */
	check_secret(96, 8, 1);
	check_secret(96, 8, 3);
	check_secret(96, 8, 5);
	check_secret(96, 11, 0xff);
	check_secret(96, 12, 2);      /* flags that are not known */
	check_secret(96, 16 + 40, 7); /* epochs that do not rise */
	check_secret(96, 16 + 40, 6);
	check_secret(95, 0, 'K');
	check_secret(97, 0, 'K');
	check_secret(33, 0, 'K');
	check_secret(56, 0, 'K');
	check_secret(176, 0, 'K');
	CHECK(!ask(false));
}

/* ---- texts ---- */

static void check_raw(const char *text, size_t len)
{
	server.raw = text;
	server.raw_len = (uint32_t)len;
	server.step = KEY_HELLO;
	check_refused(false, TERMS);
	server.step = KEY_EVIDENCE;
	check_refused(false, REFUSE);
}

TEST(texts_that_are_none)
{
	static const char *const texts[] = {"",
					    "{",
					    "null",
					    "\"",
					    "[1,",
					    "{\"a\":1,\"a\":1}",
					    "{\"success\":true,\"success\":true}",
					    "{} {}",
					    "\xff\xfe",
					    "{\"a\":\"\xc0\x80\"}",
					    "{\"a\":\"\\u0000\"}",
					    "{\"success\":true}",
					    "{\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}",
					    "1e999999999"};

	fake_key_server_reset();
	for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
		check_context("%s", texts[i]);
		check_raw(texts[i], strlen(texts[i]));
	}
	check_context("a zero behind");
	check_raw("{\"success\":true}", 17);
}

TEST(texts_of_one_thing_again_and_again)
{
	static const char *const units[] = {"[", "{\"a\":", "]",  "\"", "\\",
					    "9", "[]",      "1,", "-",  "\n"};
	static char text[RELEASE_MESSAGE_MAX];

	fake_key_server_reset();
	for (unsigned i = 0; i < ARRAY_LEN(units); i++) {
		size_t n = strlen(units[i]);

		check_context("%s", units[i]);
		for (size_t at = 0; at < sizeof(text); at++)
			text[at] = units[i][at % n];
		check_raw(text, sizeof(text));
	}
}

/* As much of what nobody asks for as a message has room for, and as deep as it may be. */
TEST(a_token_is_not_looked_at)
{
	static char token[12001];

	fake_key_server_reset();
	memset(token, 'a', sizeof(token) - 1);
	token[0] = token[sizeof(token) - 2] = '"';
	be(KEY_EVIDENCE, "token", KEY_JSON);
	server.json = token;
	check_key(ask(false), 0x5a);
	server.json = "[[[[[[[[[[[[[]]]]]]]]]]]]]";
	check_key(ask(false), 0x5a);
	server.json = "[[[[[[[[[[[[[[]]]]]]]]]]]]]]";
	check_refused(false, REFUSE);
}

/* ---- silence ---- */

TEST(who_does_not_answer)
{
	fake_key_server_reset();
	server.silent = true;
	server.step = KEY_HELLO;
	check_refused(false, "no key server answers");
	CHECK_EQ(server.messages, 1);
	CHECK_EQ(server.reports, 0);
	server.step = KEY_EVIDENCE;
	check_refused(false, "the key server does not answer the evidence");
	CHECK_EQ(server.messages, 2);
}

TEST(a_processor_that_gives_no_report)
{
	static const int64_t says[] = {-EAGAIN, -EPERM, -EIO, -ENOMEM, -ENOSYS};

	fake_key_server_reset();
	for (unsigned i = 0; i < ARRAY_LEN(says); i++) {
		uint64_t begin = key_clock;

		check_context("%d", (int)says[i]);
		server.no_report = says[i];
		check_refused(false, "the security processor gives no report");
		CHECK_EQ(server.messages, 1); /* and nothing is told without one */
		CHECK(key_clock - begin < (says[i] == -EAGAIN ? 31000000000 : 1000000000));
	}
}

TEST(a_server_that_does_not_take_note)
{
	fake_key_server_reset();
	fake_key_server_epochs(3, 2);
	CHECK(!ask(false));
	server.step = KEY_SEALED;
	server.silent = true;
	CHECK(!release_confirm(&r));
	server.silent = false;
	CHECK(!ask(false));
	be(KEY_SEALED, "success", KEY_JSON);
	server.json = "false";
	CHECK(!release_confirm(&r));
	server.how = KEY_AS_IS;
	CHECK(!ask(false));
	CHECK(release_confirm(&r));
}
