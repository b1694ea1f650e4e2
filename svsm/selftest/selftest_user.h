/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the self-tests of user mode share. */
#include "user/process_run.h"

#define PROBE_PAGES 128

/* The probe under that name, which tells it what to do. NULL: it could not be created. */
struct process *selftest_probe(const char *name, size_t page_limit);

/* Run it to its end. A deadline that an earlier slice left armed may interrupt at any time. */
enum process_stop selftest_run_to_end(struct process *p);

/* Every deed of services/probe/faults.c against the exception that it must meet. */
bool selftest_user_faults(char *detail);
