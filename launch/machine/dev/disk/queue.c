/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/queue.h"
#include "machine/dev/disk/request.h"
#include "machine/dev/fwcfg/fwdev.h"

#define NEXT         1u
#define WRITE        2u
#define INDIRECT     4u
#define NO_INTERRUPT 1u /* available.flags */

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};
ABI_SIZE(struct descriptor, 16, "virtio 1.2, 2.7.5: struct virtq_desc");

/* Available and used ring begin alike. */
struct ring_head {
	uint16_t flags, index;
};
ABI_SIZE(struct ring_head, 4, "virtio 1.2, 2.7.6 and 2.7.8");

struct used_element {
	uint32_t head, length;
};
ABI_SIZE(struct used_element, 8, "virtio 1.2, 2.7.8: struct virtq_used_elem");

/* Copied once: the guest may write it meanwhile. n: how many there are; 0: this is no chain. */
static unsigned chain(const struct disk_queue *q, uint16_t head, struct disk_part *parts)
{
	uint16_t at = head;

	for (unsigned n = 0; n < q->size && at < q->size;) {
		struct descriptor d;

		if (!fwdev_guest_read(gpa_add(q->descriptors, at * sizeof(d)), &d, sizeof(d)) ||
		    (d.flags & INDIRECT))
			return 0;
		parts[n++] = (struct disk_part){gpa(d.address), d.length, d.flags & WRITE};
		if (!(d.flags & NEXT))
			return n;
		at = d.next;
	}
	return 0;
}

/* The request whose number is that of used.index. */
static bool serve_one(const struct disk_queue *q, uint16_t index)
{
	static struct disk_part parts[QUEUE_MOST]; /* the disk's lock is held */
	unsigned at = index % q->size, n;
	uint16_t head;
	struct used_element e = {0};

	if (!fwdev_guest_read(gpa_add(q->available, sizeof(struct ring_head) + at * sizeof(head)),
			      &head, sizeof(head)))
		return false;
	n = chain(q, head, parts);
	if (!n || !request_serve(parts, n, &e.length))
		return false;
	e.head = head;
	return fwdev_guest_write(gpa_add(q->used, sizeof(struct ring_head) + at * sizeof(e)), &e,
				 sizeof(e));
}

/* One step. False: all is served, or nothing more can be. */
static bool step(const struct disk_queue *q)
{
	uint16_t available, used;
	gpa_t at = gpa_add(q->used, offsetof(struct ring_head, index));

	if (!fwdev_guest_read(gpa_add(q->available, offsetof(struct ring_head, index)), &available,
			      sizeof(available)) ||
	    !fwdev_guest_read(at, &used, sizeof(used)) || used == available || !serve_one(q, used))
		return false;
	used++;
	return fwdev_guest_write(at, &used, sizeof(used));
}

bool queue_serve(const struct disk_queue *q)
{
	struct ring_head available;
	unsigned n = 0;

	while (n < q->size && step(q))
		n++;
	return n && fwdev_guest_read(q->available, &available, sizeof(available)) &&
	       !(available.flags & NO_INTERRUPT);
}
