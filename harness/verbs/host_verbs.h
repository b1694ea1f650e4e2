/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a target may ask of the host (CONTROL_HOST): "verb TAB arguments". The target is not
 * trusted: it can name only what the run gave it. An answer that starts with "error" means refused.
 * A new verb is one function and one line of the table in host_verbs.c; docs/test-control.md lists
 * them with their arguments.
 */
#include "harness/verbs/host_files.h"

/* How the machine will end, as the running test announces it. */
struct announced_end {
	int code;    /* CODE_GUEST or CODE_SVSM */
	char *texts; /* malloc'ed, split by tabs: the exit line holds all; NULL: nothing announced
		      */
};

struct host_context {
	const char *disk;     /* the image behind the virtio disk, or NULL */
	const char *platform; /* the launch profile's name */
	struct host_files *files;
	/* What the running test announces; NULL: none runs. */
	bool *reset; /* a reset, after which it goes on */
	struct announced_end *end;
};

/* request is changed (split at tabs); answer is always NUL-terminated. */
void host_verb(const struct host_context *c, char *request, char *answer, size_t size);
