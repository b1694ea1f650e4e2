/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The log's account of a process that has to end: what happened, registers, the bytes at RIP. For
 * use right after it stopped, with its space still loaded (CR2). */
#include "user/process.h"

void report_fault(struct process *p);
