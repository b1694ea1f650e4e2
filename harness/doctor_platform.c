/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* keelson doctor --platform: shows the list of checks of a profile. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/core/exitcode.h"
#include "harness/core/util.h"
#include "harness/doctor.h"

/* By enum check_verdict: for people, whose eye is to be caught, and for programs. */
static const char *const seen[] = {"ok", "MISSING", "DOUBT", "unknown", "no"};
static const char *const words[] = {"ok", "missing", "doubt", "unknown", "no"};

static void show(const struct check *c)
{
	printf("%-8s %-24s %s\n", seen[c->verdict], c->what, c->found);
	if (c->todo)
		printf("%34s-> %s\n", "", c->todo);
}

/* What the host and QEMU wrote may be of any bytes, and a JSON text is Unicode. */
static void show_json(const struct profile *p, const struct check *c)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s?}", "platform", p->name, "check", c->what,
			      "verdict", words[c->verdict], "found", str_ascii(c->found), "todo",
			      c->todo);

	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

int doctor_platform(const struct profile *p, const char *qemu, bool json)
{
	struct checks c = {0};
	bool fit;

	p->checks(qemu, &c);
	fit = checks_fit(&c);
	for (size_t i = 0; i < c.n; i++) {
		if (json)
			show_json(p, &c.v[i]);
		else
			show(&c.v[i]);
	}
	if (!json)
		printf("this host is %s for platform %s\n", fit ? "fit" : "not fit", p->name);
	checks_free(&c);
	return fit ? CODE_PASSED : CODE_HOST;
}
