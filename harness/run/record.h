/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* run.json: what ran, with what, and how it ended. Written at the start and again at every step. */
#include "harness/report/results.h"
#include "harness/session/captured.h"
#include "harness/session/session.h"
#include "harness/run/suites.h"

struct record {
	json_t *json;
	char *path;
	uint64_t from;
};

void record_open(struct record *r, const struct runfolder *folder, const char *name,
		 const struct strlist *words);
/* What the runs of this folder consist of: hashes of every file that exists. */
void record_target(struct record *r, const struct suite *s, const struct session_setup *setup,
		   const struct strlist *igvm_words);
/* One boot; call it when the session is over. */
void record_boot(struct record *r, const struct session *s, const char *boot_cache);
/* A command line of --exec; code -1: it did not come to its end. output NULL: it was passed on. */
void record_exec(struct record *r, const char *command, int code, const struct captured *output);
void record_close(struct record *r, const struct outcome *o, const struct results *results);
/* All that is known, as it goes into run.json (malloc'ed). */
char *record_text(const struct record *r);
/* The document of `--dry-run --json` on one line (malloc'ed): what would be run. */
char *record_dry_run(const char *suite, const struct strlist *igvm, const struct strlist *qemu);
void record_free(struct record *r);
