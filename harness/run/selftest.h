/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The SVSM's own tests have no control port: they run before a guest exists. Their verdicts are
 * lines of svsm.log:
 *   selftest: NAME pass|fail|skip [detail]
 *   selftest: (TEXT)         a note
 *   selftest: end N          N verdicts were given; nothing comes after it
 */
#include "harness/run/job.h"

/* The job's session has been started. As suite_run(). */
bool selftest_run(struct job *j, const struct strlist *patterns);
