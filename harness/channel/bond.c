/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <string.h>

#include "harness/channel/bond.h"
#include "lib/channel/channel_tag.h"

/* A key of zeroes is that of a HELLO which comes later, to a host that did not hear the first. */
static void make_bond(struct channel_bond *b, const struct channel_decoder *d)
{
	static const uint8_t none[CHANNEL_KEY];
	struct channel_hello h;
	size_t length;

	if (d->head.type != CHANNEL_HELLO || d->head.length < sizeof(h))
		return;
	memcpy(&h, channel_payload(d), sizeof(h));
	b->made = memcmp(h.key, none, sizeof(none)) != 0 && channel_tag_good(h.key, d, &length);
	memcpy(b->key, h.key, sizeof(b->key));
}

bool bond_accepts(struct channel_bond *b, const struct channel_decoder *d, size_t *length)
{
	if (!b->begun) {
		b->begun = true;
		make_bond(b, d);
	}
	if (!b->made || !channel_tag_good(b->key, d, length) || d->head.seq <= b->number)
		return false;
	b->number = d->head.seq;
	return true;
}
