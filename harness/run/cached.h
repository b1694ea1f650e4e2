/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A boot by the boot cache (docs/boot-cache.md): the machine that an equal boot has left behind is
 * loaded, or this boot leaves one.
 */
#include "harness/core/options.h"
#include "harness/run/suites.h"
#include "harness/session/session.h"

/* Does this run use the cache? Its option, or the suite, and nothing that forbids it. */
bool cached_wanted(const struct options *o, const struct suite *s);
/* NULL, or why --boot-cache cannot go with the other options (malloc'ed). */
char *cached_refuse(const struct suite *s, const struct options *o);

/* A session that is ready, as behind HELLO: loaded, or booted and saved on the way; *did tells
 * which
 * ("loaded", "saved"). setup is as it was on return. False: it did not get there. */
bool cached_start(struct session *s, struct session_setup *setup, const struct options *o,
		  const char **did);
