/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Reads run.json and results.jsonl of each folder. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/page/loaded.h"

#define TESTS_MOST 5000        /* of a run */
#define JSON_MOST  (16u << 20) /* bytes of run.json: output of commands is in it */
#define LINE_MOST  65536u      /* bytes of a result */

const char *loaded_text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

bool loaded_number(const json_t *o, const char *key, double *number)
{
	const json_t *v = json_object_get(o, key);

	*number = json_number_value(v);
	return json_is_number(v);
}

/* The builder was given one. */
bool loaded_firmware(const struct loaded *r)
{
	const json_t *words = json_object_get(r->run, "igvm_command"), *w;
	size_t i;

	json_array_foreach(words, i, w)
	{
		if (json_is_string(w) && strcmp(json_string_value(w), "--firmware") == 0)
			return true;
	}
	return false;
}

char *loaded_file(const struct loaded *r, const char *name)
{
	return str("%s/%s", r->path, name);
}

const char *loaded_leaf(const struct loaded *r)
{
	const char *slash = strrchr(r->path, '/');

	return slash ? slash + 1 : r->path;
}

const char *loaded_name(const struct loaded *r)
{
	const char *name = loaded_text(r->run, "name");

	return name ? name : loaded_leaf(r);
}

int loaded_code(const struct loaded *r)
{
	double code;

	if (!loaded_number(json_object_get(r->run, "exit"), "code", &code) || code < 0 ||
	    code > 255)
		return -1;
	return (int)code;
}

bool loaded_failed(const struct loaded *r)
{
	return loaded_code(r) != 0 || r->failed;
}

/* ---- reading ---- */

static json_t *read_json(const char *path)
{
	int64_t size = file_size(path);
	json_t *o = size > 0 && size <= JSON_MOST ? json_load_file(path, 0, NULL) : NULL;

	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

static void count(struct loaded *r, const char *verdict)
{
	if (strcmp(verdict, "pass") == 0)
		r->passed++;
	else if (strcmp(verdict, "fail") == 0)
		r->failed++;
	else if (strcmp(verdict, "known") == 0)
		r->known++;
	else
		r->skipped++;
}

static void take_line(struct loaded *r, const char *line)
{
	json_t *o = json_loads(line, 0, NULL);
	const char *verdict = loaded_text(o, "verdict");

	if (!verdict || !loaded_text(o, "test")) {
		json_decref(o);
		r->lost++;
		return;
	}
	count(r, verdict);
	if (json_array_size(r->tests) < TESTS_MOST)
		json_array_append(r->tests, o);
	else
		r->lost++;
	json_decref(o);
}

static void read_results(struct loaded *r)
{
	char *path = loaded_file(r, "results.jsonl"), *line = mem_alloc(LINE_MOST);
	FILE *f = fopen(path, "re");

	r->tests = json_array();
	while (f && fgets(line, (int)LINE_MOST, f))
		take_line(r, line);
	if (f)
		fclose(f);
	free(line);
	free(path);
}

static bool read_run(struct loaded *r, const char *path)
{
	char *file;

	*r = (struct loaded){.path = str_dup(path)};
	file = loaded_file(r, "run.json");
	r->run = read_json(file);
	read_results(r);
	if (r->run || file_exists(file))
		return free(file), true;
	free(file);
	json_decref(r->tests);
	free(r->path);
	return false;
}

/* ---- folders ---- */

static int is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int by_start(const void *a, const void *b)
{
	const struct loaded *x = a, *y = b;
	const char *s = loaded_text(x->run, "started"), *t = loaded_text(y->run, "started");
	int order = strcmp(s ? s : "", t ? t : "");

	return order ? order : strcmp(x->path, y->path);
}

/* Those below it, one folder a suite. */
static size_t add_suites(struct loaded_all *all, const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, is_visible, alphasort);
	size_t before = all->n;

	for (int i = 0; i < n; i++) {
		char *folder = str("%s/%s", path, names[i]->d_name);
		struct loaded r;

		if (read_run(&r, folder)) {
			all->v = mem_grow(all->v, (all->n + 1) * sizeof(*all->v));
			all->v[all->n++] = r;
		}
		free(folder);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return all->n - before;
}

bool loaded_add(struct loaded_all *all, const char *path)
{
	char *file = str("%s/run.json", path);
	bool there = file_exists(file), ok = there;

	free(file);
	if (there && !add_suites(all, path)) {
		all->v = mem_grow(all->v, (all->n + 1) * sizeof(*all->v));
		ok = read_run(&all->v[all->n], path);
		all->n += ok;
	}
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_start);
	return ok;
}

void loaded_free(struct loaded_all *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->v[i].path);
		json_decref(all->v[i].run);
		json_decref(all->v[i].tests);
	}
	free(all->v);
	*all = (struct loaded_all){0};
}
