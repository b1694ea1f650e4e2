/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/queue.h"
#include "machine/dev/disk/memory.h"
#include "machine/dev/disk/request.h"

#define NEXT         1u
#define WRITE        2u
#define INDIRECT     4u
#define NO_INTERRUPT 1u /* available.flags */

/* What they cost a visit, in bytes. */
#define REQUEST_COST 4096u
#define PART_COST    256u

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

/* The request that is served, which may take more than one visit. */
static struct disk_part parts[QUEUE_MOST];
static struct disk_request current;
static uint16_t head; /* of its chain */
static bool begun;

/* What a step came to. */
enum step {
	STEP_ON,
	STEP_EMPTY, /* nothing more is available */
	STEP_SPENT, /* the visit is over */
	STEP_BROKEN,
};

static enum step broken(struct disk_visit *v, const char *why)
{
	v->broken = why;
	return STEP_BROKEN;
}

/* Copied once: the guest may write it meanwhile. n: how many there are; 0: this is no chain. */
static unsigned chain(const struct disk_queue *q)
{
	uint16_t at = head;

	for (unsigned n = 0; n < q->size && at < q->size;) {
		struct descriptor d;

		if (!memory_read(gpa_add(q->descriptors, at * sizeof(d)), &d, sizeof(d)) ||
		    (d.flags & INDIRECT))
			return 0;
		parts[n++] = (struct disk_part){gpa(d.address), d.length, d.flags & WRITE};
		if (!(d.flags & NEXT))
			return n;
		at = d.next;
	}
	return 0;
}

static bool get_index(gpa_t ring, uint16_t *index)
{
	return memory_read(gpa_add(ring, offsetof(struct ring_head, index)), index, sizeof(*index));
}

static gpa_t available_at(const struct disk_queue *q, uint16_t index)
{
	return gpa_add(q->available, sizeof(struct ring_head) + index % q->size * sizeof(head));
}

/* The request whose number is that of used.index. */
static enum step take(const struct disk_queue *q, uint32_t *budget, struct disk_visit *v)
{
	uint16_t available, used;
	unsigned n;

	if (!get_index(q->available, &available) || !get_index(q->used, &used))
		return broken(v, "a ring lies in memory that is not shared");
	if (available == used)
		return STEP_EMPTY;
	if ((uint16_t)(available - used) > q->size)
		return broken(v, "more is available than the queue has entries");
	if (!memory_read(available_at(q, used), &head, sizeof(head)))
		return broken(v, "a ring lies in memory that is not shared");
	n = chain(q);
	if (!n)
		return broken(v, "a chain of descriptors that is none");
	if (!request_begin(&current, parts, n))
		return broken(v, "a chain that is no request");
	*budget -= MIN(*budget, REQUEST_COST + n * PART_COST);
	begun = true;
	return STEP_ON;
}

/* Element first, then the index that gives it to the driver. */
static bool give(const struct disk_queue *q, const struct used_element *e)
{
	uint16_t used;
	gpa_t at = gpa_add(q->used, offsetof(struct ring_head, index));

	if (!get_index(q->used, &used) ||
	    !memory_write(gpa_add(q->used, sizeof(struct ring_head) + used % q->size * sizeof(*e)),
			  e, sizeof(*e)))
		return false;
	used++;
	return memory_write(at, &used, sizeof(used));
}

static enum step go_on(const struct disk_queue *q, uint32_t *budget, struct disk_visit *v)
{
	struct used_element e = {.head = head};

	if (!request_serve(&current, budget))
		return STEP_SPENT;
	begun = false;
	if (!request_end(&current, &e.length))
		return broken(v, "a status that lies in memory which is not shared");
	if (!give(q, &e))
		return broken(v, "a ring lies in memory that is not shared");
	v->interrupt = true;
	return STEP_ON;
}

static enum step step(const struct disk_queue *q, uint32_t *budget, struct disk_visit *v)
{
	if (!*budget)
		return STEP_SPENT;
	return begun ? go_on(q, budget, v) : take(q, budget, v);
}

static bool wants_interrupt(const struct disk_queue *q)
{
	struct ring_head available;

	return memory_read(q->available, &available, sizeof(available)) &&
	       !(available.flags & NO_INTERRUPT);
}

void queue_serve(const struct disk_queue *q, struct disk_visit *v)
{
	uint32_t budget = QUEUE_VISIT;
	enum step s;

	do
		s = step(q, &budget, v);
	while (s == STEP_ON);
	v->more = s == STEP_SPENT;
	v->interrupt = v->interrupt && wants_interrupt(q);
}

void queue_forget(void)
{
	begun = false;
}
