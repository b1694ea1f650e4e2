/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The blobs that a service stores in the kernel, to find them again when it is started anew. For
 * the vTPM that is the TPM's permanent state, so a blob is replaced as a whole or not at all.
 */
#include "base/speculation.h"
#include "mm/alloc.h"
#include "lib/lock.h"
#include "lib/string.h"
#include "user/service/service.h"
#include "user/syscall.h"

/* The new blob is complete before the old one goes. The lock protects the pointers only; `fill`
 * may fault on user memory and runs without it. */
int service_blob_replace(struct service *s, uint32_t slot, uint32_t len,
			 bool (*fill)(void *to, uint64_t from, size_t len), uint64_t from)
{
	void *new, *old;
	uint32_t old_len;

	if (slot >= SERVICE_SLOTS || !len || len > SERVICE_BLOB_MAX)
		return SYS_EINVAL;
	slot = (uint32_t)speculation_index(slot, SERVICE_SLOTS);
	new = alloc(len);
	if (!new)
		return SYS_ENOMEM;
	if (!fill(new, from, len)) {
		alloc_free(new, len);
		return SYS_EFAULT;
	}
	lock_take(LOCK_SERVICE, &s->lock);
	old = s->blob[slot].data;
	old_len = s->blob[slot].len;
	s->blob[slot].data = new;
	s->blob[slot].len = len;
	lock_give(LOCK_SERVICE, &s->lock);
	if (old)
		alloc_free(old, old_len);
	return 0;
}

/* The blob may be another one with each call. */
bool service_blob_read(struct service *s, uint32_t slot, void *to, uint32_t len)
{
	bool same;

	lock_take(LOCK_SERVICE, &s->lock);
	same = s->blob[slot].data && s->blob[slot].len == len;
	if (same)
		memcpy(to, s->blob[slot].data, len);
	lock_give(LOCK_SERVICE, &s->lock);
	return same;
}

/* ---- a copy for another service ---- */

struct blob_of {
	struct service *service;
	uint32_t slot;
};

static bool fill_from(void *to, uint64_t from, size_t len)
{
	const struct blob_of *b = (const void *)from;

	return service_blob_read(b->service, b->slot, to, (uint32_t)len);
}

int service_blob_copy(struct service *to, struct service *from, uint32_t slot)
{
	struct blob_of b = {from, slot};

	if (slot >= SERVICE_SLOTS)
		return SYS_EINVAL;
	return service_blob_replace(to, slot, READ_ONCE(from->blob[slot].len), fill_from,
				    (uint64_t)&b);
}
