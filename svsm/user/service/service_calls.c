/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The system calls of abi/service.h, by which a service talks to the kernel. Between "taken" and
 * "done" a request belongs to the calling process alone, so its buffers need no lock here. Offsets
 * and lengths are the process's words: each is checked against the request before it is used.
 */
#include "base/speculation.h"
#include "lib/lock.h"
#include "user/service/service.h"
#include "lib/string.h"
#include "user/syscall.h"

/* The request that the calling process has fetched and not answered; NULL: none. */
static struct service_request *taken(const struct process *p)
{
	return p->service && p->service->taken ? p->service->request : NULL;
}

/*
 * Gives the process its request. Without one the call is made again when the task is woken
 * (SYSCALL_AGAIN). A process that asks again without having answered gets the same request again.
 */
static enum syscall_then call_wait(struct process *p, struct syscall_args *args)
{
	struct service *s = p->service;
	struct service_request *r;
	struct service_head head;
	bool fresh;

	if (!s)
		return syscall_error(args, SYS_EPERM);
	lock_take(LOCK_SERVICE, &s->lock);
	r = s->request;
	fresh = r && !s->taken;
	s->taken = r != NULL;
	lock_give(LOCK_SERVICE, &s->lock);
	if (!r || fresh) /* it asks for work, so it does not hang */
		s->rested = p->user_tsc;
	if (!r)
		return SYSCALL_AGAIN;
	/* an answer that the process does not write must not be an old one's bytes */
	if (fresh && r->out_room)
		memset(r->out, 0, r->out_room);
	head = (struct service_head){.kind = r->kind,
				     .arg = r->arg,
				     .len = r->in_len,
				     .room = r->out_room,
				     .restarts = s->restarts};
	return user_copy_out(args->a[0], &head, sizeof(head)) ? SYSCALL_RESUME
							      : syscall_error(args, SYS_EFAULT);
}

/* A buffer's byte at an offset that was checked; an empty request has none, and no sum with NULL.
 */
static const uint8_t *byte_at(const void *buffer, uint64_t offset)
{
	return buffer ? (const uint8_t *)buffer + offset : NULL;
}

/* Arguments: to, offset, len. */
static enum syscall_then call_read(struct process *p, struct syscall_args *args)
{
	const struct service_request *r = taken(p);
	uint64_t n;

	if (!r || args->a[1] > r->in_len)
		return syscall_error(args, SYS_EINVAL);
	speculation_barrier(); /* nothing of the kernel is copied behind the request's end */
	n = MIN(args->a[2], r->in_len - args->a[1]);
	if (!user_copy_out(args->a[0], byte_at(r->in, args->a[1]), n))
		return syscall_error(args, SYS_EFAULT);
	args->result = (int64_t)n;
	return SYSCALL_RESUME;
}

/* Arguments: from, offset, len. */
static enum syscall_then call_write(struct process *p, struct syscall_args *args)
{
	struct service_request *r = taken(p);

	if (!r || args->a[1] > r->out_room || args->a[2] > r->out_room - args->a[1])
		return syscall_error(args, SYS_EINVAL);
	speculation_barrier();
	if (!user_copy_in((void *)byte_at(r->out, args->a[1]), args->a[0], args->a[2]))
		return syscall_error(args, SYS_EFAULT);
	args->result = (int64_t)args->a[2];
	return SYSCALL_RESUME;
}

/* Arguments: status, len. SERVICE_LOST is the kernel's to give. */
static enum syscall_then call_answer(struct process *p, struct syscall_args *args)
{
	struct service_request *r = taken(p);

	if (!r || args->a[0] >= SERVICE_LOST || args->a[1] > r->out_room)
		return syscall_error(args, SYS_EINVAL);
	service_finish(p->service, (uint32_t)args->a[0], (uint32_t)args->a[1]);
	return SYSCALL_ANSWERED;
}

/* Arguments: slot, from, len. */
static enum syscall_then call_store(struct process *p, struct syscall_args *args)
{
	int error;

	if (!p->service || args->a[0] >= SERVICE_SLOTS || args->a[2] > SERVICE_BLOB_MAX)
		return syscall_error(args, SYS_EINVAL);
	error = service_blob_replace(p->service, (uint32_t)args->a[0], (uint32_t)args->a[2],
				     user_copy_in, args->a[1]);
	return error ? syscall_error(args, error) : SYSCALL_RESUME;
}

/* Arguments: slot, to, room. Only the service itself replaces a blob, so no lock. */
static enum syscall_then call_load(struct process *p, struct syscall_args *args)
{
	struct service *s = p->service;
	uint64_t slot = args->a[0];

	if (!s || slot >= SERVICE_SLOTS)
		return syscall_error(args, SYS_EINVAL);
	slot = speculation_index(slot, SERVICE_SLOTS);
	if (!s->blob[slot].data)
		return syscall_error(args, SYS_ENOENT);
	if (args->a[2] < s->blob[slot].len)
		return syscall_error(args, SYS_ENOMEM);
	if (!user_copy_out(args->a[1], s->blob[slot].data, s->blob[slot].len))
		return syscall_error(args, SYS_EFAULT);
	args->result = s->blob[slot].len;
	return SYSCALL_RESUME;
}

SVSM_SYSCALL(SERVICE_CALL_WAIT, call_wait);
SVSM_SYSCALL(SERVICE_CALL_READ, call_read);
SVSM_SYSCALL(SERVICE_CALL_WRITE, call_write);
SVSM_SYSCALL(SERVICE_CALL_ANSWER, call_answer);
SVSM_SYSCALL(SERVICE_CALL_STORE, call_store);
SVSM_SYSCALL(SERVICE_CALL_LOAD, call_load);
