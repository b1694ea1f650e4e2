/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The log's account of a process that has to end: what happened and where; in test builds also
 * registers and the bytes at RIP (launch_shows_registers).
 *
 * For use right after it stopped, with its space still loaded (CR2).
 */
#include "user/process.h"

void report_fault(struct process *p);
