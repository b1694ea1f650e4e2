/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The list of what a platform needs of a host. */
#include <stdlib.h>

#include "launch/profiles/checks.h"
#include "launch/profiles/words.h"

void checks_add(struct checks *c, const char *what, enum check_verdict verdict, char *found,
		char *todo)
{
	c->v = mem_grow(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n++] = (struct check){what, verdict, found, todo};
}

void checks_free(struct checks *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].found);
		free(c->v[i].todo);
	}
	free(c->v);
	*c = (struct checks){0};
}

bool checks_fit(const struct checks *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].verdict == CHECK_MISSING || c->v[i].verdict == CHECK_DOUBT)
			return false;
	return true;
}

char *checks_missing(const struct checks *c, const char *platform)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].verdict == CHECK_MISSING)
			return str("platform %s needs %s (%s): %s", platform, c->v[i].what,
				   c->v[i].found, c->v[i].todo);
	return NULL;
}
