/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A boot by the boot cache (docs/boot-cache.md): the machine that an equal boot has left behind is
 * loaded, or this boot leaves one.
 */
#include "harness/run/job.h"

/* Does this run use the cache? Its option, or the suite, and nothing that forbids it. */
bool cached_wanted(const struct options *o, const struct suite *s);
/* NULL, or why --boot-cache cannot go with the other options (malloc'ed). */
char *cached_refuse(const struct suite *s, const struct options *o);

/* A session of j that is ready, as behind HELLO: loaded, or booted and saved on the way. False: it
 * did not get there. */
bool cached_start(struct job *j);
