/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Hash, HMAC and event sequences against libcrypto: part 3, sections 15 and 17. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/keys.h"
#include "tss/pcr.h"
#include "tss/sign.h"

static const TPMI_ALG_HASH hashes[] = {TPM2_ALG_SHA1, TPM2_ALG_SHA256, TPM2_ALG_SHA384,
				       TPM2_ALG_SHA512};
static const TPM2B_AUTH no_auth;

TSS_TEST(hash_once, "hash", "TPM2_Hash of 0 to 1024 bytes is libcrypto's")
{
	static const uint16_t sizes[] = {0, 1, 55, 56, 64, 111, 112, 128, 1023, 1024};
	TPM2B_MAX_BUFFER data = {.size = 0};
	TPMT_TK_HASHCHECK *ticket;
	TPM2B_DIGEST *out;

	crypto_random(data.buffer, sizeof(data.buffer));
	for (unsigned h = 0; h < ARRAY_LEN(hashes); h++)
		for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
			TPM2B_DIGEST want = crypto_digest(hashes[h], data.buffer, sizes[i]);

			data.size = sizes[i];
			OK(Esys_Hash(tss, NO_SESSION, &data, hashes[h], ESYS_TR_RH_NULL, &out,
				     &ticket));
			SAME(out, &want);
		}
}

/* Feeds 3000 bytes in uneven pieces; the last one goes with the completion. A first piece of less
 * than four would cost the ticket: part 3, 17.5. */
static void feed(ESYS_TR sequence, const uint8_t *message, TPM2B_MAX_BUFFER *last)
{
	static const uint16_t pieces[] = {4, 1024, 64, 0, 61, 1000};
	size_t at = 0;

	for (unsigned i = 0; i < ARRAY_LEN(pieces); i++) {
		last->size = pieces[i];
		memcpy(last->buffer, message + at, pieces[i]);
		OK(Esys_SequenceUpdate(tss, sequence, PASSWORD, last));
		at += pieces[i];
	}
	last->size = 3000 - at;
	memcpy(last->buffer, message + at, last->size);
}

TSS_TEST(hash_sequence, "hash-sequence", "a sequence over 3000 bytes gives libcrypto's hash")
{
	uint8_t message[3000];
	TPM2B_MAX_BUFFER last;
	TPMT_TK_HASHCHECK *ticket;
	TPM2B_DIGEST *out, want;
	ESYS_TR sequence;

	crypto_random(message, sizeof(message));
	for (unsigned h = 0; h < ARRAY_LEN(hashes); h++) {
		OK(Esys_HashSequenceStart(tss, NO_SESSION, &no_auth, hashes[h], &sequence));
		feed(sequence, message, &last);
		OK(Esys_SequenceComplete(tss, sequence, PASSWORD, &last, ESYS_TR_RH_OWNER, &out,
					 &ticket));
		want = crypto_digest(hashes[h], message, sizeof(message));
		SAME(out, &want);
		CHECK_EQ(ticket->hierarchy, TPM2_RH_OWNER);
	}
}

TSS_TEST(hash_event, "hash-event-sequence", "an event sequence extends the PCR in every bank")
{
	uint8_t message[3000];
	TPM2B_DIGEST old = pcr_read(TPM2_ALG_SHA256, PCR_DEBUG), new, digest, want;
	TPML_DIGEST_VALUES *values;
	TPM2B_MAX_BUFFER last;
	ESYS_TR sequence;

	crypto_random(message, sizeof(message));
	OK(Esys_HashSequenceStart(tss, NO_SESSION, &no_auth, TPM2_ALG_NULL, &sequence));
	feed(sequence, message, &last);
	OK(Esys_EventSequenceComplete(tss, ESYS_TR_PCR16, sequence, PASSWORD2, &last, &values));
	CHECK_EQ(values->count, ARRAY_LEN(hashes));
	digest = crypto_digest(TPM2_ALG_SHA256, message, sizeof(message));
	want = crypto_digest2(TPM2_ALG_SHA256, old.buffer, 32, digest.buffer, 32);
	new = pcr_read(TPM2_ALG_SHA256, PCR_DEBUG);
	SAME(&new, &want);
}

static struct key hmac_key(TPMI_ALG_HASH hash, const void *bytes, size_t len)
{
	TPM2B_PUBLIC tmpl = key_hmac(hash);

	tmpl.publicArea.objectAttributes &= ~TPMA_OBJECT_SENSITIVEDATAORIGIN;
	return key_primary(ESYS_TR_RH_NULL, tmpl, key_secret(NULL, bytes, len));
}

TSS_TEST(hash_hmac, "hmac", "HMAC at once and as a sequence is libcrypto's, with our own key")
{
	uint8_t message[3000], bytes[32];
	TPM2B_MAX_BUFFER data = {.size = 0};
	TPMT_TK_HASHCHECK *ticket;
	TPM2B_DIGEST *out, want;
	ESYS_TR sequence;

	crypto_random(message, sizeof(message));
	crypto_random(bytes, sizeof(bytes));
	for (unsigned h = 1; h < ARRAY_LEN(hashes); h++) {
		struct key k = hmac_key(hashes[h], bytes, sizeof(bytes));

		data.size = 1000;
		memcpy(data.buffer, message, data.size);
		OK(Esys_HMAC(tss, k.handle, PASSWORD, &data, TPM2_ALG_NULL, &out));
		want = crypto_hmac(hashes[h], bytes, sizeof(bytes), message, data.size);
		SAME(out, &want);

		OK(Esys_HMAC_Start(tss, k.handle, PASSWORD, &no_auth, TPM2_ALG_NULL, &sequence));
		feed(sequence, message, &data);
		OK(Esys_SequenceComplete(tss, sequence, PASSWORD, &data, ESYS_TR_RH_NULL, &out,
					 &ticket));
		want = crypto_hmac(hashes[h], bytes, sizeof(bytes), message, sizeof(message));
		SAME(out, &want);
		key_flush(&k);
	}
}

TSS_TEST(hash_magic, "hash-restricted-key",
	 "a restricted key signs what the TPM hashed, unless it starts like an attestation")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_ATTEST, TPM2_ALG_ECDSA));
	TPM2B_MAX_BUFFER data = {.size = 4, .buffer = "text"};
	TPMT_SIG_SCHEME own = {.scheme = TPM2_ALG_NULL};
	TPMT_TK_HASHCHECK *ticket;
	TPMT_SIGNATURE *signature;
	TPM2B_DIGEST *digest;

	OK(Esys_Hash(tss, NO_SESSION, &data, TPM2_ALG_SHA256, ESYS_TR_RH_OWNER, &digest, &ticket));
	OK(Esys_Sign(tss, k.handle, PASSWORD, digest, &own, ticket, &signature));
	CHECK(crypto_verify(k.public, digest, signature));
	memcpy(data.buffer,
	       "\xff"
	       "TCG",
	       4); /* TPM_GENERATED_VALUE, part 2, 6.2 */
	OK(Esys_Hash(tss, NO_SESSION, &data, TPM2_ALG_SHA256, ESYS_TR_RH_OWNER, &digest, &ticket));
	FAILS(Esys_Sign(tss, k.handle, PASSWORD, digest, &own, ticket, &signature),
	      RC_P(TPM2_RC_TICKET, 3));
}
