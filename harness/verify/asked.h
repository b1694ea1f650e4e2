/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What one call of `keelson verify` asks, and how its words can be wrong. */
#include "harness/verify/evidence.h"

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
