/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The suites of this project: nothing is left out. */
#include "bare/lib/scope.h"

bool scope_own(void)
{
	return true;
}

const char *scope_left_out(const char *name, const char *rule)
{
	(void)name;
	(void)rule;
	return NULL;
}
