/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* HMAC-SHA-256 over head and payload in one piece: the contract is in channel_tag.h. */
#include "lib/channel/channel_tag.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static bool tag_of(const uint8_t key[CHANNEL_KEY], struct channel_head h, const void *payload,
		   size_t length, uint8_t tag[EVP_MAX_MD_SIZE])
{
	uint8_t all[sizeof(h) + CHANNEL_PLAIN_MAX];

	if (length > CHANNEL_PLAIN_MAX)
		return false;
	h.version = CHANNEL_FRAME;
	h.length = (uint32_t)length;
	h.crc = 0;
	memcpy(all, &h, sizeof(h));
	memcpy(all + sizeof(h), payload, length);
	return HMAC(EVP_sha256(), key, CHANNEL_KEY, all, sizeof(h) + length, tag, NULL);
}

size_t channel_tag_put(const uint8_t key[CHANNEL_KEY], struct channel_head h, uint8_t *payload,
		       size_t length)
{
	uint8_t tag[EVP_MAX_MD_SIZE];

	if (!tag_of(key, h, payload, length, tag))
		return 0;
	memcpy(payload + length, tag, CHANNEL_TAG);
	return length + CHANNEL_TAG;
}

bool channel_tag_good(const uint8_t key[CHANNEL_KEY], const struct channel_decoder *d,
		      size_t *length)
{
	uint8_t tag[EVP_MAX_MD_SIZE];

	if (d->head.length < CHANNEL_TAG)
		return false;
	*length = d->head.length - CHANNEL_TAG;
	return tag_of(key, d->head, channel_payload(d), *length, tag) &&
	       CRYPTO_memcmp(tag, channel_payload(d) + *length, CHANNEL_TAG) == 0;
}
