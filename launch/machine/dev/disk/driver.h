/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The function as its driver has set it up: its queue, its messages, its status. All of it is read
 * from QEMU's registers each time, so a driver, or the next one, may do with it what it likes. The
 * caller holds the disk's lock.
 */
#include "machine/dev/disk/queue.h"

enum disk_vector {
	VECTOR_QUEUE,
	VECTOR_CONFIG, /* configuration or status have changed */
	DISK_VECTORS,
};

struct disk_message {
	uint32_t address, data;
};

enum message_state {
	MESSAGE_NONE, /* the driver has asked for none */
	MESSAGE_HELD, /* masked, or the function may not write or does not answer now */
	MESSAGE_READY,
};

/* False: the driver is not done with it, or is to reset the device first, or the function is no bus
 * master. */
bool driver_queue(struct disk_queue *q);
enum message_state driver_message(enum disk_vector which, struct disk_message *m);
/* DEVICE_NEEDS_RESET (virtio 1.2, 2.1) in the status that the driver reads, until it resets. */
void driver_needs_reset(void);
