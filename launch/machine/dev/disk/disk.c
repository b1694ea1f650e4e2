/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/disk.h"
#include "machine/dev/disk/function.h"
#include "machine/dev/disk/image.h"
#include "machine/dev/disk/queue.h"
#include "machine/host/lapic.h"
#include "machine/host/log.h"
#include "lib/spinlock.h"

#define NOTIFY_LEN 2 /* virtio 1.2, 4.1.5.2: the index of the queue */

static struct spinlock lock;
static bool owed; /* a message, while its vector is masked */

void disk_init(void)
{
	if (!image_init())
		return;
	if (!function_find())
		host_log("disk: an image, and no virtio-blk function on bus 0");
	else
		host_log("disk: %llu sectors, served by the machine",
			 (unsigned long long)(image_size() / IMAGE_SECTOR));
}

static void send(void)
{
	struct disk_message m;

	owed = false;
	switch (function_message(&m)) {
	case MESSAGE_READY:
		if (!lapic_message(m.address, m.data))
			host_log("disk: not a message of a device: 0x%x to 0x%x", m.data,
				 m.address);
		break;
	case MESSAGE_MASKED:
		owed = true;
		break;
	case MESSAGE_NONE:
		break;
	}
}

static void serve(void)
{
	struct disk_queue q;

	if (function_queue(&q) && queue_serve(&q))
		send();
}

bool disk_kick(uint64_t a, unsigned len, uint64_t value)
{
	if (!function_notifies(a, len))
		return false;
	spin_lock(&lock);
	if (len == NOTIFY_LEN && value == 0)
		serve();
	spin_unlock(&lock);
	return true;
}

void disk_settle(void)
{
	if (!__atomic_load_n(&owed, __ATOMIC_RELAXED))
		return;
	spin_lock(&lock);
	if (owed)
		send();
	spin_unlock(&lock);
}
