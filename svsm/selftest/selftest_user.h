/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the self-tests of user mode share. */
#include "user/process_run.h"

#define PROBE_PAGES 128

/* A process that runs the probe under that name, which tells it what to do. NULL: it could not be
 * created. */
struct process *selftest_probe(const char *name, size_t page_limit);

/* Run it to its end. An older deadline that is still armed may interrupt it at any time. */
enum process_stop selftest_run_to_end(struct process *p);

/* Every deed of services/probe/faults.c must meet the exception that the table has for it. */
bool selftest_user_faults(char *detail);
