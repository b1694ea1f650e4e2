/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The lines are the machine's (launch/machine/start/upcall.c, cpu/exec/exits.c, hv/ghcb), but parts
 * of them are a guest's: nothing is taken for more than text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/session/where.h"

#define VCPUS_SHOWN 4
#define KINDS       4 /* of exits, for each vCPU */

/* What follows "[cpu N  S.mmm] ", which only our own log begins with. */
static const char *body(const char *line)
{
	const char *at = *line == '[' ? strstr(line, "] ") : NULL;

	return at ? at + 2 : "";
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

void where_line(struct where *w, const char *line)
{
	const char *b = body(line);

	if (!w->asked || w->lines.n >= WHERE_LINES)
		return;
	if (begins(b, "where: ") || begins(b, "trace: ") || strstr(b, " ghcb 0x") ||
	    strstr(b, " msr protocol 0x"))
		strlist_add(&w->lines, b);
}

/* Exits of one vCPU by name. */
struct exits {
	struct {
		char name[24];
		unsigned count;
	} kind[KINDS];
	unsigned kinds, more;
	const char *request; /* the last one: "msr protocol 0x... -> 0x..." */
};

static void count(struct exits *e, const char *name)
{
	unsigned i = 0;

	while (i < e->kinds && strcmp(e->kind[i].name, name) != 0)
		i++;
	if (i == KINDS) {
		e->more++;
		return;
	}
	if (i == e->kinds)
		snprintf(e->kind[e->kinds++].name, sizeof(e->kind[i].name), "%s", name);
	e->kind[i].count++;
}

static void take(struct exits *e, unsigned vcpu, const char *line)
{
	const char *at;
	char name[24];
	unsigned n;

	if (sscanf(line, "trace: vcpu%u vmpl%*u exit 0x%*x %23s", &n, name) == 2 && n == vcpu &&
	    strcmp(name, "nmi") != 0) /* the question itself */
		count(e, name);
	if (sscanf(line, "vcpu %u vmpl", &n) != 1 || n != vcpu)
		return;
	at = strstr(line, "ghcb 0x");
	e->request = at ? at : strstr(line, "msr protocol 0x");
}

/* ", next exits: 12 vmmcall 4 npf, ghcb 0x...", or what it means that there is none. */
static char *exits_text(const struct where *w, unsigned vcpu, const char *line)
{
	struct exits e = {0};
	char *text = str_dup("");

	for (size_t i = 0; i < w->lines.n; i++)
		take(&e, vcpu, w->lines.v[i]);
	if (!e.kinds && !e.request) {
		free(text);
		return str_dup(strstr(line, ", waits") ? "" : ", no exit since");
	}
	for (unsigned i = 0; i < e.kinds; i++) {
		char *more = str("%s%s%u %s", text, i ? " " : ", next exits: ", e.kind[i].count,
				 e.kind[i].name);

		free(text);
		text = more;
	}
	if (e.request) {
		char *more = str("%s, %s", text, e.request);

		free(text);
		text = more;
	}
	return text;
}

/* One vCPU after the others, as far as there is room. */
static char *add(char *text, const struct where *w, const char *line,
		 const struct symbol_source *svsm)
{
	unsigned vcpu = 0;
	char *named = symbols_explain(line, svsm), *exits, *all;

	sscanf(line, "vCPU %u", &vcpu);
	exits = exits_text(w, vcpu, line);
	all = str("%s%s%s%s", text ? text : "", text ? "; " : "", named, exits);
	free(named);
	free(exits);
	free(text);
	return all;
}

/* Those that wait say less of a machine that is stuck: they come last. */
char *where_text(const struct where *w, const struct symbol_source *svsm)
{
	static const char mark[] = "where: ";
	unsigned shown = 0, vcpus = 0;
	char *text = NULL, *all;

	for (unsigned waits = 0; waits < 2; waits++) {
		for (size_t i = 0; i < w->lines.n; i++) {
			const char *line = w->lines.v[i];

			if (!begins(line, mark) || (strstr(line, ", waits") != NULL) != waits)
				continue;
			vcpus++;
			if (shown == VCPUS_SHOWN)
				continue;
			shown++;
			text = add(text, w, line + strlen(mark), svsm);
		}
	}
	if (vcpus == shown)
		return text;
	all = str("%s; %u more in monitor.log", text, vcpus - shown);
	free(text);
	return all;
}

void where_free(struct where *w)
{
	strlist_free(&w->lines);
	*w = (struct where){0};
}
