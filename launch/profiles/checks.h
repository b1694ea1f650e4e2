/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a platform needs of a host, as a list from the processor up to QEMU: `keelson doctor
 * --platform` shows all of it, and a run is refused for the first thing that is missing.
 */
#include "base/types.h"

enum check_verdict {
	CHECK_OK,
	CHECK_MISSING, /* no run without it */
	/* The host is unfit by all that can be asked, but a kernel or QEMU of another branch may
	 * say it in words that nobody here knows: a run is tried. */
	CHECK_DOUBT,
	CHECK_UNKNOWN, /* this user cannot tell; what follows from it is checked elsewhere */
	CHECK_NO,      /* it does without */
};

struct check {
	const char *what; /* static, 24 characters at most */
	enum check_verdict verdict;
	char *found; /* a line */
	char *todo;  /* a line; NULL where there is nothing to do */
};

struct checks {
	struct check *v;
	size_t n;
};

/* found and todo are malloc'ed and taken over. */
void checks_add(struct checks *c, const char *what, enum check_verdict verdict, char *found,
		char *todo);
void checks_free(struct checks *c);
/* Is nothing missing, and nothing in doubt? */
bool checks_fit(const struct checks *c);
/* "platform NAME needs ..." for the first that is missing (malloc'ed); NULL: none is. */
char *checks_missing(const struct checks *c, const char *platform);
