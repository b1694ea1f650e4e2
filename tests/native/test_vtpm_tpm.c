/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The vTPM's program without a kernel: the real libtpms, its memory in a buffer here. TPM 2.0
 * Library, parts 1 to 3; EK Credential Profile 2.5, annex B.
 *
 * sources: tests/native/tpm_client.c svsm/services/vtpm/tpm.c svsm/services/vtpm/primary.c
 * sources: svsm/services/vtpm/keys.c
 * sources: svsm/services/vtpm/message.c svsm/services/vtpm/recover.c
 * sources: svsm/services/vtpm/snapshot.c svsm/lib/crc32.c
 * libs: -ltpms -lcrypto
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "tests/native/check.h"
#include "lib/crc32.h"
#include "services/vtpm/keys.h"
#include "services/vtpm/primary.h"
#include "services/vtpm/recover.h"
#include "services/vtpm/snapshot.h"
#include "services/vtpm/tpm.h"
#include "tests/native/tpm_client.h"

#define SNAPSHOT_ROOM 0x80000

static struct {
	uint8_t data[TPM_STATE_MAX];
	size_t len;
	unsigned stores;
} nv;

static size_t load(void *to, size_t room)
{
	memcpy(to, nv.data, MIN(nv.len, room));
	return nv.len;
}

static bool store(const void *from, size_t len)
{
	if (!CHECK(len <= sizeof(nv.data)))
		return false;
	memcpy(nv.data, from, len);
	nv.len = len;
	nv.stores++;
	return true;
}

static const struct tpm_nvram nvram = {load, store};

static void fresh(void)
{
	nv.len = 0;
	CHECK(tpm_power_on(&nvram));
	CHECK(nv.len);
}

static uint32_t send_at(uint8_t locality, const char *hex, struct tpm_bytes *response)
{
	struct tpm_bytes command = tpm_bytes(hex);

	response->len = tpm_command(locality, command.data, command.len, response->data,
				    sizeof(response->data));
	return CHECK(tpm_well_formed(response)) ? tpm_code(response) : ~0u;
}

static uint32_t send(const char *hex)
{
	struct tpm_bytes response;

	return send_at(0, hex, &response);
}

TEST(a_fresh_tpm_starts_and_answers)
{
	struct tpm_bytes a, b;

	fresh();
	CHECK_EQ(send(TPM_GET_RANDOM_16), TPM_RC_INITIALIZE);
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(send(TPM_STARTUP_CLEAR), TPM_RC_INITIALIZE);
	CHECK_EQ(send_at(0, TPM_GET_RANDOM_16, &a), 0);
	CHECK_EQ(send_at(0, TPM_GET_RANDOM_16, &b), 0);
	CHECK_EQ(a.len, 28);
	CHECK(memcmp(a.data, b.data, a.len));
	CHECK_EQ(send(TPM_SELF_TEST), 0);
	tpm_power_off();
}

TEST(what_is_no_command_gets_an_error_response)
{
	struct tpm_bytes command, response;

	fresh();
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	for (uint32_t len = 0; len <= 14; len++) {
		command = tpm_bytes(TPM_GET_RANDOM_16);
		check_context("%u bytes of 12", len);
		response.len =
			tpm_command(0, command.data, len, response.data, sizeof(response.data));
		CHECK(tpm_well_formed(&response));
		CHECK_EQ(tpm_code(&response), len == 12  ? 0
					      : len >= 6 ? TPM_RC_COMMAND_SIZE
							 : TPM_RC_INSUFFICIENT);
	}
	command = tpm_bytes(TPM_GET_RANDOM_16);
	CHECK_EQ(tpm_command(0, command.data, command.len, response.data, 27), 0); /* 28 bytes */
	tpm_power_off();
}

TEST(commands_and_responses_fit_into_the_page)
{
	struct tpm_bytes r;

	fresh();
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	/* GetCapability(TPM_PT_MAX_COMMAND_SIZE, 2): that and TPM_PT_MAX_RESPONSE_SIZE */
	CHECK_EQ(send_at(0, "8001 00000000 0000017a 00000006 0000011e 00000002", &r), 0);
	CHECK_EQ(r.data[25] << 8 | r.data[26], TPM_BUFFER_MAX);
	CHECK_EQ(r.data[33] << 8 | r.data[34], TPM_BUFFER_MAX);
	CHECK(TPM_BUFFER_MAX <= VTPM_REQUEST_MAX && TPM_BUFFER_MAX <= VTPM_RESPONSE_MAX);
	tpm_power_off();
}

/* TPMS_TAGGED_PCR_SELECT behind moreData, capability and count: tag, size, a bit for each PCR. */
static bool pcr_20_resets_at_3(void)
{
	struct tpm_bytes r;

	CHECK_EQ(send_at(0, TPM_PCRS_RESET_AT_3, &r), 0);
	return CHECK_EQ(r.len, 27) && CHECK_EQ(r.data[23], 3) && (r.data[26] & 1 << (20 - 16));
}

/* PCR 20 is locality 2's to reset, not 0's or 1's, nor 4's by a command. Locality 3 may in libtpms
 * 0.10 and not in 0.9: each must do what it says of itself (part 2, TPM_PT_PCR_RESET_L3). */
TEST(the_locality_is_the_command_s)
{
	struct tpm_bytes r;
	bool may;

	fresh();
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	for (uint8_t locality = 0; locality <= 4; locality++) {
		check_context("locality %u", locality);
		may = locality == 2 || (locality == 3 && pcr_20_resets_at_3());
		CHECK_EQ(send_at(locality, TPM_PCR_RESET_20, &r), may ? 0 : TPM_RC_LOCALITY);
		CHECK_EQ(send(TPM_PCR_RESET_20), TPM_RC_LOCALITY); /* this one's is 0 */
	}
	tpm_power_off();
}

TEST(a_power_cycle_keeps_what_is_permanent)
{
	static uint8_t ek[2][1024];
	struct tpm_bytes zero, r;
	bool alive;
	uint32_t n;

	fresh();
	n = primary_public(VTPM_EK_ECC_P256, ek[0], sizeof(ek[0]), &alive);
	CHECK(n && alive);
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(send_at(0, TPM_PCR_READ_10, &zero), 0);
	CHECK_EQ(send(TPM_PCR_EXTEND_10), 0);
	CHECK_EQ(send(TPM_START_SESSION), 0);
	CHECK(tpm_power_cycle());
	CHECK_EQ(send(TPM_GET_RANDOM_16), TPM_RC_INITIALIZE);
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(send_at(0, TPM_PCR_READ_10, &r), 0);
	CHECK_MEM(r.data + r.len - 32, zero.data + zero.len - 32, 32);
	CHECK_EQ(primary_public(VTPM_EK_ECC_P256, ek[1], sizeof(ek[1]), &alive), n);
	CHECK_MEM(ek[0], ek[1], n);
	tpm_power_off();
	fresh(); /* another TPM has another key */
	CHECK_EQ(primary_public(VTPM_EK_ECC_P256, ek[1], sizeof(ek[1]), &alive), n);
	CHECK(memcmp(ek[0], ek[1], n));
	tpm_power_off();
}

/* TPM2B_PUBLIC up to the unique field: EK Credential Profile, B.3 and B.4 */
#define POLICY_A "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"
#define POLICY_B                                                                                   \
	"b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419ca"                         \
	"cb47ba09699646150f9fc000f3f80e12"

TEST(endorsement_keys_have_the_tcg_templates)
{
	static const struct {
		enum vtpm_key which;
		const char *head;
		uint32_t len;
	} t[] = {
		{VTPM_EK_RSA2048,
		 "013a 0001 000b 000300b2 0020" POLICY_A "0006 0080 0043 0010 0800 00000000 0100",
		 316},
		{VTPM_EK_ECC_P256,
		 "007a 0023 000b 000300b2 0020" POLICY_A "0006 0080 0043 0010 0003 0010 0020", 124},
		{VTPM_EK_ECC_P384,
		 "00aa 0023 000c 000300f2 0030" POLICY_B "0006 0100 0043 0010 0004 0010 0030", 172},
	};
	uint8_t out[512];
	bool alive;

	fresh();
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct tpm_bytes head = tpm_bytes(t[i].head); /* spoils bytes 4 and 5 */

		head.data[4] = out[4] = 0;
		check_context("EK %u", i);
		CHECK_EQ(primary_public(t[i].which, out, sizeof(out), &alive), t[i].len);
		head.data[4] = out[4];
		head.data[5] = out[5];
		CHECK_MEM(out, head.data, head.len);
		CHECK_EQ(primary_public(t[i].which, out, t[i].len - 1, &alive), 0);
		CHECK(alive);
	}
	CHECK_EQ(primary_public(VTPM_KEYS, out, sizeof(out), &alive), 0);
	CHECK(alive);
	tpm_power_off();
}

/* As tpm2_createprimary makes them: docs/attestation.md. TPM 2.0 part 2, 12.2.4. */
TEST(signing_keys_have_their_templates)
{
	static const struct {
		enum vtpm_key which;
		const char *head;
		uint32_t len;
	} t[] = {
		{VTPM_AK_RSA2048, "0118 0001 000b 00050072 0000 0010 0014 000b 0800 00000000 0100",
		 282},
		{VTPM_AK_ECC_P256, "0058 0023 000b 00050072 0000 0010 0018 000b 0003 0010 0020",
		 90},
		{VTPM_AK_ECC_P384, "0078 0023 000c 00050072 0000 0010 0018 000c 0004 0010 0030",
		 122},
	};
	uint8_t out[512];
	bool alive;

	fresh();
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct tpm_bytes head = tpm_bytes(t[i].head); /* spoils bytes 4 and 5 */

		check_context("signing key %u", i);
		CHECK_EQ(primary_public(t[i].which, out, sizeof(out), &alive), t[i].len);
		head.data[4] = out[4];
		head.data[5] = out[5];
		CHECK_EQ(out[4] << 8 | out[5], i < 2 ? 0x000b : 0x000c);
		CHECK_MEM(out, head.data, head.len);
	}
	tpm_power_off();
}

/* TPM2_ChangeEPS by the platform; part 3. TPM2_Clear leaves the seed alone. */
#define CHANGE_EPS "8002 00000000 00000124 4000000c 00000009 40000009 0000 00 0000"
#define CLEAR      "8002 00000000 00000126 4000000c 00000009 40000009 0000 00 0000"

static void send_watched(const char *hex)
{
	struct tpm_bytes command = tpm_bytes(hex);

	keys_before(command.data, command.len);
	CHECK_EQ(send(hex), 0);
}

TEST(a_new_seed_has_new_keys)
{
	static uint8_t key[4][512];
	bool alive;
	uint32_t n;

	fresh();
	keys_forget();
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	n = keys_public(VTPM_EK_ECC_P256, key[0], sizeof(key[0]), &alive);
	send_watched(CLEAR);
	CHECK_EQ(keys_public(VTPM_EK_ECC_P256, key[1], sizeof(key[1]), &alive), n);
	CHECK_MEM(key[0], key[1], n);
	send_watched(CHANGE_EPS);
	CHECK_EQ(keys_public(VTPM_EK_ECC_P256, key[2], sizeof(key[2]), &alive), n);
	CHECK(memcmp(key[0], key[2], n));
	CHECK_EQ(primary_public(VTPM_EK_ECC_P256, key[3], sizeof(key[3]), &alive), n);
	CHECK_MEM(key[2], key[3], n);
	CHECK_EQ(keys_public(VTPM_EK_ECC_P256, key[3], n - 1, &alive), 0);
	CHECK_EQ(keys_public(VTPM_KEYS, key[3], sizeof(key[3]), &alive), 0);
	CHECK(alive);
	keys_forget();
	tpm_power_off();
}

TEST(making_an_ek_leaves_no_trace)
{
	static uint8_t ek[2][512];
	struct tpm_bytes before, after;
	unsigned stores;
	bool alive;
	uint32_t n;

	fresh();
	n = primary_public(VTPM_EK_ECC_P256, ek[0], sizeof(ek[0]), &alive);
	CHECK_EQ(send(TPM_GET_RANDOM_16), TPM_RC_INITIALIZE); /* it is off still */
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(send(TPM_PCR_EXTEND_10), 0);
	CHECK_EQ(send_at(0, TPM_PCR_READ_10, &before), 0);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(send(TPM_CREATE_SRK), 0);
	CHECK_EQ(send(TPM_CREATE_SRK), TPM_RC_OBJECT_MEMORY); /* no room for a fourth object */
	CHECK_EQ(send(TPM_START_SESSION), 0);                 /* 02000000 */
	/* TPM2_HierarchyChangeAuth(ENDORSEMENT, "pw"), TPM2_HierarchyControl(ENDORSEMENT off) */
	CHECK_EQ(send("8002 00000000 00000129 4000000b 00000009 40000009 0000 00 0000 0002 7077"),
		 0);
	CHECK_EQ(send("8002 00000000 00000121 4000000c 00000009 40000009 0000 00 0000 4000000b 00"),
		 0);
	stores = nv.stores;
	CHECK_EQ(primary_public(VTPM_EK_ECC_P256, ek[1], sizeof(ek[1]), &alive), n);
	CHECK(alive);
	CHECK_EQ(nv.stores - stores, 1); /* one store: the state that was there already */
	CHECK_MEM(ek[0], ek[1], n);
	CHECK_EQ(send_at(0, TPM_PCR_READ_10, &after), 0);
	CHECK_MEM(before.data, after.data, before.len);
	CHECK_EQ(send(TPM_CREATE_SRK), TPM_RC_OBJECT_MEMORY);
	/* TPM2_ReadPublic of an object, TPM2_FlushContext of the session */
	CHECK_EQ(send("8001 00000000 00000173 80000002"), 0);
	CHECK_EQ(send("8001 00000000 00000165 02000000"), 0);
	/* TPM2_HierarchyChangeAuth with the right password: the hierarchy is off still */
	CHECK_EQ(send("8002 00000000 00000129 4000000b 0000000b 40000009 0000 00 0002 7077 0000"),
		 TPM_RC_HIERARCHY_1);
	tpm_power_off();
}

TEST(a_snapshot_brings_everything_back)
{
	static uint8_t blob[SNAPSHOT_ROOM];
	struct tpm_bytes before, after;
	uint32_t n;
	bool alive;

	fresh();
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(send(TPM_PCR_EXTEND_10), 0);
	CHECK_EQ(send(TPM_CREATE_SRK), 0);
	CHECK_EQ(send(TPM_START_SESSION), 0);
	CHECK_EQ(send_at(0, TPM_PCR_READ_10, &before), 0);
	n = snapshot_save(blob, sizeof(blob));
	CHECK(n);
	CHECK_EQ(snapshot_save(blob, n - 1), 0);
	CHECK_EQ(snapshot_save(blob, n), n);
	tpm_power_off();
	fresh(); /* another TPM */
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	CHECK(snapshot_restore(blob, n, &alive));
	CHECK(alive);
	CHECK_EQ(send_at(0, TPM_PCR_READ_10, &after), 0);
	CHECK_MEM(before.data, after.data, before.len);
	CHECK_EQ(send("8001 00000000 00000173 80000000"), 0);
	CHECK_EQ(send("8001 00000000 00000165 02000000"), 0);
	tpm_power_off();
}

TEST(a_bad_snapshot_changes_nothing)
{
	static uint8_t blob[SNAPSHOT_ROOM], bad[SNAPSHOT_ROOM];
	struct snapshot_head head;
	struct tpm_bytes before, after;
	uint32_t n, random = 7;
	bool alive;

	fresh();
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	n = snapshot_save(blob, sizeof(blob));
	CHECK_EQ(send(TPM_PCR_EXTEND_10), 0);
	CHECK_EQ(send_at(0, TPM_PCR_READ_10, &before), 0);
	for (unsigned i = 0; i < 64; i++) {
		memcpy(bad, blob, n);
		bad[check_random(&random) % n] ^= (uint8_t)(1 << i % 8);
		check_context("bit flip %u", i);
		CHECK(!snapshot_restore(bad, n, &alive));
		CHECK(alive);
	}
	for (uint32_t len = 0; len < n; len += 97)
		CHECK(!snapshot_restore(blob, len, &alive) && alive);
	/* well formed, but what it holds is no state of a TPM */
	memset(bad, 0x5a, n);
	memcpy(&head, blob, sizeof(head));
	head.crc = crc32_update(0, bad + sizeof(head), n - sizeof(head));
	memcpy(bad, &head, sizeof(head));
	CHECK(!snapshot_restore(bad, n, &alive) && alive);
	CHECK_EQ(send_at(0, TPM_PCR_READ_10, &after), 0);
	CHECK_MEM(before.data, after.data, before.len);
	CHECK(snapshot_restore(blob, n, &alive) && alive);
	CHECK_EQ(send_at(0, TPM_PCR_READ_10, &after), 0);
	CHECK(memcmp(before.data, after.data, before.len));
	tpm_power_off();
}

static void spoilt_value(const uint8_t start[32], uint8_t out[32])
{
	uint8_t both[64];

	memcpy(both, start, 32);
	EVP_Digest(RECOVER_EVENT, sizeof(RECOVER_EVENT) - 1, both + 32, NULL, EVP_sha256(), NULL);
	EVP_Digest(both, sizeof(both), out, NULL, EVP_sha256(), NULL);
}

TEST(after_a_fault_no_pcr_is_what_a_reset_gives)
{
	struct tpm_bytes r;
	uint8_t start[32], expect[32];

	fresh();
	CHECK_EQ(send(TPM_STARTUP_CLEAR), 0);
	CHECK(tpm_power_cycle());
	CHECK(recover_after_fault());
	CHECK_EQ(send(TPM_STARTUP_CLEAR), TPM_RC_INITIALIZE);
	for (unsigned pcr = 0; pcr <= 23; pcr++) {
		char read[80];
		uint32_t select =
			1u << (8 * (2 - pcr / 8) + pcr % 8); /* PCR 0: bit 0 of the first byte */

		snprintf(read, sizeof(read), "8001 00000000 0000017e 00000001 000b 03 %06x",
			 select);
		check_context("PCR %u", pcr);
		CHECK_EQ(send_at(0, read, &r), 0);
		memset(start, pcr >= 17 && pcr <= 22 ? 0xff : 0, sizeof(start));
		spoilt_value(start, expect);
		CHECK_MEM(r.data + r.len - 32, pcr == 16 || pcr == 23 ? start : expect, 32);
	}
	/* TPM2_HierarchyChangeAuth(PLATFORM): off, TPM_RC_HIERARCHY */
	CHECK_EQ(send("8002 00000000 00000129 4000000c 00000009 40000009 0000 00 0000 0002 7077"),
		 TPM_RC_HIERARCHY_1);
	tpm_power_off();
}
