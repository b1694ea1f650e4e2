/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* A key server that judges and answers; how it encrypts is in fake_key_crypto.c. */
#include "tests/native/fake_key_server.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "services/lib/channel.h"
#include "services/lib/service.h"
#include "tests/native/check.h"
#include "tests/native/fake_key_crypto.h"

#define MS 1000000ull

struct fake_key_server server;
uint64_t key_clock;
static struct attestation_report report;

/* ---- the security processor, and the clock ---- */

uint64_t channel_now(void)
{
	return key_clock;
}

/* As in the kernel, a report is there when it was asked for often enough. */
int64_t service_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	(void)c;
	CHECK_EQ(number, SERVICE_CALL_REPORT);
	key_clock += 100 * MS;
	if (server.no_report)
		return server.no_report;
	if (++server.reports % 3)
		return -EAGAIN;
	memset(&report, 0x77, sizeof(report));
	memcpy(report.report_data, (const void *)a, sizeof(report.report_data));
	memcpy((void *)b, &report, sizeof(report));
	return 0;
}

/* ---- JSON ---- */

static json_t *bytes_json(const void *bytes, uint32_t n)
{
	char text[4096];

	CHECK(n < 3000);
	EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
	return json_string(text);
}

/* The bytes of a member that must have n of them, or `most` at most. */
static uint32_t json_bytes(const json_t *object, const char *name, uint8_t *to, uint32_t most)
{
	const char *text = json_string_value(json_object_get(object, name));
	uint8_t bytes[6000];
	int n = text ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)strlen(text)) : -1;

	if (!CHECK(n > 0))
		return 0;
	n -= strstr(text, "==") ? 2 : strchr(text, '=') ? 1 : 0;
	if (!CHECK(n <= (int)most))
		return 0;
	memcpy(to, bytes, (size_t)n);
	return (uint32_t)n;
}

/* ---- what goes wrong ---- */

static json_t *other(const json_t *place, const char *name)
{
	uint8_t bytes[3000];
	uint32_t n = server.bytes, zeroes = 0;

	memset(bytes, 0x41, sizeof(bytes));
	if (server.how == KEY_JSON)
		return json_loads(server.json, JSON_DECODE_ANY, NULL);
	if (server.how != KEY_BYTES)
		n = json_bytes(place, name, bytes, sizeof(bytes));
	if (server.how == KEY_FLIPPED)
		bytes[n - 1] ^= 1;
	while (server.how == KEY_SHORT && zeroes < n && !bytes[zeroes])
		zeroes++;
	return bytes_json(bytes + zeroes, n - zeroes);
}

static void change(json_t *words)
{
	char path[64], *name = path;
	json_t *place = words;

	strcpy(path, server.member);
	for (char *dot; (dot = strchr(name, '.')); name = dot + 1) {
		*dot = 0;
		place = json_object_get(place, name);
	}
	if (server.how == KEY_REMOVED)
		CHECK_EQ(json_object_del(place, name), 0);
	else
		CHECK_EQ(json_object_set_new(place, name, other(place, name)), 0);
}

/* ---- the server ---- */

static json_t *terms(const json_t *asked)
{
	json_t *want = json_pack("{s:[iii],s:s}", "version", 0, 1, 0, "tee", "snp");

	CHECK(json_equal(asked, want));
	json_decref(want);
	return json_pack("{s:o,s:o}", "challenge",
			 bytes_json(server.challenge, server.challenge_len), "params",
			 json_loads(server.params, 0, NULL));
}

static json_t *encrypted(const struct key_sealed *k)
{
	return json_pack("{s:{s:o,s:o},s:o,s:o,s:o,s:o}", "epk", "x", bytes_json(k->x, 66), "y",
			 bytes_json(k->y, 66), "wrapped_cek", bytes_json(k->wrapped, 40), "aad",
			 bytes_json(k->aad, sizeof(k->aad)), "iv", bytes_json(k->iv, 12), "tag",
			 bytes_json(k->tag, 16));
}

static json_t *answer(const json_t *asked)
{
	const json_t *key = json_object_get(asked, "key");
	const json_t *snp = json_object_get(json_object_get(asked, "evidence"), "Snp");
	struct attestation_report shown;
	uint8_t y[RELEASE_COORDINATE], challenge[600], data[64];
	struct key_sealed k;
	json_t *words;

	CHECK_EQ(json_bytes(asked, "challenge", challenge, 600), server.challenge_len);
	CHECK_MEM(challenge, server.challenge, server.challenge_len);
	CHECK_EQ(json_bytes(key, "x", server.x, 66), 66);
	CHECK_EQ(json_bytes(key, "y", y, 66), 66);
	CHECK_EQ(json_bytes(snp, "report", (uint8_t *)&shown, sizeof(shown)), sizeof(shown));
	CHECK_MEM(&shown, &report, sizeof(report));
	key_report_data(server.params, server.challenge, server.challenge_len, server.x, y, data);
	server.attested = memcmp(data, shown.report_data, sizeof(data)) == 0;
	key_seal(&k, server.x, y, server.secret, server.secret_len);
	words = json_pack("{s:b,s:o,s:o,s:n}", "success", 1, "secret",
			  bytes_json(k.secret, server.secret_len), "decryption", encrypted(&k),
			  "token");
	if (server.signer) {
		key_sign(&k, server.signer, data, server.secret_len);
		json_object_set_new(words, "signature", bytes_json(k.signature, 96));
	}
	return words;
}

void fake_key_proof(const char *words, const uint8_t key[32], uint64_t epoch, uint8_t proof[32])
{
	uint8_t text[700];
	size_t n = strlen(words);

	memcpy(text, words, n);
	for (unsigned i = 0; i < 8; i++)
		text[n++] = (uint8_t)(epoch >> (56 - 8 * i));
	memcpy(text + n, server.challenge, server.challenge_len);
	CHECK(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, 32, text, n + server.challenge_len,
			proof, 32, NULL));
}

static json_t *note(const json_t *asked)
{
	const json_t *sealed = json_object_get(asked, "sealed");
	uint8_t challenge[600], burnt[32];

	server.epoch = (uint64_t)json_integer_value(json_object_get(sealed, "epoch"));
	CHECK_EQ(json_bytes(sealed, "proof", server.proof, 32), 32);
	CHECK_EQ(json_bytes(sealed, "challenge", challenge, 600), server.challenge_len);
	CHECK_MEM(challenge, server.challenge, server.challenge_len);
	fake_key_proof("Keelson epoch burnt 1", server.secret + server.secret_len - 32,
		       server.epoch, burnt);
	return json_pack("{s:b,s:o}", "success", 1, "proof", bytes_json(burnt, 32));
}

static uint32_t words_of(enum key_step step, const char *message, uint32_t len)
{
	json_t *asked = json_loadb(message, len, 0, NULL), *words;
	uint32_t n;

	CHECK(asked);
	words = step == KEY_HELLO      ? terms(asked)
		: step == KEY_EVIDENCE ? answer(asked)
				       : note(asked);
	if (server.how && server.step == step)
		change(words);
	n = (uint32_t)json_dumpb(words, server.answer, RELEASE_MESSAGE_MAX, JSON_COMPACT);
	server.answer[MIN(n, RELEASE_MESSAGE_MAX)] = 0;
	json_decref(words);
	json_decref(asked);
	return n;
}

bool channel_converse(const void *message, uint32_t len, void *to, uint32_t room, uint32_t *got,
		      uint64_t ms)
{
	enum key_step step = server.messages++ % KEY_STEPS;
	uint32_t n = words_of(step, message, len);
	bool raw = server.raw && server.step == step;

	CHECK_EQ(ms, 30000);
	CHECK_EQ(room, RELEASE_MESSAGE_MAX);
	if (server.silent && server.step == step)
		return false;
	*got = raw ? server.raw_len : n;
	memcpy(to, raw ? server.raw : server.answer, *got);
	return true;
}

/* ---- for tests ---- */

void fake_key_server_reset(void)
{
	server = (struct fake_key_server){.params = "[\"EcPublicKeyBytes\",\"Challenge\"]",
					  .challenge_len = 32,
					  .secret_len = RELEASE_KEY,
					  .signer = key_signer(0)};
	memset(server.challenge, 0xc4, sizeof(server.challenge));
	memset(server.secret, 0x5a, RELEASE_KEY);
}

void fake_key_server_epochs(uint64_t first, uint32_t count)
{
	uint8_t *p = server.secret;

	memset(p, 0, sizeof(server.secret));
	memcpy(p, "KLKEYS1", 8);
	p[8] = (uint8_t)count;
	for (uint32_t i = 0; i < count; i++) {
		memcpy(p + 16 + 40 * i, (uint64_t[]){first + i}, 8);
		memset(p + 24 + 40 * i, (int)(0x10 + first + i), 32);
	}
	server.secret_len = 16 + 40 * count;
}

struct launch_state fake_key_launch(EVP_PKEY *signer)
{
	struct launch_state launch = {.identity = {1}};

	if (signer)
		key_point(signer, launch.signer, 48);
	return launch;
}
