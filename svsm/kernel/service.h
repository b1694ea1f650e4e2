/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Services: programs in ring 3 that the protocols ask. Each has one request at a time. A service
 * that dies takes its request with it (SERVICE_LOST) and is started anew; its stored blobs
 * (abi/service.h) survive it. After SERVICE_RESTARTS_MAX deaths it stays dead and every request is
 * lost at once.
 *
 * Locks: struct service's own, LOCK_SERVICE.
 */
#include "abi/service.h"
#include "base/spinlock.h"

#define SERVICE_RESTARTS_MAX 16

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
	const void *elf;
	size_t elf_size;
	size_t page_limit;
	struct spinlock lock;            /* lock.h: LOCK_SERVICE */
	struct process *process;         /* NULL before the first request and after a death */
	struct service_request *request; /* submitted, not done */
	bool taken;                      /* the service has fetched its head */
	uint32_t restarts;
	struct {
		void *data;
		uint32_t len;
	} blob[SERVICE_SLOTS];
	struct sched_task *task;
};

/* False: another request is there. The service is started when it does not run yet. Does not wait:
 * lend it this CPU with sched_run (kernel/sched.h). */
bool service_submit(struct service *s, struct service_request *r);
/* The service shall die at its next instruction, as by a fault: tests. */
void service_kill(struct service *s);

extern struct service vtpm_service; /* protocols/vtpm_service.c */
