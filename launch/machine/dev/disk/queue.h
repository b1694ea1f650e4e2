/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A split queue (virtio 1.2, 2.7) of the disk's. */
#include "base/addr.h"

#define QUEUE_MOST 256u /* entries; QEMU's virtio-blk has as many */

struct disk_queue {
	uint16_t size; /* entries, 1 to QUEUE_MOST */
	gpa_t descriptors, available, used;
};

/*
 * Serve what is available, a queue of it at most. True: something was used, and the driver wants
 * an interrupt of it. What lies in memory that is not shared, and a chain that is none, ends it: a
 * device that finds its driver out of order waits for a reset, and so does this one.
 */
bool queue_serve(const struct disk_queue *q);
