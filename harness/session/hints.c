/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Ends that have one usual cause, which their own words do not tell. */
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/session/hints.h"

static const struct {
	const char *words, *means;
} hints[] = {
	/* Linux arch/x86/include/asm/sev-common.h: GHCB_TERM_NOT_VMPL0 of Linux's own set */
	{"terminated: set 1 reason 3 ",
	 "a Linux that knows of no SVSM wants VMPL0 for itself: one before 6.11 (use 6.11 or "
	 "newer) "
	 "or one that kexec started, a crash kernel for example, which is told of none"},
};

char *hints_explain(const char *line, const struct symbol_source *svsm)
{
	char *named = symbols_explain(line, svsm), *all;

	for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
		if (!strstr(line, hints[i].words))
			continue;
		all = str("%s; %s", named, hints[i].means);
		free(named);
		return all;
	}
	return named;
}
