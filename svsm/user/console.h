/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a process writes to files 1 and 2: lines in the log with its name in front, printable
 * characters only. After CONSOLE_BURST lines one of CONSOLE_SPARSE is kept, with a line that says
 * how many there were. */
#include "user/process.h"

void console_write(struct process *p, const char *text, size_t len);
void console_flush(struct process *p); /* write out a line that has not ended yet */
