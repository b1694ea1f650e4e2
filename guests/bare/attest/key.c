/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Templates of keys, and what a public area says of its key: TPM 2.0 Library, part 2, 12.2.4. */
#include "bare/attest/key.h"

#define PRIMARY  "00000131 4000000b @pw [ [] [] ] "
#define NO_MORE  " [] 00000000"
#define POLICY_A "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"
#define POLICY_B_SHA384                                                                            \
	"b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419ca"                         \
	"cb47ba09699646150f9fc000f3f80e12"

#define RSA 0x0001
#define ECC 0x0023

const struct key_template key_endorsement[KEY_KINDS] = {
	[KEY_RSA] = {"endorsement RSA-2048, L-1",
		     PRIMARY "[ 0001 000b 000300b2 [ " POLICY_A
			     " ] 0006 0080 0043 0010 0800 00000000 [ %z ] ]" NO_MORE,
		     {256, 0},
		     RSA,
		     2048,
		     0x000300b2},
	[KEY_P256] = {"endorsement P-256, L-2",
		      PRIMARY "[ 0023 000b 000300b2 [ " POLICY_A
			      " ] 0006 0080 0043 0010 0003 0010 [ %z ] [ %z ] ]" NO_MORE,
		      {32, 32},
		      ECC,
		      3,
		      0x000300b2},
	[KEY_P384] = {"endorsement P-384, H-3",
		      PRIMARY "[ 0023 000c 000300f2 [ " POLICY_B_SHA384
			      " ] 0006 0100 0043 0010 0004 0010 [ %z ] [ %z ] ]" NO_MORE,
		      {0, 0},
		      ECC,
		      4,
		      0x000300f2},
};

/* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign */
#define SIGNING 0x00050072

const struct key_template key_signing[KEY_KINDS] = {
	[KEY_RSA] = {"signing RSA-2048",
		     PRIMARY
		     "[ 0001 000b 00050072 [] 0010 0014 000b 0800 00000000 [ %z ] ]" NO_MORE,
		     {0, 0},
		     RSA,
		     2048,
		     SIGNING},
	[KEY_P256] = {"signing P-256",
		      PRIMARY
		      "[ 0023 000b 00050072 [] 0010 0018 000b 0003 0010 [ %z ] [ %z ] ]" NO_MORE,
		      {0, 0},
		      ECC,
		      3,
		      SIGNING},
	[KEY_P384] = {"signing P-384",
		      PRIMARY
		      "[ 0023 000c 00050072 [] 0010 0018 000c 0004 0010 [ %z ] [ %z ] ]" NO_MORE,
		      {0, 0},
		      ECC,
		      4,
		      SIGNING},
};

uint64_t key_big(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Where a TPMT_SYM_DEF_OBJECT or a scheme ends: an algorithm, and `more` bytes unless it is NULL.
 */
static uint32_t behind(const uint8_t *p, uint32_t at, unsigned more)
{
	return at + (key_big(p + at, 2) == 0x0010 ? 2 : 2 + more);
}

/* The parameters begin behind type, nameAlg, attributes and authPolicy. */
bool key_fits(const struct key_template *t, const uint8_t *p, uint32_t size)
{
	uint32_t at;

	if (size < 10 || key_big(p, 2) != t->type || key_big(p + 4, 4) != t->attributes)
		return false;
	at = 10 + (uint32_t)key_big(p + 8, 2);
	if (at + 16 > size)
		return false;
	at = behind(p, behind(p, at, 4), 2); /* symmetric, scheme */
	return key_big(p + at, 2) == t->size;
}
