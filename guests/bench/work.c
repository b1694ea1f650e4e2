/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The commands as bytes: TPM 2.0 part 3; templates of part 2, 12.2.4. */
#include <string.h>

#include "bench/work.h"
#include "tools/external.h"

enum {
	CC_CREATE = 0x153,
	CC_QUOTE = 0x158,
	CC_FLUSH_CONTEXT = 0x165,
	CC_GET_RANDOM = 0x17b,
	CC_PCR_READ = 0x17e,
	CC_PCR_EXTEND = 0x182,
	RH_OWNER = 0x40000001,
	ALG_RSA = 0x01,
	ALG_AES = 0x06,
	ALG_SHA256 = 0x0b,
	ALG_NULL = 0x10,
	ALG_RSASSA = 0x14,
	ALG_ECDSA = 0x18,
	ALG_ECC = 0x23,
	ALG_CFB = 0x43,
	ECC_P256 = 3,
	/* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA (or the first use is
	 * answered TPM_RC_RETRY); then restricted and decrypt, restricted and sign, sign */
	USE_HERE = 0x472,
	USE_STORAGE = USE_HERE | 0x30000,
	USE_ATTEST = USE_HERE | 0x50000,
	USE_SIGN = USE_HERE | 0x40000,
	PCR_DEBUG = 16,
};

/* One bank and three bytes of bits: the first has PCRs 0 to 7, the third 16 to 23. */
static void pcr_selection(struct message *m, uint8_t first, uint8_t third)
{
	message_u32(m, 1);
	message_u16(m, ALG_SHA256);
	message_u8(m, 3);
	message_u8(m, first);
	message_u8(m, 0);
	message_u8(m, third);
}

/*
 * The part of a template that all types share. Only a parent has a symmetric cipher, which protects
 * its children.
 */
static void public_head(struct message *m, uint16_t type, uint32_t use)
{
	message_u16(m, type);
	message_u16(m, ALG_SHA256);
	message_u32(m, use);
	message_u16(m, 0); /* no policy */
	message_u16(m, use == USE_STORAGE ? ALG_AES : ALG_NULL);
	if (use == USE_STORAGE) {
		message_u16(m, 128);
		message_u16(m, ALG_CFB);
	}
}

static void public_ecc(struct message *m, uint32_t use, unsigned unique UNUSED)
{
	public_head(m, ALG_ECC, use);
	message_u16(m, use == USE_STORAGE ? ALG_NULL : ALG_ECDSA);
	if (use != USE_STORAGE)
		message_u16(m, ALG_SHA256);
	message_u16(m, ECC_P256);
	message_u16(m, ALG_NULL); /* no KDF */
	message_u16(m, 0);        /* x */
	message_u16(m, 0);        /* y */
}

/* A primary is a function of its seed and template: unique makes it another one. */
static void public_rsa(struct message *m, uint32_t use, unsigned unique)
{
	public_head(m, ALG_RSA, use);
	message_u16(m, ALG_RSASSA);
	message_u16(m, ALG_SHA256);
	message_u16(m, 2048);
	message_u32(m, 0); /* the usual exponent */
	message_u16(m, unique ? 4 : 0);
	if (unique)
		message_u32(m, unique);
}

/* TPM2_Create and TPM2_CreatePrimary take the same parameters. */
static void create(struct message *m, uint32_t cc, uint32_t parent,
		   void (*public)(struct message *m, uint32_t use, unsigned unique), uint32_t use,
		   unsigned unique)
{
	uint32_t at;

	message_begin_auth(m, cc, parent);
	message_u16(m, 4); /* sensitive: no authorization, no data */
	message_u32(m, 0);
	at = message_open(m);
	public(m, use, unique);
	message_close(m, at);
	message_u16(m, 0); /* outside info */
	message_u32(m, 0); /* creation PCRs */
	message_end(m);
}

void work_key(struct message *m, const char *name)
{
	bool rsa = !strcmp(name, "rsa");
	uint32_t use = !strcmp(name, "parent") ? USE_STORAGE : USE_ATTEST;

	create(m, TPM_CC_CREATE_PRIMARY, RH_OWNER, rsa ? public_rsa : public_ecc, use, 0);
}

void work_flush(struct message *m, uint32_t handle)
{
	message_begin(m, CC_FLUSH_CONTEXT);
	message_u32(m, handle);
	message_end(m);
}

static void pcr_read(struct message *m, uint32_t key UNUSED, unsigned n UNUSED)
{
	message_begin(m, CC_PCR_READ);
	pcr_selection(m, 1, 0);
	message_end(m);
}

static void pcr_extend(struct message *m, uint32_t key UNUSED, unsigned n UNUSED)
{
	message_begin_auth(m, CC_PCR_EXTEND, PCR_DEBUG);
	message_u32(m, 1);
	message_u16(m, ALG_SHA256);
	for (unsigned i = 0; i < 32; i++)
		message_u8(m, (uint8_t)i);
	message_end(m);
}

static void get_random(struct message *m, uint32_t key UNUSED, unsigned n UNUSED)
{
	message_begin(m, CC_GET_RANDOM);
	message_u16(m, 32);
	message_end(m);
}

static void ecc_primary(struct message *m, uint32_t key UNUSED, unsigned n UNUSED)
{
	create(m, TPM_CC_CREATE_PRIMARY, RH_OWNER, public_ecc, USE_SIGN, 0);
}

static void quote(struct message *m, uint32_t key, unsigned n UNUSED)
{
	message_begin_auth(m, CC_QUOTE, key);
	message_u16(m, 4); /* qualifying data */
	message_u32(m, 0x01020304);
	message_u16(m, ALG_NULL); /* the key's scheme */
	pcr_selection(m, 0xff, 0x01);
	message_end(m);
}

/*
 * A new key below a parent, with primes from the TPM's random numbers: each one takes another time.
 */
static void rsa_create(struct message *m, uint32_t key, unsigned n UNUSED)
{
	create(m, CC_CREATE, key, public_rsa, USE_SIGN, 0);
}

/* Its primes come from the TPM's seed, so both ways try the same ones. */
static void rsa_primary(struct message *m, uint32_t key UNUSED, unsigned n)
{
	create(m, TPM_CC_CREATE_PRIMARY, RH_OWNER, public_rsa, USE_SIGN, 1 + n);
}

const struct work work_list[] = {
	{"pcr_read", .command = pcr_read, .same = true},
	{"pcr_extend", .command = pcr_extend, .same = true},
	{"get_random", .command = get_random, .same = true},
	{"ecc_primary", .command = ecc_primary, .makes_object = true, .same = true},
	{"quote_ecc", .key = "ecc", .command = quote},
	{"quote_rsa", .key = "rsa", .command = quote},
	{"rsa_primary", .slow = true, .command = rsa_primary, .makes_object = true, .same = true},
	{"rsa_create", .slow = true, .key = "parent", .command = rsa_create},
};
const unsigned work_count = ARRAY_LEN(work_list);

static uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/*
 * A failed command must not count as a fast one. len 0: there was no response, which the way has
 * reported.
 */
bool work_succeeded(const uint8_t *response, uint32_t len)
{
	if (len >= sizeof(struct tpm_header) && word(response + 6) == 0)
		return true;
	if (len)
		external_fail(EXTERNAL_HERE, "the TPM's answer is 0x%x", word(response + 6));
	return false;
}

uint32_t work_handle(const uint8_t *response, uint32_t len)
{
	return work_succeeded(response, len) && len >= 14 ? word(response + 10) : 0;
}
