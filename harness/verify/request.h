/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The command line of `keelson verify`, and the files that it names. */
#include "harness/verify/evidence.h"
#include "harness/verify/verdict.h"

enum request_error {
	REQUEST_OK,
	REQUEST_HELP,
	REQUEST_USAGE,   /* the words make no sense; told on stderr */
	REQUEST_NO_FILE, /* a file cannot be read; told on stderr */
	REQUEST_REFUSED, /* a file of the evidence is not what it should be: see the verdict */
};

struct request {
	struct evidence evidence;
	struct wanted wanted;
	bool json;
};

enum request_error request_read(struct request *q, int argc, char **argv, struct verdict *v);
void request_free(struct request *q);
