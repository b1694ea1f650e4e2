/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/kbs/messages.h"
#include "lib/base64.h"

/* ---- in ---- */

static json_t *parse(const char *text, size_t n)
{
	return json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
}

static bool is_snp(const json_t *top)
{
	const char *tee = json_string_value(json_object_get(top, "tee"));

	return tee && strcmp(tee, "snp") == 0;
}

/* Bytes in base64, as many as there is room for, or fewer where *n is wanted. */
static bool bytes(const json_t *object, const char *name, void *to, size_t room, size_t *n)
{
	const char *text = json_string_value(json_object_get(object, name));
	long have = text ? base64_decode(to, room, text) : -1;

	if (n && have > 0)
		*n = (size_t)have;
	return n ? have > 0 : have == (long)room;
}

const char *message_read_hello(const char *text, size_t n)
{
	json_t *top = parse(text, n);
	const json_t *v = json_object_get(top, "version");
	bool good = is_snp(top) && json_array_size(v) == 3 &&
		    json_integer_value(json_array_get(v, 0)) == 0 &&
		    json_integer_value(json_array_get(v, 1)) == 1 &&
		    json_integer_value(json_array_get(v, 2)) == 0;

	json_decref(top);
	return good ? NULL : "it is no negotiation of version 0.1.0 for SEV-SNP";
}

const char *message_read_evidence(const char *text, size_t n, struct message_evidence *to)
{
	json_t *top = parse(text, n);
	const json_t *snp = json_object_get(json_object_get(top, "evidence"), "Snp");
	const json_t *key = json_object_get(top, "key");
	bool good =
		is_snp(top) && bytes(snp, "report", &to->report, sizeof(to->report), NULL) &&
		bytes(key, "x", to->key.x, sizeof(to->key.x), NULL) &&
		bytes(key, "y", to->key.y, sizeof(to->key.y), NULL) &&
		bytes(top, "challenge", to->challenge, sizeof(to->challenge), &to->challenge_len);

	json_decref(top);
	return good ? NULL : "it is no evidence of SEV-SNP with a key of P-521";
}

const char *message_read_proof(const char *text, size_t n, struct message_proof *to)
{
	json_t *top = parse(text, n);
	const json_t *sealed = json_object_get(top, "sealed");
	const json_t *epoch = json_object_get(sealed, "epoch");
	bool good = is_snp(top) && json_is_integer(epoch) && json_integer_value(epoch) > 0 &&
		    bytes(sealed, "proof", to->proof, sizeof(to->proof), NULL);

	to->epoch = (uint64_t)json_integer_value(epoch);
	json_decref(top);
	return good ? NULL : "it is no proof that a state is sealed";
}

/* ---- out ---- */

static json_t *b64(const void *from, size_t n)
{
	char *text = mem_alloc(BASE64_LENGTH(n) + 1);
	json_t *j;

	base64_encode(text, from, n);
	j = json_string(text);
	free(text);
	return j;
}

static char *print(json_t *top)
{
	char *text = top ? json_dumps(top, JSON_COMPACT) : NULL;

	json_decref(top);
	return text ? text : str_dup("{}");
}

char *message_terms(enum seal_form form, const uint8_t *challenge, size_t n)
{
	json_t *params = form == SEAL_TRUSTEE
				 ? json_pack("[s]", "TeePubKeyRuntimeData")
				 : json_pack("[s, s]", "EcPublicKeyBytes", "Challenge");

	return print(json_pack("{s:o, s:o}", "challenge", b64(challenge, n), "params", params));
}

static json_t *point(const struct point *p)
{
	return json_pack("{s:o, s:o}", "x", b64(p->x, sizeof(p->x)), "y", b64(p->y, sizeof(p->y)));
}

char *message_answer(const struct sealed *s, bool is_signed)
{
	json_t *d = json_pack("{s:o, s:o, s:o, s:o, s:o}", "epk", point(&s->epk), "wrapped_cek",
			      b64(s->wrapped_cek, sizeof(s->wrapped_cek)), "aad",
			      b64(s->aad, strlen(s->aad)), "iv", b64(s->iv, sizeof(s->iv)), "tag",
			      b64(s->tag, sizeof(s->tag)));
	json_t *top = json_pack("{s:b, s:o, s:o}", "success", 1, "secret",
				b64(s->secret, s->secret_len), "decryption", d);

	if (is_signed)
		json_object_set_new(top, "signature", b64(s->signature, sizeof(s->signature)));
	return print(top);
}

char *message_burnt(const uint8_t proof[32])
{
	return print(json_pack("{s:b, s:o}", "success", 1, "proof", b64(proof, 32)));
}

char *message_success(bool success)
{
	return print(json_pack("{s:b}", "success", success));
}
