/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What decides a booted machine, as one SHA-256: QEMU (program, version, the ROMs that it loads),
 * its command line with the contents of the files in place of their names, and this start of this
 * host, since the guest's clocks count the host's TSC. What a run's folder and suite are called
 * does not matter.
 */
#include "harness/session/session.h"

/* 64 hex digits (malloc'ed); NULL when a file cannot be read. */
char *bootcache_key(const struct session_setup *setup);

/* The text that is hashed (malloc'ed), a line for each thing: for tests, and for boot.json, where a
 * person compares two. NULL as above. */
char *bootcache_key_text(const struct session_setup *setup);
