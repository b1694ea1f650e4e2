/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Which tests a conformance image asks for: those that prove a rule of the SVSM specification, or
 * of the TPM behind it, and of these not the ones on the image's own list.
 */
#include "bare/lib/scope.h"
#include "bare/conform/left_out.h"
#include "lib/string.h"

bool scope_own(void)
{
	return false;
}

/* rule: ids with blanks between them */
static bool specified(const char *rule)
{
	for (const char *id = rule; id; id = *id ? id + 1 : NULL) {
		if (strncmp(id, "svsm:", 5) == 0 || strncmp(id, "tpm:", 4) == 0)
			return true;
		while (*id && *id != ' ')
			id++;
	}
	return false;
}

const char *scope_left_out(const char *name, const char *rule)
{
	for (const struct left_out *l = left_out; l->name; l++) {
		if (strcmp(l->name, name) == 0)
			return l->why;
	}
	return specified(rule) ? NULL : "no rule of the SVSM specification";
}
