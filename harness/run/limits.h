/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What no machine of a platform can be: found by the options and the suite alone, so that it is a
 * usage error before anything is made or started.
 */
#include "harness/core/options.h"
#include "harness/run/suites.h"

/* NULL, or one line that says what is too much and what is possible (malloc'ed). o->platform names
 * a profile. */
char *limits_refuse(const struct suite *s, const struct options *o);
