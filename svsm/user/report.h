/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The log's account of a process that ends by a fault: what happened and where, in test builds
 * also registers and the bytes at RIP (launch_shows_registers()). To be called right after the
 * process stopped, while its space is loaded and CR2 is its own.
 */
#include "user/process.h"

void report_fault(struct process *p);
