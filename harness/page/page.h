/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * `keelson report`: runs as one HTML file that needs nothing else. Its style and its script are
 * part of the program (report.css, report.js), and its policy (CSP) lets nothing else in: neither
 * network nor other scripts, whatever a log says.
 */
#include "harness/page/loaded.h"

struct page_options {
	const char *check_log; /* what `make check` said; NULL: it is not of one */
};

/* The whole file (malloc'ed). At most some MB: when it grows too long, logs are left out, and it
 * says so. */
char *page_make(const struct loaded_all *runs, const struct page_options *o);
