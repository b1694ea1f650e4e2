/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/request.h"
#include "machine/dev/disk/image.h"
#include "machine/dev/disk/memory.h"

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

/* The readable ones come first (virtio 1.2, 2.7.4.2). */
static bool sort(struct disk_request *r)
{
	while (r->readable < r->n && !r->parts[r->readable].write)
		r->readable++;
	for (unsigned i = r->readable; i < r->n; i++)
		if (!r->parts[i].write)
			return false;
	return true;
}

static uint64_t total(const struct disk_request *r, unsigned from, unsigned to)
{
	uint64_t sum = 0;

	for (unsigned i = from; i < to; i++)
		sum += r->parts[i].length;
	return sum;
}

/* At least one byte is left. */
static const struct disk_part *skip_empty(struct disk_request *r)
{
	while (r->offset == r->parts[r->part].length) {
		r->part++;
		r->offset = 0;
	}
	return &r->parts[r->part];
}

/* How much of it lies in one part and one page of the guest's; at least one of most bytes, and so
 * many there are. */
static uint32_t piece(struct disk_request *r, uint64_t most, gpa_t *g)
{
	const struct disk_part *p = skip_empty(r);

	*g = gpa_add(p->at, r->offset);
	most = MIN(most, (uint64_t)(p->length - r->offset));
	return (uint32_t)MIN(most, PAGE_SIZE - (g->v & PAGE_MASK));
}

static bool read_header(struct disk_request *r, struct header *h)
{
	for (uint32_t done = 0, some; done < sizeof(*h); done += some) {
		gpa_t g;

		some = piece(r, sizeof(*h) - done, &g);
		if (!memory_read(g, (uint8_t *)h + done, some))
			return false;
		r->offset += some;
	}
	return true;
}

static void begin_writable(struct disk_request *r)
{
	r->part = r->readable;
	r->offset = 0;
}

static void begin_transfer(struct disk_request *r, uint64_t sector, uint64_t bytes)
{
	r->image = sector * IMAGE_SECTOR;
	if (bytes % IMAGE_SECTOR || sector > image_size() / IMAGE_SECTOR ||
	    bytes > image_size() - r->image)
		r->status = STATUS_IOERR;
	else
		r->left = bytes;
}

static void begin_id(struct disk_request *r)
{
	if (r->room < ID_SIZE)
		r->status = STATUS_IOERR;
	else
		r->left = ID_SIZE;
}

static void begin(struct disk_request *r, const struct header *h, uint64_t data)
{
	r->type = h->type;
	if (r->type != TYPE_OUT)
		begin_writable(r);
	switch (r->type) {
	case TYPE_IN:
		begin_transfer(r, h->sector, r->room);
		break;
	case TYPE_OUT:
		begin_transfer(r, h->sector, data);
		break;
	case TYPE_FLUSH: /* nothing that is written outlives the run */
		break;
	case TYPE_GET_ID:
		begin_id(r);
		break;
	default:
		r->status = STATUS_UNSUPP;
	}
}

bool request_begin(struct disk_request *r, const struct disk_part *parts, unsigned n)
{
	struct header h;
	uint64_t readable, writable;

	*r = (struct disk_request){.parts = parts, .n = n};
	if (!sort(r))
		return false;
	readable = total(r, 0, r->readable);
	writable = total(r, r->readable, n);
	if (readable < sizeof(h) || writable < sizeof(r->status) || !read_header(r, &h))
		return false;
	r->room = writable - sizeof(r->status);
	begin(r, &h, readable - sizeof(h));
	return true;
}

/* n bytes that lie in one page of the guest's and in one of the image's. */
static bool move(const struct disk_request *r, gpa_t g, uint32_t n)
{
	static const uint8_t id[ID_SIZE];
	const uint8_t *from;
	uint8_t *to;

	switch (r->type) {
	case TYPE_IN:
		from = image_bytes(r->image, n);
		return from && memory_write(g, from, n);
	case TYPE_OUT:
		to = image_room(r->image);
		return to && memory_read(g, to, n);
	default:
		return memory_write(g, id, n);
	}
}

bool request_serve(struct disk_request *r, uint32_t *budget)
{
	while (r->left && *budget) {
		gpa_t g;
		uint32_t n = piece(r, MIN(r->left, (uint64_t)*budget), &g);

		n = MIN(n, (uint32_t)(PAGE_SIZE - (r->image & PAGE_MASK)));
		if (!move(r, g, n)) {
			r->status = STATUS_IOERR;
			return true;
		}
		r->offset += n;
		r->image += n;
		r->left -= n;
		r->written += r->type == TYPE_OUT ? 0 : n;
		*budget -= n;
	}
	return !r->left;
}

/* The last byte that there is, which an empty part has none of. */
static gpa_t status_at(const struct disk_request *r)
{
	unsigned i = r->n - 1;

	while (!r->parts[i].length)
		i--;
	return gpa_add(r->parts[i].at, r->parts[i].length - 1);
}

/* The status counts where all before it was written (2.7.8.2). */
bool request_end(const struct disk_request *r, uint32_t *length)
{
	*length = (uint32_t)(r->written + (r->written == r->room ? sizeof(r->status) : 0));
	return memory_write(status_at(r), &r->status, sizeof(r->status));
}
