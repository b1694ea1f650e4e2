/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Services: programs in ring 3 that the protocols ask. Each has one request at a time. A service
 * that dies takes the request that it has fetched with it (SERVICE_LOST) and is started anew for
 * the next one; its stored blobs (abi/service.h) survive it. One that computes for
 * SERVICE_PATIENCE_NS without coming back for another request is ended. After SERVICE_RESTARTS_MAX
 * deaths it stays dead and every request is lost at once.
 *
 * Of a request, under the lock:
 *
 *	submitted --SERVICE_CALL_WAIT--> taken --SERVICE_CALL_ANSWER, or the service dies--> done
 *	    ^                                                                                  |
 *	    '---------------------------------- service_submit <-------------------------------'
 *
 * Locks: struct service's own, LOCK_SERVICE; never held while ring 3 runs. The process is touched
 * by the task's step only, which runs on one CPU at a time.
 */
#include "abi/service.h"
#include "base/spinlock.h"
#include "task/sched.h"

#define SERVICE_RESTARTS_MAX 16
/* On a CPU; the longest TPM command takes some seconds, on a slow machine in software a minute. */
#define SERVICE_PATIENCE_NS 600000000000ull

struct process;

/* Buffers are the submitter's, private to the SVSM, and stay until the request is done. */
struct service_request {
	uint32_t kind, arg;
	const void *in;
	uint32_t in_len;
	void *out;
	uint32_t out_room, out_len; /* out_len: set when it is done */
	uint32_t status;            /* SERVICE_*, when done */
	bool done;                  /* acquire */
};

struct service {
	const char *name;
	const uint8_t *elf, *elf_end;
	size_t page_limit;               /* of the process, page tables included */
	struct spinlock lock;            /* lock.h: LOCK_SERVICE */
	struct process *process;         /* NULL before the first request and after a death */
	struct service_request *request; /* submitted, not done */
	bool taken;                      /* the service has fetched its head */
	bool kill;                       /* service_kill was called */
	uint32_t restarts;               /* deaths */
	uint64_t rested;                 /* the process's user_tsc when it came for a request */
	struct {
		void *data;
		uint32_t len;
	} blob[SERVICE_SLOTS];
	struct sched_task *task;
};

/* False: another request is there. Else it will be done some time, when somebody lends a CPU. */
bool service_submit(struct service *s, struct service_request *r);
/* Lend this CPU to the service until r is done or for that long (task/sched.h). */
enum sched_end service_run(struct service *s, struct service_request *r, uint64_t slice_ns,
			   bool wait);
/* The service, started or not, shall die at its next instruction by a real fault: tests. */
void service_kill(struct service *s);

/* For user/service/service_calls.c: the request is done. */
void service_finish(struct service *s, uint32_t status, uint32_t out_len);
/* Replace a slot's blob by a copy of len bytes that `fill` makes. 0, or why not (then the old one
 * stays): SYS_EINVAL a slot or length out of range, SYS_ENOMEM, SYS_EFAULT fill failed. */
int service_blob_replace(struct service *s, uint32_t slot, uint32_t len,
			 bool (*fill)(void *to, uint64_t from, size_t len), uint64_t from);

extern struct service vtpm_service; /* protocols/vtpm_service.c */
