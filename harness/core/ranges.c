/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Reads a number of the command line or of launch/suites.cfg. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/ranges.h"

/* strtoul() alone takes signs, blanks and what follows the number. */
bool range_read(struct range r, const char *text, unsigned *out)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || v < r.min || v > r.max)
		return false;
	*out = (unsigned)v;
	return true;
}

/* A sign would be taken for the number's two's complement. */
bool tsc_offset_read(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno;
}

bool sev_features_read(const char *text, uint64_t *out)
{
	return tsc_offset_read(text, out) && (*out & SEV_FEAT_SNP_ACTIVE);
}

bool console_port_read(const char *text, bool *com1)
{
	*com1 = !strcmp(text, "com1");
	return *com1 || !strcmp(text, "debug");
}
