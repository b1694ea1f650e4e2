/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * libFuzzer target: what a key server answers (docs/key-release.md), into the words of the vTPM's
 * program and the cryptography behind them. An input is a byte that says which message it is the
 * answer to, and a text. What must hold:
 *
 *   - what is taken has lengths within abi/host/key_release.h, and does not nest deeper than that
 *     program's stack allows;
 *   - no answer is signed by a key that signs nothing.
 */
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include "services/lib/release/release_crypto.h"
#include "tests/fuzz/fuzz.h"

static uint8_t signer[RELEASE_SIGNER];
static struct release_point point;
static EVP_PKEY *key;

static void set_up(void)
{
	EVP_PKEY *by = EVP_EC_gen("P-384");
	uint8_t xy[1 + RELEASE_SIGNER];
	size_t n = 0;

	key = release_key_new(&point);
	FUZZ_CHECK(by && key);
	FUZZ_CHECK(
		EVP_PKEY_get_octet_string_param(by, OSSL_PKEY_PARAM_PUB_KEY, xy, sizeof(xy), &n));
	FUZZ_CHECK(n == sizeof(xy));
	memcpy(signer, xy + 1, sizeof(signer));
	EVP_PKEY_free(by);
}

static bool is_deep(const char *text, uint32_t len)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < len; i++)
		n += text[i] == '{' || text[i] == '[';
	return n > 16;
}

static void terms(const char *text, uint32_t len)
{
	static struct release_terms t;
	uint8_t data[64];

	if (!release_read_terms(text, len, &t))
		return;
	FUZZ_CHECK(!is_deep(text, len));
	FUZZ_CHECK(t.challenge_len >= RELEASE_CHALLENGE_MIN);
	FUZZ_CHECK(t.challenge_len <= RELEASE_CHALLENGE_MAX);
	FUZZ_CHECK(release_report_data(&t, &point, data));
}

static void answer(const char *text, uint32_t len)
{
	static struct release_answer a;
	static const uint8_t data[64];
	uint8_t secret[RELEASE_SECRET_MAX];

	if (!release_read_answer(text, len, &a))
		return;
	FUZZ_CHECK(!is_deep(text, len));
	FUZZ_CHECK(a.secret_len >= RELEASE_KEY && a.secret_len <= RELEASE_SECRET_MAX);
	FUZZ_CHECK(a.aad_len <= RELEASE_AAD_MAX);
	FUZZ_CHECK(!release_is_signed(&a, data, signer));
	release_open(&a, key, secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	uint32_t len = (uint32_t)MIN(size - 1, RELEASE_MESSAGE_MAX);
	uint8_t proof[32];

	if (!size)
		return 0;
	if (!key)
		set_up();
	if (data[0] % 4 == 0)
		terms(text, len);
	else if (data[0] % 4 == 1)
		release_read_burnt(text, len, proof);
	else
		answer(text, len);
	return 0;
}
