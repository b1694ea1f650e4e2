/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The vTPM's manifests are keys of the TPM behind the vTPM protocol: whoever asks it for the same
 * primary key gets the same public part. 58019, 8.3; TCG EK Credential Profile, 2.5, annex B.
 */
#include "bare/attest/ask.h"
#include "bare/attest/key.h"
#include "bare/lib/vtpm.h"
#include "lib/string.h"

#define VERSION_1_KEYS 6 /* three endorsement keys, three signing keys */

static void start_tpm(void)
{
	uint32_t code;

	if (!calls_has_protocol(SVSM_PROTO_VTPM))
		test_skip("there is no vTPM");
	code = tpm(0, "00000144 0000");
	if (code != TPM_RC_INITIALIZE) /* it is started already */
		REQUIRE_EQ(code, 0);
}

/* The manifest, copied from the buffer: its length. */
static uint32_t manifest(uint32_t version, uint8_t out[MANIFEST_ROOM])
{
	struct ask a = ask_vtpm(version);

	ask_succeeds(&a);
	memcpy(out, ask_manifest(), MANIFEST_ROOM);
	return (uint32_t)MIN(a.c.rcx, (uint64_t)MANIFEST_ROOM);
}

/* The TPM makes that key in the endorsement hierarchy, and its public part is `public`. */
static void check_made(const struct key_template *t, const uint8_t *public, uint32_t size)
{
	const struct tpm_message *r = tpm_response();

	REQUIRE_EQ(tpm(0, t->command, t->unique[0], t->unique[1]), 0);
	CHECK_EQ(tpm_skip(r, 18) - 20, size); /* outPublic, behind handle and parameter size */
	CHECK_EQ(memcmp(r->data + 20, public, MIN(size, r->len - 20)), 0);
	CHECK_EQ(tpm(0, "00000165 %4", (uint32_t)tpm_get(r, 10, 4)), 0);
}

TEST(version_0, "vtpm-manifest-0",
     "version 0 is the TPMT_PUBLIC of the RSA-2048 endorsement key by template L-1",
     "svsm:8.3:manifest")
{
	static uint8_t m[MANIFEST_ROOM];
	uint32_t size;

	start_tpm();
	size = manifest(0, m);
	CHECK_EQ(size, 314); /* 2+2+4+(2+32)+2+2+2+2+2+4+(2+256) */
	check_made(&key_endorsement[KEY_RSA], m, size);
}

/* The keys of a manifest of version 1; each is a TPM2B_PUBLIC. How many, and nothing is left. */
static uint32_t keys_of(const uint8_t *m, uint32_t size, const uint8_t *keys[16])
{
	uint32_t n = 0, at = sizeof(struct attest_vtpm_header);

	REQUIRE(size >= at);
	CHECK_EQ(key_big(m, 4), 1);
	while (at + 2 <= size && n < 16) {
		keys[n++] = m + at;
		at += 2 + (uint32_t)key_big(m + at, 2);
	}
	REQUIRE_EQ(at, size);
	REQUIRE_EQ(key_big(m + 4, 4), n);
	return n;
}

static const uint8_t *find(const struct key_template *t, const uint8_t *keys[], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (key_fits(t, keys[i] + 2, (uint32_t)key_big(keys[i], 2)))
			return keys[i];
	}
	return NULL;
}

static void check_listed(const struct key_template *t, const uint8_t *keys[], uint32_t n)
{
	const uint8_t *key = find(t, keys, n);

	test_case("%s", t->name);
	if (CHECK(key != NULL))
		check_made(t, key + 2, (uint32_t)key_big(key, 2));
}

TEST(version_1, "vtpm-manifest-1",
     "version 1 lists endorsement and restricted signing keys, all of which this TPM makes",
     "keelson:attest:manifest-1")
{
	static uint8_t m[MANIFEST_ROOM];
	const uint8_t *keys[16];
	uint32_t n;

	start_tpm();
	n = keys_of(m, manifest(1, m), keys);
	CHECK_EQ(n, VERSION_1_KEYS);
	for (unsigned i = 0; i < KEY_KINDS; i++) {
		check_listed(&key_endorsement[i], keys, n);
		check_listed(&key_signing[i], keys, n);
	}
}

TEST(same_key, "vtpm-manifests-agree", "the RSA key of version 0 is the one of version 1",
     "keelson:attest:manifest-1")
{
	static uint8_t first[MANIFEST_ROOM], m[MANIFEST_ROOM];
	const uint8_t *keys[16], *key;
	uint32_t size = manifest(0, first), n;

	n = keys_of(m, manifest(1, m), keys);
	key = find(&key_endorsement[KEY_RSA], keys, n);
	REQUIRE(key != NULL);
	REQUIRE_EQ(key_big(key, 2), size);
	CHECK_EQ(memcmp(key + 2, first, size), 0);
}
