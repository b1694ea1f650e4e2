/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/channel/answer.h"
#include "harness/core/util.h"

#define FILE_SIZE ((off_t)CHANNEL_SLOTS * CHANNEL_SLOT_SIZE)

/* A file of another length is somebody else's, or was cut off: neither is a state. */
static bool prepare(int fd, char **why)
{
	struct stat s;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		*why = str("another machine uses it");
	else if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || (s.st_size && s.st_size != FILE_SIZE))
		*why = str("it is no file of a TPM's state");
	else if (s.st_size < FILE_SIZE && (ftruncate(fd, FILE_SIZE) != 0 || fsync(fd) != 0))
		*why = str("%s", strerror(errno));
	return !*why;
}

int channel_file_open(const char *path, char **why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	*why = fd < 0 ? str("%s", strerror(errno)) : NULL;
	if (fd >= 0 && !prepare(fd, why)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static size_t make(const struct channel_decoder *d, uint16_t status, const void *payload, size_t n,
		   uint8_t *out)
{
	struct channel_head h = {
		.type = d->head.type | CHANNEL_ANSWER, .status = status, .seq = d->head.seq};

	return channel_frame_encode(out, h, payload, n);
}

/* Of another version nothing but this exchange is known, so the answer is always our own. */
static size_t hello(const struct channel_host *host, const struct channel_decoder *d, uint8_t *out)
{
	uint32_t has = (host->file >= 0 ? CHANNEL_FEATURE_SLOTS : 0) |
		       (host->keys ? CHANNEL_FEATURE_KEYS : 0);
	struct channel_hello h;

	if (d->head.length != sizeof(h))
		return make(d, CHANNEL_REFUSED, NULL, 0, out);
	memcpy(&h, channel_payload(d), sizeof(h));
	h.version = MIN(h.version, (uint32_t)CHANNEL_VERSION);
	h.wanted = (h.wanted | h.optional) & has;
	h.optional = 0;
	return make(d, CHANNEL_OK, &h, sizeof(h), out);
}

static bool is_range(const struct channel_decoder *d, struct channel_range *r)
{
	uint32_t data = d->head.length - (uint32_t)sizeof(*r);

	if (d->head.length < sizeof(*r))
		return false;
	memcpy(r, channel_payload(d), sizeof(*r));
	return data == (d->head.type == CHANNEL_WRITE ? r->length : 0) && r->slot < CHANNEL_SLOTS &&
	       r->length <= CHANNEL_DATA_MAX && r->offset <= CHANNEL_SLOT_SIZE &&
	       r->length <= CHANNEL_SLOT_SIZE - r->offset;
}

static off_t offset_of(const struct channel_range *r)
{
	return (off_t)r->slot * CHANNEL_SLOT_SIZE + r->offset;
}

static size_t read_range(int fd, const struct channel_decoder *d, uint8_t *out)
{
	uint8_t data[CHANNEL_DATA_MAX];
	struct channel_range r;

	if (fd < 0 || !is_range(d, &r))
		return make(d, CHANNEL_REFUSED, NULL, 0, out);
	if (pread(fd, data, r.length, offset_of(&r)) != (ssize_t)r.length)
		return make(d, CHANNEL_FAILED, NULL, 0, out);
	return make(d, CHANNEL_OK, data, r.length, out);
}

static size_t write_range(int fd, const struct channel_decoder *d, uint8_t *out)
{
	struct channel_range r;
	bool ok;

	if (fd < 0 || !is_range(d, &r))
		return make(d, CHANNEL_REFUSED, NULL, 0, out);
	ok = pwrite(fd, channel_payload(d) + sizeof(r), r.length, offset_of(&r)) ==
	     (ssize_t)r.length;
	return make(d, ok ? CHANNEL_OK : CHANNEL_FAILED, NULL, 0, out);
}

static size_t sync_file(int fd, const struct channel_decoder *d, uint8_t *out)
{
	if (fd < 0 || d->head.length)
		return make(d, CHANNEL_REFUSED, NULL, 0, out);
	return make(d, fdatasync(fd) == 0 ? CHANNEL_OK : CHANNEL_FAILED, NULL, 0, out);
}

static size_t tell(struct forward *keys, const struct channel_decoder *d, uint8_t *out)
{
	struct channel_part part;
	uint16_t status = CHANNEL_REFUSED;

	if (keys && d->head.length > sizeof(part)) {
		memcpy(&part, channel_payload(d), sizeof(part));
		status = forward_tell(keys, &part, channel_payload(d) + sizeof(part),
				      d->head.length - (uint32_t)sizeof(part));
	}
	return make(d, status, NULL, 0, out);
}

static size_t hear(struct forward *keys, const struct channel_decoder *d, uint8_t *out)
{
	struct {
		struct channel_part part;
		uint8_t bytes[CHANNEL_DATA_MAX];
	} PACKED a;
	uint16_t status = CHANNEL_REFUSED;
	uint32_t n = 0;

	if (keys && d->head.length == sizeof(a.part)) {
		memcpy(&a.part, channel_payload(d), sizeof(a.part));
		status = forward_hear(keys, &a.part, a.bytes, &n);
	}
	return make(d, status, &a, status == CHANNEL_OK ? sizeof(a.part) + n : 0, out);
}

size_t channel_answer(const struct channel_host *host, const struct channel_decoder *d,
		      uint8_t *out)
{
	switch (d->head.type) {
	case CHANNEL_HELLO:
		return hello(host, d, out);
	case CHANNEL_READ:
		return read_range(host->file, d, out);
	case CHANNEL_WRITE:
		return write_range(host->file, d, out);
	case CHANNEL_SYNC:
		return sync_file(host->file, d, out);
	case CHANNEL_TELL:
		return tell(host->keys, d, out);
	case CHANNEL_HEAR:
		return hear(host->keys, d, out);
	default:
		return make(d, CHANNEL_REFUSED, NULL, 0, out);
	}
}
