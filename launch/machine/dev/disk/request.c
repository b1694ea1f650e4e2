/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/request.h"
#include "machine/dev/disk/image.h"
#include "machine/dev/fwcfg/fwdev.h"

enum type {
	TYPE_IN = 0,
	TYPE_OUT = 1,
	TYPE_FLUSH = 4,
	TYPE_GET_ID = 8,
};

enum status {
	STATUS_OK,
	STATUS_IOERR,
	STATUS_UNSUPP,
};

#define ID_SIZE 20u

struct header {
	uint32_t type, reserved;
	uint64_t sector;
};
ABI_SIZE(struct header, 16, "virtio 1.2, 5.2.6: struct virtio_blk_req");

/* The data of a request, behind its header. */
struct data {
	const struct disk_part *parts;
	unsigned n;
	uint32_t written; /* bytes, to the guest */
};

static bool all_of(const struct data *d, bool write, uint64_t *total)
{
	*total = 0;
	for (unsigned i = 0; i < d->n; i++) {
		if (d->parts[i].write != write)
			return false;
		*total += d->parts[i].length;
	}
	return true;
}

/* n bytes that lie in one page of the guest's and in one of the image's. */
static bool move(gpa_t g, uint64_t at, uint32_t n, bool in)
{
	if (in) {
		const uint8_t *from = image_bytes(at, n);

		return from && fwdev_guest_write(g, from, n);
	}
	uint8_t *to = image_room(at);

	return to && fwdev_guest_read(g, to, n);
}

static bool move_part(const struct disk_part *p, uint64_t at, bool in)
{
	for (uint32_t done = 0, some; done < p->length; done += some) {
		gpa_t g = gpa_add(p->at, done);
		uint64_t from = at + done;

		some = (uint32_t)MIN(PAGE_SIZE - (g.v & PAGE_MASK), PAGE_SIZE - (from & PAGE_MASK));
		some = MIN(some, p->length - done);
		if (!move(g, from, some, in))
			return false;
	}
	return true;
}

static enum status transfer(struct data *d, uint64_t sector, bool in)
{
	uint64_t total, at = sector * IMAGE_SECTOR;

	if (!all_of(d, in, &total) || total % IMAGE_SECTOR ||
	    sector > image_size() / IMAGE_SECTOR || total > image_size() - at)
		return STATUS_IOERR;
	for (unsigned i = 0; i < d->n; i++) {
		if (!move_part(&d->parts[i], at, in))
			return STATUS_IOERR;
		at += d->parts[i].length;
		d->written += in ? d->parts[i].length : 0;
	}
	return STATUS_OK;
}

static enum status get_id(struct data *d)
{
	static const uint8_t none[ID_SIZE];

	if (d->n != 1 || !d->parts[0].write || d->parts[0].length < ID_SIZE ||
	    !fwdev_guest_write(d->parts[0].at, none, ID_SIZE))
		return STATUS_IOERR;
	d->written = ID_SIZE;
	return STATUS_OK;
}

static enum status serve(const struct header *h, struct data *d)
{
	switch (h->type) {
	case TYPE_IN:
	case TYPE_OUT:
		return transfer(d, h->sector, h->type == TYPE_IN);
	case TYPE_FLUSH: /* nothing that is written outlives the run */
		return STATUS_OK;
	case TYPE_GET_ID:
		return get_id(d);
	default:
		return STATUS_UNSUPP;
	}
}

bool request_serve(const struct disk_part *parts, unsigned n, uint32_t *length)
{
	const struct disk_part *first = &parts[0], *last = &parts[n - 1];
	struct data d = {.parts = parts + 1, .n = n - 2};
	struct header h;
	uint8_t status;

	if (n < 2 || first->write || first->length != sizeof(h) || !last->write ||
	    last->length != sizeof(status) || !fwdev_guest_read(first->at, &h, sizeof(h)))
		return false;
	status = (uint8_t)serve(&h, &d);
	*length = d.written + (uint32_t)sizeof(status);
	return fwdev_guest_write(last->at, &status, sizeof(status));
}
