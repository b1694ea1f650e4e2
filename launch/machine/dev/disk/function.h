/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * QEMU's virtio-blk function, as its driver has set it up. Nothing of it is kept here but its
 * place on the bus and in its BARs, so a driver, or the next one, may do with it what it likes.
 * The caller holds the disk's lock, but for function_notifies().
 */
#include "machine/dev/disk/queue.h"

struct disk_message {
	uint32_t address, data;
};

enum message_state {
	MESSAGE_NONE, /* the driver has asked for none */
	MESSAGE_MASKED,
	MESSAGE_READY,
};

bool function_find(void); /* CPU 0, once; false: there is none */
/* A write of len bytes there notifies it, as QEMU sees it. Any CPU. */
bool function_notifies(uint64_t a, unsigned len);
bool function_queue(struct disk_queue *q); /* false: the driver is not done with it */
enum message_state function_message(struct disk_message *m); /* that of the queue */
