/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* EncryptDecrypt2 against libcrypto: part 3, section 15.3. */
#include <stdio.h>
#include <string.h>

#include "tss/crypto.h"
#include "tss/keys.h"

#define TEXT 1024

static const struct {
	TPMI_ALG_SYM_MODE mode;
	const char *name;
} modes[] = {{TPM2_ALG_CFB, "CFB"},
	     {TPM2_ALG_CBC, "CBC"},
	     {TPM2_ALG_CTR, "CTR"},
	     {TPM2_ALG_OFB, "OFB"},
	     {TPM2_ALG_ECB, "ECB"}};

static void by_libcrypto(unsigned bits, const char *mode, const uint8_t *key, const uint8_t *iv,
			 const uint8_t *plain, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	EVP_CIPHER *cipher;
	char name[32];
	int len = 0;

	snprintf(name, sizeof(name), "AES-%u-%s", bits, mode);
	cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	REQUIRE(cipher && EVP_EncryptInit_ex2(context, cipher, key, iv, NULL) == 1);
	EVP_CIPHER_CTX_set_padding(context, 0);
	REQUIRE(EVP_EncryptUpdate(context, out, &len, plain, TEXT) == 1);
	CHECK_EQ(len, TEXT);
	EVP_CIPHER_CTX_free(context);
}

static void one(unsigned bits, TPMI_ALG_SYM_MODE mode, const char *name)
{
	TPM2B_PUBLIC tmpl = key_aes(bits, mode);
	TPM2B_IV iv = {.size = mode == TPM2_ALG_ECB ? 0 : 16}, *next;
	TPM2B_MAX_BUFFER plain = {.size = TEXT}, *out, *back;
	uint8_t bytes[32], want[TEXT + 16];
	struct key k;

	crypto_random(bytes, sizeof(bytes));
	crypto_random(iv.buffer, sizeof(iv.buffer));
	crypto_random(plain.buffer, TEXT);
	tmpl.publicArea.objectAttributes &= ~TPMA_OBJECT_SENSITIVEDATAORIGIN;
	k = key_primary(ESYS_TR_RH_NULL, tmpl, key_secret(NULL, bytes, bits / 8));
	OK(Esys_EncryptDecrypt2(tss, k.handle, PASSWORD, &plain, TPM2_NO, mode, &iv, &out, &next));
	by_libcrypto(bits, name, bytes, iv.buffer, plain.buffer, want);
	SAME_BYTES(out->buffer, out->size, want, TEXT);
	OK(Esys_EncryptDecrypt2(tss, k.handle, PASSWORD, out, TPM2_YES, mode, &iv, &back, &next));
	SAME(back, &plain);
	key_flush(&k);
}

TSS_TEST(aes_modes, "aes-modes", "AES-128 in CFB, CBC, CTR, OFB and ECB is libcrypto's, both ways")
{
	for (unsigned i = 0; i < ARRAY_LEN(modes); i++)
		one(128, modes[i].mode, modes[i].name);
}

TSS_TEST(aes_256, "aes-256", "AES-256 in CFB and CTR is libcrypto's, both ways")
{
	one(256, TPM2_ALG_CFB, "CFB");
	one(256, TPM2_ALG_CTR, "CTR");
}

TSS_TEST(aes_chain, "aes-chained", "two pieces, the second with the IV that the first gave back")
{
	struct key k = key_null(key_aes(128, TPM2_ALG_CFB));
	TPM2B_MAX_BUFFER whole = {.size = 96}, piece = {.size = 48}, *all, *first, *second;
	TPM2B_IV iv = {.size = 16}, *next;
	const TPMI_ALG_SYM_MODE mode = TPM2_ALG_NULL; /* the key's own */

	crypto_random(whole.buffer, whole.size);
	OK(Esys_EncryptDecrypt2(tss, k.handle, PASSWORD, &whole, TPM2_NO, mode, &iv, &all, &next));
	memcpy(piece.buffer, whole.buffer, 48);
	OK(Esys_EncryptDecrypt2(tss, k.handle, PASSWORD, &piece, TPM2_NO, mode, &iv, &first,
				&next));
	memcpy(piece.buffer, whole.buffer + 48, 48);
	OK(Esys_EncryptDecrypt2(tss, k.handle, PASSWORD, &piece, TPM2_NO, mode, next, &second,
				&next));
	SAME_BYTES(all->buffer, 48, first->buffer, first->size);
	SAME_BYTES(all->buffer + 48, 48, second->buffer, second->size);
}

TSS_TEST(aes_bad, "aes-refused", "an IV of the wrong size, and a mode that is not the key's")
{
	struct key k = key_null(key_aes(128, TPM2_ALG_CFB));
	TPM2B_MAX_BUFFER data = {.size = 16}, *out;
	TPM2B_IV iv = {.size = 15}, *next;

	FAILS(Esys_EncryptDecrypt2(tss, k.handle, PASSWORD, &data, TPM2_NO, TPM2_ALG_CFB, &iv, &out,
				   &next),
	      RC_P(TPM2_RC_SIZE, 4));
	iv.size = 16;
	FAILS(Esys_EncryptDecrypt2(tss, k.handle, PASSWORD, &data, TPM2_NO, TPM2_ALG_CBC, &iv, &out,
				   &next),
	      RC_P(TPM2_RC_MODE, 3));
}
