/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * When the monitor itself is wrong. Below everything, so that what a report needs (tables, CPUs,
 * the log) can assert too; host/fault.c implements it.
 */
#include "base/types.h"

/* Registers and stack to the log, then MACHINE_END_MONITOR. From any CPU, with any lock held. */
NORETURN void host_fault(const char *fmt, ...) PRINTF(1, 2);
/* For what cannot happen; never for what a guest can cause. */
#define HOST_ASSERT(c) ((c) ? (void)0 : host_fault("%s:%d: assertion %s", __FILE__, __LINE__, #c))
