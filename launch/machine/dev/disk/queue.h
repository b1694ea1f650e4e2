/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A split queue (virtio 1.2, 2.7) of the disk's. The caller holds the disk's lock. */
#include "base/addr.h"

#define QUEUE_MOST 1024u /* entries; as many as QEMU has (VIRTQUEUE_MAX_SIZE): 10.0 offers them */

/*
 * So many bytes one visit moves, a request and each of its descriptors counted as some. A guest may
 * have 256 requests of the disk's size waiting, and other CPUs wait for the one that serves them. A
 * request of Linux's is smaller.
 */
#define QUEUE_VISIT (1u << 20)

struct disk_queue {
	uint16_t size; /* entries, 1 to QUEUE_MOST */
	gpa_t descriptors, available, used;
};

struct disk_visit {
	bool interrupt;     /* something was used, and the driver wants a message of it */
	bool more;          /* the next visit goes on, in the middle of a request, maybe */
	const char *broken; /* what rule the driver has left, in a few words; NULL: none */
};

/* One visit to what is available; *v is empty before. */
void queue_serve(const struct disk_queue *q, struct disk_visit *v);
/* The next visit begins anew: the device was reset, or is broken. */
void queue_forget(void);
