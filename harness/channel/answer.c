/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <string.h>
#include <unistd.h>

#include "harness/channel/answer.h"
#include "lib/channel/channel_tag.h"

/* A request, and its answer as it is made. */
struct exchange {
	uint8_t type;
	const uint8_t *asked;
	size_t asked_len;
	size_t len; /* of the answer's payload */
	uint8_t payload[CHANNEL_PAYLOAD_MAX];
};

/* Of a newer version nothing but this exchange is known, so the answer is always our own, and what
 * it has behind that is passed over. Versions before 2 have no tags and get no answer. */
static uint16_t hello(const struct channel_host *host, struct exchange *x)
{
	uint32_t has = (host->file >= 0 ? CHANNEL_FEATURE_SLOTS : 0) |
		       (host->keys ? CHANNEL_FEATURE_KEYS : 0);
	struct channel_hello h;

	if (x->asked_len < sizeof(h))
		return CHANNEL_REFUSED;
	memcpy(&h, x->asked, sizeof(h));
	h = (struct channel_hello){
		.version = MIN(h.version, (uint32_t)CHANNEL_VERSION),
		.wanted = (h.wanted | h.optional) & has,
	};
	memcpy(x->payload, &h, sizeof(h));
	x->len = sizeof(h);
	return CHANNEL_OK;
}

static bool is_range(const struct exchange *x, struct channel_range *r)
{
	size_t data = x->asked_len - sizeof(*r);

	if (x->asked_len < sizeof(*r))
		return false;
	memcpy(r, x->asked, sizeof(*r));
	return data == (x->type == CHANNEL_WRITE ? r->length : 0) && r->slot < CHANNEL_SLOTS &&
	       r->length <= CHANNEL_DATA_MAX && r->offset <= CHANNEL_SLOT_SIZE &&
	       r->length <= CHANNEL_SLOT_SIZE - r->offset;
}

static off_t offset_of(const struct channel_range *r)
{
	return (off_t)r->slot * CHANNEL_SLOT_SIZE + r->offset;
}

static uint16_t read_range(int fd, struct exchange *x)
{
	struct channel_range r;

	if (fd < 0 || !is_range(x, &r))
		return CHANNEL_REFUSED;
	if (pread(fd, x->payload, r.length, offset_of(&r)) != (ssize_t)r.length)
		return CHANNEL_FAILED;
	x->len = r.length;
	return CHANNEL_OK;
}

static uint16_t write_range(int fd, const struct exchange *x)
{
	struct channel_range r;

	if (fd < 0 || !is_range(x, &r))
		return CHANNEL_REFUSED;
	return pwrite(fd, x->asked + sizeof(r), r.length, offset_of(&r)) == (ssize_t)r.length
		       ? CHANNEL_OK
		       : CHANNEL_FAILED;
}

static uint16_t sync_file(int fd, const struct exchange *x)
{
	if (fd < 0 || x->asked_len)
		return CHANNEL_REFUSED;
	return fdatasync(fd) == 0 ? CHANNEL_OK : CHANNEL_FAILED;
}

static uint16_t tell(struct forward *keys, const struct exchange *x)
{
	struct channel_part part;

	if (!keys || x->asked_len <= sizeof(part))
		return CHANNEL_REFUSED;
	memcpy(&part, x->asked, sizeof(part));
	return forward_tell(keys, &part, x->asked + sizeof(part),
			    (uint32_t)(x->asked_len - sizeof(part)));
}

static uint16_t hear(struct forward *keys, struct exchange *x)
{
	struct channel_part part;
	uint32_t n = 0;
	uint16_t status;

	if (!keys || x->asked_len != sizeof(part))
		return CHANNEL_REFUSED;
	memcpy(&part, x->asked, sizeof(part));
	status = forward_hear(keys, &part, x->payload + sizeof(part), &n);
	memcpy(x->payload, &part, sizeof(part));
	x->len = status == CHANNEL_OK ? sizeof(part) + n : 0;
	return status;
}

static uint16_t do_it(const struct channel_host *host, struct exchange *x)
{
	switch (x->type) {
	case CHANNEL_HELLO:
		return hello(host, x);
	case CHANNEL_READ:
		return read_range(host->file, x);
	case CHANNEL_WRITE:
		return write_range(host->file, x);
	case CHANNEL_SYNC:
		return sync_file(host->file, x);
	case CHANNEL_TELL:
		return tell(host->keys, x);
	case CHANNEL_HEAR:
		return hear(host->keys, x);
	default:
		return CHANNEL_REFUSED;
	}
}

size_t channel_answer(struct channel_host *host, const struct channel_decoder *d, uint8_t *out)
{
	struct exchange x = {.type = d->head.type, .asked = channel_payload(d)};
	struct channel_head h = {.type = x.type | CHANNEL_ANSWER, .seq = d->head.seq};

	if (!bond_accepts(&host->bond, d, &x.asked_len))
		return 0;
	h.status = do_it(host, &x);
	x.len = channel_tag_put(host->bond.key, h, x.payload, x.len);
	return x.len ? channel_frame_encode(out, h, x.payload, x.len) : 0;
}
