/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Clocks, CPUs and files of /proc and /sys, for tests of Linux's timers. Times are in ns. */
#include <stddef.h>
#include <time.h>

#include "base/types.h"

#define NS_A_SECOND 1000000000ull
#define NS_A_MS     1000000ull

struct timespec clocks_spec(uint64_t ns);
uint64_t clocks_ns(struct timespec t);
uint64_t clocks_now(clockid_t clock);
void clocks_sleep_until(uint64_t monotonic); /* goes on sleeping after a signal */
uint64_t clocks_tsc(void);

unsigned cpus_online(void);
bool cpus_pin(unsigned cpu); /* the calling thread, which runs there when this returns */

/* The file's text, NUL-terminated and without trailing blanks; an empty one where there is none. */
const char *file_text(const char *path, char *to, size_t room);
bool file_write(const char *path, const char *text);
/* The row of /proc/interrupts that begins with that word ("LOC:", "8:"): one column, or all of
 * them added up; 0 where there is no such row. */
uint64_t interrupts_on(const char *row, unsigned cpu);
uint64_t interrupts(const char *row);
