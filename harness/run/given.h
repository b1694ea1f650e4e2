/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A ready IGVM file (--igvm): which other options go with it, and whether a suite has a use for
 * --firmware. None is silently without effect: what cannot be done is a usage error before anything
 * is started.
 */
#include "harness/core/options.h"
#include "harness/run/suites.h"

/* NULL, or one line that says which option does not go with the file or the suite (malloc'ed).
 * o->platform names a profile. */
char *given_refuse(const struct suite *s, const struct options *o);
/* A file was given, one of ours and without firmware that a kernel could be handed to. */
bool given_brings_its_guest(const struct options *o);
/*
 * The kernel, initrd and command line (options first, then the suite's) are handed to the firmware
 * of a foreign file's guest (ours with firmware: make_igvm.h): for `run` when one of them is given,
 * for `test` where the suite is a Linux. Else the file has what it boots.
 */
bool given_hands_over(const struct suite *s, const struct options *o);
