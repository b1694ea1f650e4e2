/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Keeps the keys that were made. serve.c calls it, before each of the guest's commands too: a key
 * of a seed that is gone must never be told. A service that was started anew has none.
 */
#include "services/vtpm/keys.h"
#include <string.h>
#include "services/vtpm/message.h"
#include "services/vtpm/primary.h"

static struct {
	uint32_t len;      /* 0: not made yet */
	uint8_t data[320]; /* the longest, RSA's, takes 316 */
} kept[VTPM_KEYS];

static uint32_t give(enum vtpm_key which, void *out, uint32_t room)
{
	if (!kept[which].len || kept[which].len > room)
		return 0;
	memcpy(out, kept[which].data, kept[which].len);
	return kept[which].len;
}

uint32_t keys_public(enum vtpm_key which, void *out, uint32_t room, bool *alive)
{
	*alive = true;
	if ((unsigned)which >= VTPM_KEYS)
		return 0;
	if (!kept[which].len)
		kept[which].len =
			primary_public(which, kept[which].data, sizeof(kept[which].data), alive);
	return *alive ? give(which, out, room) : 0;
}

void keys_before(const uint8_t *command, uint32_t len)
{
	struct tpm_header h;

	if (len < sizeof(h))
		return;
	memcpy(&h, command, sizeof(h));
	if (__builtin_bswap32(h.code) == TPM_CC_CHANGE_EPS)
		keys_forget();
}

void keys_forget(void)
{
	memset(kept, 0, sizeof(kept));
}
