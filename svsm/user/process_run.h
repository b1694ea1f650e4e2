/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The life of a process: loaded, run on whatever CPU until it stops, destroyed. */
#include "user/process.h"

enum process_stop {
	PROCESS_WAITS,     /* SERVICE_CALL_WAIT and no request: run it again when there is one */
	PROCESS_PREEMPTED, /* an interrupt came; run it again any time */
	PROCESS_ANSWERED,  /* it has answered a request; run it again: it will wait */
	PROCESS_EXITED,    /* exit_status */
	PROCESS_FAULTED,   /* exception; the report is in the log */
};

/*
 * Load a static, non-PIE or static-PIE x86-64 ELF file. The file is taken as hostile: every offset,
 * size and address is checked, W+X segments are refused. Segments that need no copy are mapped from
 * the image in place. NULL after one log line that says what was wrong.
 */
struct process *process_create(const char *name, const void *elf, size_t size, size_t page_limit);
void process_destroy(struct process *p);

/* Run it on this CPU until it stops for one of the reasons. System calls are served inside. */
enum process_stop process_run(struct process *p);
