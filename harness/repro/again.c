/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/exitcode.h"
#include "harness/core/paths.h"
#include "harness/core/ranges.h"
#include "harness/core/util.h"
#include "harness/qemu/identity.h"
#include "harness/repro/archive.h"
#include "harness/repro/again.h"
#include "harness/repro/judge.h"
#include "harness/repro/recipe.h"

struct replay {
	const char *file, *qemu, *svsm, *runs; /* as given; svsm and runs may be NULL */
	unsigned first, last;                  /* --seeds; 0: the seed of the run */
	struct packed packed;
	bool other_qemu;
};

static void add_option(struct strlist *l, const char *option, const char *value)
{
	strlist_add(l, option);
	strlist_add(l, value);
}

/* ---- QEMU and the SVSM ---- */

static void check_qemu(struct replay *r)
{
	char *identity = qemu_identity(r->qemu);

	r->other_qemu = !identity || strcmp(identity, repro_text(r->packed.manifest, "qemu")) != 0;
	if (r->other_qemu)
		problem("%s or its firmware is not that of the packed run, so it may well end "
			"otherwise",
			r->qemu);
	free(identity);
}

/* One word of the packed `keelson igvm build`, and its value. False: it may not be there. */
static bool take_word(const struct replay *r, const json_t *words, size_t *i, struct strlist *l)
{
	static const char *const parts[] = {"--firmware", "--kernel", "--initrd", "--bare"};
	static const char *const values[] = {"--cmdline",     "--service-cpus", "--mem",
					     "--cpus",        "--sev-features", "--tsc-offset",
					     "--console-port"};
	static const char *const flags[] = {"--test", "--selftest", "--secure-tsc", "--no-madt",
					    "--alternate-injection"};
	static const char *const ours[] = {"--svsm", "--output"};
	const char *word = json_string_value(json_array_get(words, *i)), *value;

	if (!word)
		return false;
	if (repro_one_of(word, flags, ARRAY_LEN(flags))) {
		strlist_add(l, word);
		return true;
	}
	value = json_string_value(json_array_get(words, ++*i));
	if (!value)
		return false;
	if (repro_one_of(word, ours, ARRAY_LEN(ours)))
		return true;
	strlist_add(l, word);
	if (repro_one_of(word, parts, ARRAY_LEN(parts))) {
		strlist_addf(l, "%s/files/%s", r->packed.top, word + 2);
		return true;
	}
	strlist_add(l, value);
	return repro_one_of(word, values, ARRAY_LEN(values));
}

/* The same words, with the other SVSM and with the archive's files. A file that was given has none.
 */
static bool build_igvm(const struct replay *r, const char *igvm)
{
	const json_t *words = json_object_get(r->packed.manifest, "igvm_command");
	struct strlist list = {0};
	bool ok = json_array_size(words) > 2;

	strlist_add(&list, paths_self());
	strlist_add(&list, "igvm");
	strlist_add(&list, "build");
	for (size_t i = 2; i < json_array_size(words) && ok; i++)
		ok = take_word(r, words, &i, &list);
	add_option(&list, "--svsm", r->svsm);
	add_option(&list, "--output", igvm);
	ok = ok && archive_run(&list) == 0;
	strlist_free(&list);
	return ok;
}

/* ---- the run ---- */

static void add_part(const struct replay *r, struct strlist *l, const char *option,
		     const char *name)
{
	char *path = str("%s/files/%s", r->packed.top, name);

	if (file_exists(path))
		add_option(l, option, path);
	free(path);
}

/* The last --seed counts. */
static struct strlist words(const struct replay *r, unsigned seed, const char *igvm,
			    const char *runs)
{
	const json_t *packed = json_object_get(r->packed.manifest, "words");
	struct strlist l = {0};

	strlist_add(&l, paths_self());
	for (size_t i = 0; i < json_array_size(packed); i++) {
		const char *word = json_string_value(json_array_get(packed, i));

		strlist_add(&l, word ? word : "");
	}
	add_part(r, &l, "--monitor", "monitor");
	add_part(r, &l, "--disk", "disk");
	if (repro_firmware(r->packed.manifest)) {
		add_part(r, &l, "--kernel", "kernel");
		add_part(r, &l, "--initrd", "initrd");
	}
	if (seed) {
		strlist_add(&l, "--seed");
		strlist_addf(&l, "%u", seed);
	}
	add_option(&l, "--igvm", igvm);
	add_option(&l, "--qemu", r->qemu);
	add_option(&l, "--runs", runs);
	return l;
}

/* A folder of its own: what is the newest in a common one may be another's, or an older run. */
static char *new_runs(const struct replay *r)
{
	char *base = r->runs ? str_dup(r->runs) : paths_runs(),
	     *runs = str("%s/repro-XXXXXX", base);
	struct strlist mkdir = {0};

	strlist_add(&mkdir, "mkdir");
	strlist_add(&mkdir, "-p");
	strlist_add(&mkdir, "--");
	strlist_add(&mkdir, base);
	if (archive_run(&mkdir) != 0 || !mkdtemp(runs)) {
		problem("no folder can be made in %s", base);
		free(runs);
		runs = NULL;
	}
	strlist_free(&mkdir);
	free(base);
	return runs;
}

static int once(struct replay *r, unsigned seed, const char *igvm)
{
	char *runs = new_runs(r);
	struct strlist l;
	int code;

	if (!runs)
		return REPRO_CANNOT_TELL;
	l = words(r, seed, igvm, runs);
	archive_run(&l);
	code = judge(&(struct judged){&r->packed, r->svsm != NULL, r->other_qemu}, runs);
	strlist_free(&l);
	free(runs);
	return code;
}

/* The first seed that reproduces it ends the search: another SVSM has another timing. One of which
 * nothing can be said leaves it open. */
static int try_seeds(struct replay *r, const char *igvm)
{
	bool open = false;
	int code = REPRO_CANNOT_TELL;

	for (unsigned seed = r->first; seed <= r->last; seed++) {
		printf("seed %u: ", seed);
		code = once(r, seed, igvm);
		if (code == r->packed.then.code)
			return code;
		open |= code == REPRO_CANNOT_TELL;
	}
	return open ? REPRO_CANNOT_TELL : code;
}

static int run(struct replay *r)
{
	char *igvm = str("%s/%s", r->packed.top, r->svsm ? "other.igvm" : "files/igvm");
	int code = REPRO_CANNOT_TELL;

	check_qemu(r);
	judge_describe("packed", &r->packed.then);
	if (r->svsm && !build_igvm(r, igvm)) {
		problem("no IGVM file could be built with %s", r->svsm);
	} else if (!r->first) {
		code = once(r, 0, igvm);
	} else {
		code = try_seeds(r, igvm);
	}
	free(igvm);
	return code;
}

/* ---- the command ---- */

static bool take_seeds(struct replay *r, const char *text)
{
	const char *dots = strstr(text, "..");
	char *first = dots ? str("%.*s", (int)(dots - text), text) : NULL;
	bool ok = first && range_read(RANGE_SEEDS, first, &r->first) &&
		  range_read(RANGE_SEEDS, dots + 2, &r->last) && r->first <= r->last;

	free(first);
	return ok;
}

static bool take(struct replay *r, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
		const char **slot = strcmp(word, "--qemu") == 0   ? &r->qemu
				    : strcmp(word, "--svsm") == 0 ? &r->svsm
				    : strcmp(word, "--runs") == 0 ? &r->runs
								  : NULL;
		bool seeds = strcmp(word, "--seeds") == 0;

		if (slot || seeds)
			i++;
		if (slot && *value)
			*slot = value;
		else if (*word != '-' && !r->file)
			r->file = word;
		else if (!seeds || !take_seeds(r, value))
			return false;
	}
	return r->file && (!r->first || r->svsm);
}

int repro_run(int argc, char **argv)
{
	const char *qemu = getenv("QEMU");
	struct replay r = {.qemu = qemu && *qemu ? qemu : "qemu-system-x86_64"};
	int code;

	if (!take(&r, argc, argv)) {
		problem("repro run takes FILE [--qemu PROGRAM] [--svsm ELF [--seeds A..B]] [--runs "
			"DIR]");
		return CODE_USAGE;
	}
	code = packed_open(&r.packed, r.file) ? run(&r) : r.svsm ? REPRO_CANNOT_TELL : CODE_HOST;
	packed_close(&r.packed);
	return code;
}
