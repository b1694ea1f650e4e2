/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* HMAC sessions, bound and salted, and encrypted parameters; ESYS computes every HMAC and cipher
 * text on its own and so judges the TPM. Part 1, sections 19.6 and 21. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/keys.h"
#include "tss/nv.h"
#include "tss/session.h"

#define ENCRYPT (TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT)

static struct key salt_key(bool rsa)
{
	return key_null(rsa ? key_rsa(2048, KEY_STORAGE, TPM2_ALG_NULL)
			    : key_ecc(TPM2_ECC_NIST_P256, KEY_STORAGE, TPM2_ALG_NULL));
}

/* Unseals and writes by that session, several times: nonces roll. */
static void use(ESYS_TR session)
{
	struct key parent = key_parent();
	struct key k = key_child(&parent, key_sealed(KEY_HERE), key_secret("pass", "data", 4));
	TPM2B_SENSITIVE_DATA *out;

	key_flush(&parent);
	for (int i = 0; i < 3; i++) {
		OK(Esys_Unseal(tss, k.handle, BY(session), &out));
		SAME_BYTES(out->buffer, out->size, "data", 4);
	}
	key_flush(&k);
}

TSS_TEST(hmac_plain, "session-hmac", "an unbound, unsalted HMAC session authorizes")
{
	use(session_hmac(ESYS_TR_NONE, ESYS_TR_NONE, &session_no_cipher));
}

TSS_TEST(hmac_salted, "session-salted", "sessions salted to an RSA and to an ECC key authorize")
{
	struct key rsa = salt_key(true), ecc;

	use(session_hmac(rsa.handle, ESYS_TR_NONE, &session_no_cipher));
	key_flush(&rsa);
	ecc = salt_key(false);
	use(session_hmac(ecc.handle, ESYS_TR_NONE, &session_no_cipher));
}

TSS_TEST(hmac_bound, "session-bound", "a bound session authorizes its object and others")
{
	ESYS_TR index = nv_define(0, NV_PLAIN, 8, "bound", NULL);
	ESYS_TR session = session_hmac(ESYS_TR_NONE, index, &session_no_cipher);
	TPM2B_MAX_NV_BUFFER data = {.size = 8, .buffer = "12345678"}, *out;

	OK(Esys_NV_Write(tss, index, index, BY(session), &data, 0));
	OK(Esys_NV_Read(tss, index, index, BY(session), 8, 0, &out));
	SAME(out, &data);
	use(session);
}

TSS_TEST(hmac_wrong, "session-wrong-auth", "an HMAC over the wrong authorization is refused")
{
	ESYS_TR index = nv_define(0, NV_PLAIN, 8, "right", NULL);
	ESYS_TR session = session_hmac(ESYS_TR_NONE, ESYS_TR_NONE, &session_no_cipher);
	TPM2B_MAX_NV_BUFFER data = {.size = 8};
	TPM2B_AUTH wrong;

	tss_auth(&wrong, "wrong");
	OK(Esys_TR_SetAuth(tss, index, &wrong));
	FAILS(Esys_NV_Write(tss, index, index, BY(session), &data, 0), RC_S(TPM2_RC_BAD_AUTH, 1));
}

static void encrypted(ESYS_TR salt, const TPMT_SYM_DEF *cipher)
{
	ESYS_TR session = session_hmac(salt, ESYS_TR_NONE, cipher);
	ESYS_TR index = nv_define(0, NV_PLAIN, 64, "secret", NULL);
	TPM2B_MAX_NV_BUFFER data = {.size = 64}, *out;
	TPM2B_DIGEST *random;

	session_flags(session, ENCRYPT);
	crypto_random(data.buffer, data.size);
	OK(Esys_NV_Write(tss, index, index, BY(session), &data, 0));
	SAME_BYTES(nv_read(index, 64, 0).buffer, 64, data.buffer, 64);
	session_flags(session, TPMA_SESSION_ENCRYPT);
	OK(Esys_NV_Read(tss, index, index, BY(session), 64, 0, &out));
	SAME(out, &data);
	OK(Esys_GetRandom(tss, BY(session), 32, &random));
	CHECK_EQ(random->size, 32);
}

TSS_TEST(encrypt_aes, "session-encrypt-aes", "parameters travel both ways under AES-CFB")
{
	encrypted(salt_key(false).handle, &session_aes_cfb);
}

TSS_TEST(encrypt_xor, "session-encrypt-xor", "parameters travel both ways under XOR obfuscation")
{
	encrypted(salt_key(false).handle, &session_xor);
}

TSS_TEST(encrypt_hidden, "session-encrypt-hides",
	 "what an encrypted session carries is not in clear")
{
	ESYS_TR session = session_hmac(salt_key(false).handle, ESYS_TR_NONE, &session_aes_cfb);
	struct key parent = key_parent();
	struct key k = key_child(&parent, key_sealed(KEY_HERE),
				 key_secret(NULL, "a text nobody should read on the way", 36));
	TSS2_TCTI_CONTEXT *tcti;
	uint8_t response[4096];
	size_t len = sizeof(response);

	session_flags(session, TPMA_SESSION_ENCRYPT);
	OK(Esys_Unseal_Async(tss, k.handle, BY(session)));
	OK(Esys_GetTcti(tss, &tcti));
	OK(Tss2_Tcti_Receive(tcti, &len, response, TSS2_TCTI_TIMEOUT_BLOCK));
	CHECK(len > 36 && response[6] == 0 && response[9] == 0); /* success */
	CHECK(memmem(response, len, "nobody should", 13) == NULL);
}

TSS_TEST(session_many, "session-memory", "three loaded sessions; a fourth has no place")
{
	ESYS_TR first = session_trial(), fourth;

	session_trial();
	session_trial();
	FAILS(Esys_StartAuthSession(tss, ESYS_TR_NONE, ESYS_TR_NONE, NO_SESSION, NULL,
				    TPM2_SE_TRIAL, &session_no_cipher, TPM2_ALG_SHA256, &fourth),
	      TPM2_RC_SESSION_MEMORY);
	session_flush(first);
	session_trial();
}

TSS_TEST(session_once, "session-ends",
	 "a session without CONTINUESESSION is gone after its command")
{
	ESYS_TR session = session_hmac(ESYS_TR_NONE, ESYS_TR_NONE, &session_no_cipher);
	ESYS_TR index = nv_define(0, NV_PLAIN, 8, NULL, NULL);
	TPM2B_MAX_NV_BUFFER data = {.size = 8};
	TPM2_HANDLE handle;

	OK(Esys_TRSess_SetAttributes(tss, session, 0, 0xff));
	CHECK_EQ(tss_handles(TPM2_LOADED_SESSION_FIRST, &handle, 1), 1);
	OK(Esys_NV_Write(tss, index, index, BY(session), &data, 0));
	CHECK_EQ(tss_handles(TPM2_LOADED_SESSION_FIRST, &handle, 1), 0);
}
