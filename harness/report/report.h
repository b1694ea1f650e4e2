/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a person sees: on a terminal one status line that is redrawn, and the lines that matter; in
 * a pipe plain lines only. With --json people's lines go to stderr and stdout carries JSON alone.
 */
#include "harness/report/results.h"

void report_init(bool json);
void report_line(const char *fmt, ...) PRINTF(1, 2);
bool report_terminal(void); /* there is a status line */
/* What is going on now; drawn on a terminal only. */
void report_status(const char *fmt, ...) PRINTF(1, 2);
/* A line of JSON on stdout. */
void report_json(const char *line);
void report_result(const struct result *r);
/* The last line: "N passed, N failed, N skipped", and ", N known to fail" where there are. */
void report_summary(const struct results *r);
/* Words and status go to stderr: stdout is another's. */
void report_aside(void);
bool report_is_json(void);
