/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Primary keys of the endorsement hierarchy. keys.c calls it. The guest's TPM must look afterwards
 * as if nothing had happened, so the key is made in a copy of its state.
 */
#include <string.h>
#include "services/vtpm/primary.h"
#include "services/vtpm/message.h"
#include "services/vtpm/tpm.h"

/* TPM 2.0 part 2 */
#define ALG_RSA    0x0001
#define ALG_AES    0x0006
#define ALG_SHA256 0x000b
#define ALG_SHA384 0x000c
#define ALG_NULL   0x0010
#define ALG_RSASSA 0x0014
#define ALG_ECDSA  0x0018
#define ALG_ECC    0x0023
#define ALG_CFB    0x0043
#define CURVE_P256 0x0003
#define CURVE_P384 0x0004

/* Attributes: fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt;
 * templates of the high range also userWithAuth. */
#define EK_LOW  0x000300b2
#define EK_HIGH 0x000300f2
/* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign */
#define AK 0x00050072

/* EK Credential Profile B.3.3: TPM2_PolicySecret(TPM_RH_ENDORSEMENT) */
static const uint8_t policy_a_sha256[] = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8,
					  0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
					  0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64,
					  0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};
/* B.6.5, PolicyB: that policy, or the one of the NV index that the manufacturer may define */
static const uint8_t policy_b_sha384[] = {
	0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc,
	0xf5, 0xfd, 0x3a, 0x1a, 0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4,
	0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca, 0xcb, 0x47, 0xba, 0x09,
	0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12};

struct template
{
	uint16_t type, name_alg;
	uint32_t attributes;
	const uint8_t *policy;
	uint16_t policy_len;
	uint16_t aes_bits; /* 0: it has no symmetric cipher, because it signs: */
	uint16_t scheme, hash;
	uint16_t size;   /* RSA: modulus in bits; ECC: curve */
	uint16_t unique; /* zero bytes in each unique field */
};

static const struct template templates[VTPM_KEYS] = {
	[VTPM_EK_RSA2048] = {.type = ALG_RSA,
			     .name_alg = ALG_SHA256,
			     .attributes = EK_LOW,
			     .policy = policy_a_sha256,
			     .policy_len = sizeof(policy_a_sha256),
			     .aes_bits = 128,
			     .size = 2048,
			     .unique = 256},
	[VTPM_EK_ECC_P256] = {.type = ALG_ECC,
			      .name_alg = ALG_SHA256,
			      .attributes = EK_LOW,
			      .policy = policy_a_sha256,
			      .policy_len = sizeof(policy_a_sha256),
			      .aes_bits = 128,
			      .size = CURVE_P256,
			      .unique = 32},
	[VTPM_EK_ECC_P384] = {.type = ALG_ECC,
			      .name_alg = ALG_SHA384,
			      .attributes = EK_HIGH,
			      .policy = policy_b_sha384,
			      .policy_len = sizeof(policy_b_sha384),
			      .aes_bits = 256,
			      .size = CURVE_P384},
	[VTPM_AK_RSA2048] = {.type = ALG_RSA,
			     .name_alg = ALG_SHA256,
			     .attributes = AK,
			     .scheme = ALG_RSASSA,
			     .hash = ALG_SHA256,
			     .size = 2048},
	[VTPM_AK_ECC_P256] = {.type = ALG_ECC,
			      .name_alg = ALG_SHA256,
			      .attributes = AK,
			      .scheme = ALG_ECDSA,
			      .hash = ALG_SHA256,
			      .size = CURVE_P256},
	[VTPM_AK_ECC_P384] = {.type = ALG_ECC,
			      .name_alg = ALG_SHA384,
			      .attributes = AK,
			      .scheme = ALG_ECDSA,
			      .hash = ALG_SHA384,
			      .size = CURVE_P384},
};

static void put_unique(struct message *m, uint16_t zeros)
{
	static const uint8_t zero[256];

	message_u16(m, zeros);
	message_bytes(m, zero, zeros);
}

/* Symmetric cipher and scheme, of which a key has one. */
static void put_algorithms(struct message *m, const struct template *t)
{
	if (!t->aes_bits) {
		message_u16(m, ALG_NULL);
		message_u16(m, t->scheme);
		message_u16(m, t->hash);
		return;
	}
	message_u16(m, ALG_AES);
	message_u16(m, t->aes_bits);
	message_u16(m, ALG_CFB);
	message_u16(m, ALG_NULL);
}

/* A TPMT_PUBLIC: TPM 2.0 part 2, 12.2.4. */
static void put_public(struct message *m, const struct template *t)
{
	message_u16(m, t->type);
	message_u16(m, t->name_alg);
	message_u32(m, t->attributes);
	message_u16(m, t->policy_len);
	if (t->policy_len)
		message_bytes(m, t->policy, t->policy_len);
	put_algorithms(m, t);
	message_u16(m, t->size);
	if (t->type == ALG_RSA) {
		message_u32(m, 0); /* exponent: the default */
	} else {
		message_u16(m, ALG_NULL); /* kdf */
		put_unique(m, t->unique); /* x; y follows */
	}
	put_unique(m, t->unique);
}

static void create_primary(struct message *m, const struct template *t)
{
	uint32_t at;

	message_begin_auth(m, TPM_CC_CREATE_PRIMARY, TPM_RH_ENDORSEMENT);
	message_u16(m, 4); /* inSensitive, 4 bytes: */
	message_u32(m, 0); /* no auth value, no data */
	at = message_open(m);
	put_public(m, t);
	message_close(m, at);
	message_u16(m, 0); /* outsideInfo */
	message_u32(m, 0); /* creationPCR */
}

/* Brings the copy into a state in which nothing prevents a key: after Startup the platform has all
 * rights, and clears whatever the guest has set. */
static bool make_way(void)
{
	return tpm_power_cycle() && message_startup() && message_clear_control(false) &&
	       message_clear();
}

/* Takes outPublic out of the response: header, handle, parameter size, outPublic, ... 0: it does
 * not fit. */
static uint32_t take_public(const struct message *m, void *out, uint32_t room)
{
	uint32_t at = sizeof(struct tpm_header) + 8;
	uint32_t len;

	if (m->len < at + 2)
		return 0;
	len = 2u + (uint32_t)(m->data[at] << 8 | m->data[at + 1]);
	if (len > room || m->len - at < len)
		return 0;
	memcpy(out, m->data + at, len);
	return len;
}

static uint32_t in_the_copy(const struct template *t, void *out, uint32_t room)
{
	struct message m;

	if (!make_way())
		return 0;
	create_primary(&m, t);
	return message_send(&m, 0) ? take_public(&m, out, room) : 0;
}

/* Storing is off meanwhile: the copy's permanent state must not replace the real one. Then the
 * real state runs again. */
uint32_t primary_public(enum vtpm_key which, void *out, uint32_t room, bool *alive)
{
	struct tpm_image real;
	uint32_t len;

	*alive = true;
	if ((unsigned)which >= ARRAY_LEN(templates) || !tpm_image_take(&real))
		return 0;
	tpm_store_off();
	len = in_the_copy(&templates[which], out, room);
	tpm_store_on();
	*alive = tpm_image_run(&real);
	tpm_image_free(&real);
	return *alive ? len : 0;
}
