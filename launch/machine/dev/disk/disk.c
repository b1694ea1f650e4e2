/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/disk.h"
#include "machine/dev/disk/driver.h"
#include "machine/dev/disk/function.h"
#include "machine/dev/disk/image.h"
#include "machine/dev/disk/queue.h"
#include "machine/dev/pci/pciconf.h"
#include "machine/host/lapic.h"
#include "machine/host/log.h"
#include "lib/spinlock.h"

#define NOTIFY_LEN 2 /* virtio 1.2, 4.1.5.2: the index of the queue */

static struct spinlock lock;    /* all below, and what driver, queue, request and image keep */
static bool here;               /* there is a disk to serve; written once */
static bool work;               /* it was notified, and is not done */
static bool owed[DISK_VECTORS]; /* a message that cannot be sent now */

static void notified(unsigned len, uint64_t value)
{
	if (len == NOTIFY_LEN && value == 0)
		__atomic_store_n(&work, true, __ATOMIC_RELAXED);
}

/* The disk's lock is held: only disk_begin() lets a guest write configuration. */
static bool config_taken(const struct pci_write *w)
{
	struct disk_notification n;

	if (!function_notified(w, &n))
		return false;
	notified(n.len, n.value);
	return true;
}

void disk_init(void)
{
	if (!image_init())
		return;
	here = function_find();
	if (!here) {
		host_log("disk: an image, and no virtio-blk function on bus 0");
		return;
	}
	pciconf_watch(config_taken);
	host_log("disk: %llu sectors, served by the machine",
		 (unsigned long long)(image_size() / IMAGE_SECTOR));
}

/* The guest may write such an entry as often as it likes. */
static void send_bad(const struct disk_message *m)
{
	static bool told;

	if (!told)
		host_log("disk: not a message of a device: 0x%x to 0x%x; more like it are dropped",
			 m->data, m->address);
	told = true;
}

static void send(enum disk_vector which)
{
	struct disk_message m;

	owed[which] = false;
	switch (driver_message(which, &m)) {
	case MESSAGE_READY:
		if (!lapic_message(m.address, m.data))
			send_bad(&m);
		break;
	case MESSAGE_HELD:
		owed[which] = true;
		break;
	case MESSAGE_NONE:
		break;
	}
}

static void done(void)
{
	__atomic_store_n(&work, false, __ATOMIC_RELAXED);
	queue_forget();
}

/* virtio 1.2, 2.1.2: the driver is told by the status, and that this has changed by a message. */
static void broken(const char *why)
{
	static bool told;

	if (!told)
		host_log("disk: %s: it needs a reset by its driver", why);
	told = true;
	driver_needs_reset();
	send(VECTOR_CONFIG);
}

static void visit(void)
{
	struct disk_queue q;
	struct disk_visit v = {0};

	if (!driver_queue(&q)) {
		done();
		return;
	}
	queue_serve(&q, &v);
	if (!v.more)
		done();
	if (v.interrupt)
		send(VECTOR_QUEUE);
	if (v.broken)
		broken(v.broken);
}

static void turn(void)
{
	if (work)
		visit();
	for (unsigned i = 0; i < DISK_VECTORS; i++)
		if (owed[i])
			send((enum disk_vector)i);
}

void disk_begin(void)
{
	if (here)
		spin_lock(&lock);
}

void disk_end(void)
{
	if (!here)
		return;
	turn();
	spin_unlock(&lock);
}

bool disk_kick(uint64_t a, unsigned len, uint64_t value)
{
	if (!here || !function_notifies(a, len))
		return false;
	notified(len, value);
	return true;
}

bool disk_busy(void)
{
	return __atomic_load_n(&work, __ATOMIC_RELAXED);
}

void disk_turn(void)
{
	if (!disk_busy())
		return;
	spin_lock(&lock);
	turn();
	spin_unlock(&lock);
}
