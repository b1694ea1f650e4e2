/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The life of a process: loaded, run on any CPU until it stops, destroyed. */
#include "user/process.h"

enum process_stop {
	PROCESS_WAITS,     /* it waits for a request: run it again when there is one */
	PROCESS_PREEMPTED, /* an interrupt came, or its turn is over: run it again at any time */
	PROCESS_ANSWERED,  /* it has answered a request: run it again, until it waits */
	PROCESS_EXITED,    /* exit_status */
	PROCESS_FAULTED,   /* an exception or abort(); the report is in the log */
};

/*
 * Create a process from a static or static-PIE x86-64 ELF file. The file is checked as hostile
 * input: every offset, size and address, and no segment may be writable and executable. Segments
 * that need no copy are mapped from the image. page_limit: pages that it may have, page tables
 * included. NULL after one log line that says what was wrong.
 */
struct process *process_create(const char *name, const void *elf, size_t size, size_t page_limit);
void process_destroy(struct process *p);

/* Run it on this CPU until it stops for one of these reasons. System calls are served inside. */
enum process_stop process_run(struct process *p);
