/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Services: programs in ring 3 that do work for the protocols. A service has one request at a
 * time. When it dies, the request that it has fetched is lost (SERVICE_LOST), and it is started
 * anew for the next one; its stored blobs (abi/service.h) survive. A service that computes for
 * SERVICE_PATIENCE_NS without asking for another request is ended. After SERVICE_RESTARTS_MAX
 * deaths it stays dead, and every request is lost at once.
 *
 * State of a request, under the lock:
 *
 *	submitted --SERVICE_CALL_WAIT--> taken --SERVICE_CALL_ANSWER, or the service dies--> done
 *	    ^                                                                                  |
 *	    '---------------------------------- service_submit <-------------------------------'
 *
 * Locks: struct service's own, LOCK_SERVICE; never held while ring 3 runs. The process is touched
 * only by the task's step, which runs on one CPU at a time.
 */
#include "abi/service.h"
#include "lib/spinlock.h"
#include "task/sched.h"

#define SERVICE_RESTARTS_MAX 16
/* Time on a CPU. The longest TPM command takes some seconds on hardware, and a minute on a slow
 * machine in software. */
#define SERVICE_PATIENCE_NS 600000000000ull

struct process;

/* What comes of a service's wish for a report. */
enum service_report {
	SERVICE_REPORT_READY,
	SERVICE_REPORT_LATER,  /* it is being made */
	SERVICE_REPORT_DENIED, /* the service may not ask, or not any more */
	SERVICE_REPORT_NONE,   /* there is none to be had */
};

/* A request. The buffers belong to the submitter, are private to the SVSM, and must stay until it
 * is done. */
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
	size_t page_limit;               /* the process's limit, page tables included */
	struct spinlock lock;            /* lib/lock.h: LOCK_SERVICE */
	struct process *process;         /* NULL before the first request and after a death */
	struct service_request *request; /* submitted and not done */
	bool channel;                    /* it may use the channel: one service at most */
	/* SERVICE_CALL_REPORT; NULL: it may have none */
	enum service_report (*report)(const uint8_t data[64], struct attestation_report *to);
	bool taken;        /* the process has fetched it by SERVICE_CALL_WAIT */
	bool kill;         /* service_kill() was called; atomic */
	bool retired;      /* service_retire() was called; atomic */
	uint32_t restarts; /* deaths */
	uint64_t rested;   /* its user_tsc when it last asked for a request */
	struct {
		void *data;
		uint32_t len;
	} blob[SERVICE_SLOTS];
	struct sched_task *task;
};

/* Submit r. False: another request is not done yet. After true it will be done once somebody has
 * lent a CPU for long enough; a service that is dead for good makes it done at once. */
bool service_submit(struct service *s, struct service_request *r);
/* Lend this CPU to the service for slice_ns or until r is done (sched_run() in task/sched.h). */
enum sched_end service_run(struct service *s, struct service_request *r, uint64_t slice_ns,
			   bool wait);
/* Tell the host on the channel, before the guest runs, that there is no key and nobody to answer
 * (abi/host/channel.h). */
void service_channel_no_key(void);
/* Tests: make the service, started or not, die by a real fault at its next instruction. */
void service_kill(struct service *s);

/* s has no request, and will get none any more: its memory is given back at its next turn. */
void service_retire(struct service *s);

/* For user/service/service_calls.c: the request is done. */
void service_finish(struct service *s, uint32_t status, uint32_t out_len);
/* Replace a slot's blob by a copy of len bytes that `fill` makes. 0, or an error after which the
 * old blob is still there: SYS_EINVAL (slot or length out of range), SYS_ENOMEM, SYS_EFAULT (fill
 * failed). */
int service_blob_replace(struct service *s, uint32_t slot, uint32_t len,
			 bool (*fill)(void *to, uint64_t from, size_t len), uint64_t from);
/* A blob of exactly len bytes, copied. False: there is none. */
bool service_blob_read(struct service *s, uint32_t slot, void *to, uint32_t len);
/* Give `to` a copy of what `from` keeps in that slot. 0, or an error as above; SYS_EINVAL: there is
 * nothing. A blob that is replaced at this moment: SYS_EFAULT. */
int service_blob_copy(struct service *to, struct service *from, uint32_t slot);

/* protocols/vtpm_service.c. The second is the same program, with a copy of the first one's state:
 * what it does no command of the guest's waits for. */
extern struct service vtpm_service, vtpm_keys_service;
