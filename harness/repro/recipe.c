/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <string.h>

#include "harness/core/options.h"
#include "harness/repro/recipe.h"

/* The files come from the archive, the seed from run.json, and the rest is the caller's. */
static const char *const dropped[] = {
	"igvm",  "monitor",    "kernel",        "initrd", "firmware",      "runs",       "name",
	"qemu",  "keep",       "json",          "seeds",  "seed",          "trail-from", "all",
	"group", "boot-cache", "no-boot-cache", "known",  "deterministic", "symbols",    "disk",
};
/* Stands in the IGVM file, and --append as well where the kernel does. */
static const char *const built_in[] = {"service-cpus", "sev-features",        "tsc-offset",
				       "secure-tsc",   "alternate-injection", "console-port"};
/* What says what is done, and needs no file and no terminal. Nothing else is packed, and of an
 * archive from elsewhere nothing else is taken. */
static const char *const kept[] = {"platform", "smp",    "mem",    "icount", "seed", "timeout",
				   "limit",    "strict", "option", "append", "exec"};

const char *repro_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

bool repro_firmware(const json_t *run)
{
	const json_t *words = json_object_get(run, "igvm_command");

	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));

		if (word && strcmp(word, "--firmware") == 0)
			return true;
	}
	return false;
}

bool repro_disk(const json_t *run)
{
	const json_t *command = json_object_get(run, "command");

	for (size_t i = 2; i < json_array_size(command); i++) {
		const char *word = json_string_value(json_array_get(command, i)), *name = "";

		if (word && options_width(word, &name) && strcmp(name, "disk") == 0)
			return true;
	}
	return false;
}

bool repro_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

/* SUITE or SUITE/TEST of this run: its command line may have named other suites as well. */
static bool is_ours(const char *word, const char *suite)
{
	size_t n = strlen(suite);

	return strncmp(word, suite, n) == 0 && (!word[n] || word[n] == '/');
}

static bool take(const json_t *run, size_t *i, struct strlist *words)
{
	const json_t *command = json_object_get(run, "command");
	const char *suite = repro_text(run, "suite");
	const char *word = json_string_value(json_array_get(command, *i)), *name, *value;
	unsigned width = word ? options_width(word, &name) : 1;

	if (!word)
		return true;
	if (!width) {
		if (is_ours(word, suite))
			strlist_add(words, word);
		return true;
	}
	value = width == 2 ? json_string_value(json_array_get(command, ++*i)) : NULL;
	if (repro_one_of(name, dropped, ARRAY_LEN(dropped)) ||
	    repro_one_of(name, built_in, ARRAY_LEN(built_in)) ||
	    (strcmp(name, "append") == 0 && !repro_firmware(run)))
		return true;
	if (!repro_one_of(name, kept, ARRAY_LEN(kept))) {
		problem("a run with %s cannot be packed: what it needs beside its images may have "
			"changed since",
			word);
		return false;
	}
	strlist_add(words, word);
	if (value)
		strlist_add(words, value);
	return true;
}

static bool has_suite(const struct strlist *words, const char *suite)
{
	for (size_t i = 1; i < words->n; i++)
		if (is_ours(words->v[i], suite))
			return true;
	return false;
}

bool repro_words(const json_t *run, struct strlist *words)
{
	const json_t *command = json_object_get(run, "command");
	const char *suite = repro_text(run, "suite");
	const char *verb = json_string_value(json_array_get(command, 1));
	bool test = verb && strcmp(verb, "test") == 0;

	if (!json_is_true(json_object_get(run, "deterministic")) || !verb || !*suite) {
		problem("this run cannot be made again: run it with --deterministic "
			"(docs/reproduce.md)");
		return false;
	}
	strlist_add(words, verb);
	for (size_t i = 2; i < json_array_size(command); i++)
		if (!take(run, &i, words))
			return false;
	if (test && !has_suite(words, suite))
		strlist_add(words, suite);
	strlist_addf(words, "--seed");
	strlist_addf(words, "%lld", (long long)json_integer_value(json_object_get(run, "seed")));
	return true;
}

/* A suite, or SUITE/TEST with wildcards. */
static bool is_name(const char *word)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_/*?";

	return *word && *word != '-' && *word != '/' && word[strspn(word, good)] == 0;
}

bool repro_allowed(const json_t *words)
{
	const char *verb = json_string_value(json_array_get(words, 0));

	if (!verb || (strcmp(verb, "run") != 0 && strcmp(verb, "test") != 0))
		return false;
	for (size_t i = 1; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i)), *name = "";
		unsigned width = word ? options_width(word, &name) : 1;

		if (width ? !repro_one_of(name, kept, ARRAY_LEN(kept)) : !is_name(word))
			return false;
		if (width == 2 && !json_string_value(json_array_get(words, ++i)))
			return false;
	}
	return true;
}
