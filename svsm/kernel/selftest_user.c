/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Self-tests of user mode: the probe (services/probe) in many ways. */
#include "kernel/alloc.h"
#include "kernel/selftest.h"
#include "user/process.h"

extern const char service_probe_start[], service_probe_end[];

#define PROBE_PAGES 256

static struct process *probe(const char *name)
{
	return process_create(name, service_probe_start, service_probe_end - service_probe_start,
			      PROBE_PAGES);
}

/* A deadline that an earlier slice left armed may interrupt at any time. */
static enum process_stop run_to_stop(struct process *p)
{
	enum process_stop stop;

	do
		stop = process_run(p);
	while (stop == PROCESS_PREEMPTED);
	return stop;
}

SELFTEST(user_exit)
{
	struct process *p = probe("probe");

	SELFTEST_TRUE(p);
	SELFTEST_EQ(run_to_stop(p), PROCESS_EXITED);
	SELFTEST_EQ(p->exit_status, 1);
	process_destroy(p);
	return true;
}
