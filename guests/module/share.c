// SPDX-License-Identifier: GPL-2.0
/* Copyright (c) 2026 The Keelson Authors */
/* Page state changes on demand (KEELSON_SHARE): what a driver does for its buffers, many pages at a time. */
#include <linux/cpu.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/set_memory.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "keelson_ioctl.h"
#include "svsm.h"

#define FILL 0x5a

/* One round. The pages cannot be given back when they do not become private: *lost says so. */
static int round_trip(void *pages, u32 n, bool *lost)
{
	int rc = set_memory_decrypted((unsigned long)pages, n);

	if (!rc)
		memset(pages, 0, n * PAGE_SIZE);
	*lost = set_memory_encrypted((unsigned long)pages, n);
	if (*lost)
		return -EIO;
	memset(pages, FILL, n * PAGE_SIZE);
	return memchr_inv(pages, FILL, n * PAGE_SIZE) ? -EIO : rc;
}

static long share_here(void *arg)
{
	struct keelson_share *user = arg;
	unsigned int order = get_order(user->pages * PAGE_SIZE);
	void *pages = (void *)__get_free_pages(GFP_KERNEL, order);
	bool lost = false;
	int rc = 0;

	if (!pages)
		return -ENOMEM;
	for (; user->done < user->times && !rc; cond_resched()) {
		rc = round_trip(pages, user->pages, &lost);
		if (!rc)
			user->done++;
	}
	if (!lost)
		free_pages((unsigned long)pages, order);
	return rc;
}

long svsm_bus_share(struct keelson_share __user *user)
{
	struct keelson_share share;
	long rc = -EINVAL;

	if (copy_from_user(&share, user, sizeof(share)))
		return -EFAULT;
	if (!share.pages || share.pages > KEELSON_SHARE_MAX || share.times > 100)
		return -EINVAL;
	share.done = 0;
	cpus_read_lock();
	if (share.cpu < nr_cpu_ids && cpu_online(share.cpu))
		rc = work_on_cpu(share.cpu, share_here, &share);
	cpus_read_unlock();
	if (rc)
		return rc;
	return copy_to_user(user, &share, sizeof(share)) ? -EFAULT : 0;
}
