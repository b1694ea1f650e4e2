/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Reads launch/suites.cfg. The file is ours, and still a mistake in it is an error with its
 * line number: a misspelt key that was ignored would run a suite with other settings than its
 * author believes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/ranges.h"
#include "harness/run/suites.h"
#include "harness/core/util.h"

/* Kept for the whole program. Pointers into it last until the next suites_read(). */
static struct suite *all;
static size_t count;

/* By enum suite_kind. */
static const char *const kinds[] = {"bare", "payload", "linux", "selftest", "firmware"};

enum key_type {
	KEY_TEXT,
	KEY_NUMBER,
	KEY_BOOL,
	KEY_KIND
};

#define KEY_IN(field, type, range)                                                                 \
	{                                                                                          \
#field, type, offsetof(struct suite, field), range                                 \
	}
#define KEY(field, type)     KEY_IN(field, type, {0})
#define NUMBER(field, range) KEY_IN(field, KEY_NUMBER, range)

static const struct key {
	const char *name;
	enum key_type type;
	size_t offset;
	struct range range; /* of a number */
} keys[] = {
	KEY(kind, KEY_KIND),
	KEY(image, KEY_TEXT),
	KEY(firmware, KEY_TEXT),
	KEY(kernel, KEY_TEXT),
	KEY(initrd, KEY_TEXT),
	KEY(cmdline, KEY_TEXT),
	KEY(shows, KEY_TEXT),
	KEY(groups, KEY_TEXT),
	KEY(optional, KEY_TEXT),
	KEY(options, KEY_TEXT),
	KEY(device, KEY_TEXT),
	KEY(sev_features, KEY_TEXT),
	KEY(tests, KEY_TEXT),
	KEY(boot_cache, KEY_BOOL),
	KEY(strict, KEY_BOOL),
	KEY(alternate_injection, KEY_BOOL),
	KEY(hidden, KEY_BOOL),
	KEY(boot_only, KEY_BOOL),
	KEY(test, KEY_BOOL),
	NUMBER(smp, RANGE_SMP),
	NUMBER(mem, RANGE_MEM),
	NUMBER(disk, RANGE_DISK),
	NUMBER(timeout, RANGE_TIMEOUT),
	NUMBER(service_cpus, RANGE_SERVICE_CPUS),
	NUMBER(icount, RANGE_ICOUNT),
};

/* In place, at both ends. */
static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = 0;
	return s;
}

/* A suite with the defaults that docs/test-control.md promises. */
static void suite_new(const char *name)
{
	struct suite *s;

	all = mem_grow(all, (count + 1) * sizeof(*all));
	s = &all[count++];
	memset(s, 0, sizeof(*s));
	s->name = str_dup(name);
	s->smp = 1;
	s->mem = 512;
	s->timeout = 60;
	s->service_cpus = s->icount = SUITE_UNSET;
	s->test = true;
	s->shows = str_dup("");
	s->groups = str_dup("");
}

/* Writes a value into the field of the key, at slot. NULL, or what is wrong with the value. */
static const char *set(void *slot, const struct key *key, const char *value)
{
	static char wrong[80];

	switch (key->type) {
	case KEY_TEXT:
		free(*(char **)slot);
		*(char **)slot = str_dup(value);
		return NULL;
	case KEY_NUMBER:
		if (range_read(key->range, value, slot))
			return NULL;
		snprintf(wrong, sizeof(wrong), "%s takes a number from %u to %u", key->name,
			 key->range.min, key->range.max);
		return wrong;
	case KEY_BOOL:
		*(bool *)slot = strcmp(value, "yes") == 0;
		return *(bool *)slot || !strcmp(value, "no") ? NULL : "neither yes nor no";
	case KEY_KIND:
		for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
			if (strcmp(value, kinds[i]) != 0)
				continue;
			*(enum suite_kind *)slot = (enum suite_kind)i;
			return NULL;
		}
		return "not a kind of suite";
	}
	return "no such type";
}

/* "key = value", which belongs to the section read last. NULL, or what is wrong. */
static const char *take_pair(char *line)
{
	char *eq = strchr(line, '=');
	const char *name;

	if (!eq || !count)
		return "neither [NAME] nor key = value in a section";
	*eq = 0;
	name = trim(line);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(name, keys[i].name) == 0)
			return set((char *)&all[count - 1] + keys[i].offset, &keys[i],
				   trim(eq + 1));
	return "no such key";
}

/* NULL, or what is wrong. Blank lines and comments mean nothing; a name may not come twice. */
static const char *take_line(char *line)
{
	size_t n;

	line = trim(line);
	n = strlen(line);
	if (!n || *line == '#')
		return NULL;
	if (*line != '[')
		return take_pair(line);
	if (line[n - 1] != ']' || n < 3)
		return "a section is [NAME]";
	line[n - 1] = 0;
	if (suites_find(line + 1))
		return "a second suite of that name";
	suite_new(line + 1);
	return NULL;
}

/* For a second file: the unit tests read several. */
static void forget(void)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			if (keys[k].type == KEY_TEXT)
				free(*(char **)((char *)&all[i] + keys[k].offset));
		free(all[i].name);
	}
	free(all);
	all = NULL;
	count = 0;
}

/* The first mistake ends it: what comes after it may be wrong by that alone. */
bool suites_read(const char *path)
{
	char line[1024];
	const char *wrong = NULL;
	unsigned at = 0;
	FILE *f = fopen(path, "re");

	forget();
	if (!f) {
		problem("%s: %s", path, strerror(errno));
		return false;
	}
	while (!wrong && fgets(line, sizeof(line), f)) {
		at++;
		wrong = take_line(line);
	}
	fclose(f);
	if (wrong)
		problem("%s:%u: %s", path, at, wrong);
	return !wrong;
}

size_t suites_count(void)
{
	return count;
}

const struct suite *suites_at(size_t i)
{
	return &all[i];
}

const struct suite *suites_find(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

/* Groups are words: a group "svsm" is not found in "nosvsm". */
bool suite_in_group(const struct suite *s, const char *group)
{
	size_t n = strlen(group);
	const char *p = s->groups;

	while ((p = strstr(p, group))) {
		if ((p == s->groups || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
		p += n;
	}
	return false;
}

unsigned suite_service_cpus(const struct suite *s)
{
	if (s->kind == SUITE_PAYLOAD)
		return 0;
	return s->service_cpus == SUITE_UNSET ? 1 : s->service_cpus;
}

const char *suite_kind_name(enum suite_kind k)
{
	return kinds[k];
}
