/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Saved contexts: part 3, section 28; part 1, section 30. */
#include "tss/crypto.h"
#include "tss/keys.h"
#include "tss/session.h"
#include "tss/sign.h"

TSS_TEST(context_object, "context-object", "a saved object is loaded twice, and both sign")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA));
	TPMS_CONTEXT *saved;

	OK(Esys_ContextSave(tss, k.handle, &saved));
	CHECK(saved->contextBlob.size <= tss_property(TPM2_PT_MAX_OBJECT_CONTEXT));
	key_flush(&k);
	for (int i = 0; i < 2; i++) {
		OK(Esys_ContextLoad(tss, saved, &k.handle));
		sign_round_trip(&k, TPM2_ALG_ECDSA);
	}
}

TSS_TEST(context_rsa, "context-rsa", "the context of an RSA-3072 key fits and loads")
{
	struct key k = key_null(key_rsa(3072, KEY_SIGN, TPM2_ALG_RSASSA));
	TPMS_CONTEXT *saved;

	OK(Esys_ContextSave(tss, k.handle, &saved));
	key_flush(&k);
	OK(Esys_ContextLoad(tss, saved, &k.handle));
	sign_round_trip(&k, TPM2_ALG_RSASSA);
}

TSS_TEST(context_session, "context-session", "a saved session goes on, once; its copy does not")
{
	ESYS_TR session = session_trial(), again;
	TPM2B_DIGEST digest = {0};
	TPMS_CONTEXT *saved;
	TPM2_HANDLE handle;

	OK(Esys_PolicyAuthValue(tss, session, NO_SESSION));
	policy_extend(&digest, TPM2_CC_PolicyAuthValue, NULL, 0);
	OK(Esys_ContextSave(tss, session, &saved));
	CHECK_EQ(tss_handles(TPM2_LOADED_SESSION_FIRST, &handle, 1), 0);
	CHECK_EQ(tss_handles(TPM2_ACTIVE_SESSION_FIRST, &handle, 1), 1);
	OK(Esys_ContextLoad(tss, saved, &session));
	POLICY_IS(session, &digest);
	FAILS(Esys_ContextLoad(tss, saved, &again), RC_P(TPM2_RC_HANDLE, 1));
}

TSS_TEST(context_many, "context-many-sessions", "sixteen saved sessions, loaded in any order")
{
	TPMS_CONTEXT *saved[16];
	ESYS_TR session;

	for (unsigned i = 0; i < 16; i++) {
		session = session_trial();
		OK(Esys_PolicyLocality(tss, session, NO_SESSION, (uint8_t)(1 << (i % 5))));
		OK(Esys_ContextSave(tss, session, &saved[i]));
	}
	for (unsigned i = 0; i < 16; i++) {
		unsigned n = (i * 5 + 3) % 16;
		uint8_t locality = 1 << (n % 5);
		TPM2B_DIGEST digest = {0};

		policy_extend(&digest, TPM2_CC_PolicyLocality, &locality, 1);
		OK(Esys_ContextLoad(tss, saved[n], &session));
		POLICY_IS(session, &digest);
		session_flush(session);
	}
}

TSS_TEST(context_broken, "context-tampered", "a context with one bit changed does not load")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA));
	TPMS_CONTEXT *saved;
	uint8_t *blob;
	ESYS_TR again;

	OK(Esys_ContextSave(tss, k.handle, &saved));
	/* ESYS wraps the TPM's blob with data of its own; the TPM's bytes are the last but those.
	 */
	blob = saved->contextBlob.buffer + saved->contextBlob.size / 4;
	blob[0] ^= 1;
	FAILS(Esys_ContextLoad(tss, saved, &again), RC_P(TPM2_RC_INTEGRITY, 1));
	blob[0] ^= 1;
	OK(Esys_ContextLoad(tss, saved, &again));
}

TSS_TEST(context_sequence, "context-sequence", "a hash sequence is saved half way and goes on")
{
	TPM2B_MAX_BUFFER half = {.size = 4, .buffer = "half"};
	TPM2B_DIGEST *out, want = crypto_digest(TPM2_ALG_SHA256, "halfhalf", 8);
	TPMT_TK_HASHCHECK *ticket;
	TPM2B_AUTH none = {0};
	TPMS_CONTEXT *saved;
	ESYS_TR sequence;

	OK(Esys_HashSequenceStart(tss, NO_SESSION, &none, TPM2_ALG_SHA256, &sequence));
	OK(Esys_SequenceUpdate(tss, sequence, PASSWORD, &half));
	OK(Esys_ContextSave(tss, sequence, &saved));
	OK(Esys_FlushContext(tss, sequence));
	OK(Esys_ContextLoad(tss, saved, &sequence));
	OK(Esys_SequenceComplete(tss, sequence, PASSWORD, &half, ESYS_TR_RH_NULL, &out, &ticket));
	SAME(out, &want);
}
