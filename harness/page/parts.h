/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The parts of the page, each of which writes a section of a run or nothing. f is the page; n, the
 * run's number in it, makes ids unique.
 */
#include <stdio.h>

#include "harness/page/loaded.h"
#include "harness/page/trace.h"

/* Why a run failed, and the last words of each side. */
void part_failure(FILE *f, const struct loaded *r, size_t n);
/* What ran with what: command line, versions, digests, host. */
void part_inputs(FILE *f, const struct loaded *r);
void part_tests(FILE *f, const struct loaded *r);
/* Each boot: how it ended, and its timeline. */
void part_boots(FILE *f, const struct loaded *r);
void part_facts(FILE *f, const struct loaded *r);
void part_latency(FILE *f, const struct loaded *r);
void part_exits(FILE *f, const struct trace *t);
void part_memory(FILE *f, const struct trace *t);
/* Excerpts of all logs; room: how many bytes of each are shown, 0: none. */
void part_logs(FILE *f, const struct loaded *r, size_t room);
/* Figures of a run that are compared with another's, hidden; the script shows them. */
void part_figures(FILE *f, const struct loaded *r, const struct trace *t);

/* A mark and a word for a run or a test: colour is never the only sign. */
void part_badge(FILE *f, const char *verdict);
const char *part_verdict(const struct loaded *r); /* "pass", "fail" or "open": it has no end */
/* Why it failed, in its own words (malloc'ed); never NULL. */
char *part_reason(const struct loaded *r);
