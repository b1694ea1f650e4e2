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
#include "harness/repro/expect.h"
#include "harness/repro/pack.h"
#include "harness/repro/replay.h"
#include "harness/repro/words.h"

struct replay {
	const char *file, *qemu, *svsm, *runs; /* as given; svsm and runs may be NULL */
	unsigned first, last;                  /* --seeds; 0: the seed of the run */
	char *folder, *top, *expect;
	json_t *manifest;
	struct expect then;
	bool other_qemu;
};

/* ---- the archive ---- */

static bool is_whole(const struct replay *r)
{
	const char *name;
	json_t *hash;

	json_object_foreach(json_object_get(r->manifest, "files"), name, hash)
	{
		char *path = str("%s/files/%s", r->top, name), hex[65];
		bool ok = !strchr(name, '/') && json_is_string(hash) && file_sha256(path, hex) &&
			  strcmp(hex, json_string_value(hash)) == 0;

		free(path);
		if (!ok) {
			problem("%s: its file %s is not what its manifest says", r->file, name);
			return false;
		}
	}
	return true;
}

/* The words come from another machine: only these commands are run. */
static bool is_harmless(const json_t *words)
{
	const char *verb = json_string_value(json_array_get(words, 0));

	return verb && (strcmp(verb, "run") == 0 || strcmp(verb, "test") == 0);
}

static bool open_file(struct replay *r)
{
	char *path;
	bool ok;

	r->folder = archive_folder();
	r->top = str("%s/" REPRO_TOP, r->folder ? r->folder : "");
	r->expect = str("%s/expect", r->top);
	if (!r->folder || !archive_unpack(r->file, r->folder))
		return false;
	path = str("%s/manifest.json", r->top);
	r->manifest = json_load_file(path, 0, NULL);
	free(path);
	ok = json_integer_value(json_object_get(r->manifest, "format")) == REPRO_FORMAT &&
	     is_harmless(json_object_get(r->manifest, "words"));
	if (!ok)
		problem("%s: its manifest is not of format %d", r->file, REPRO_FORMAT);
	r->then = expect_read(r->expect);
	return ok && is_whole(r);
}

/* ---- QEMU and the SVSM ---- */

static void check_qemu(struct replay *r)
{
	char *identity = qemu_identity(r->qemu);

	r->other_qemu = !identity || strcmp(identity, repro_text(r->manifest, "qemu")) != 0;
	if (r->other_qemu)
		problem("%s or its firmware is not that of the packed run, so it may well end "
			"otherwise",
			r->qemu);
	free(identity);
}

/* The file in the archive that an option of `keelson igvm build` names; NULL: it names none. */
static const char *part_of(const char *option)
{
	static const char *const parts[] = {"kernel", "initrd", "bare"};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strncmp(option, "--", 2) == 0 && strcmp(option + 2, parts[i]) == 0)
			return parts[i];
	return NULL;
}

/* The same words, with the other SVSM and with the archive's files. */
static bool build_igvm(struct replay *r, const char *igvm)
{
	const json_t *words = json_object_get(r->manifest, "igvm_command");
	struct strlist list = {0};
	bool ok;

	strlist_add(&list, paths_self());
	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));
		const char *before = list.v[list.n - 1];

		if (strcmp(before, "--svsm") == 0)
			strlist_add(&list, r->svsm);
		else if (strcmp(before, "--output") == 0)
			strlist_add(&list, igvm);
		else if (part_of(before))
			strlist_addf(&list, "%s/files/%s", r->top, part_of(before));
		else
			strlist_add(&list, word ? word : "");
	}
	ok = list.n > 3 && strcmp(list.v[1], "igvm") == 0 && archive_run(&list) == 0;
	strlist_free(&list);
	return ok;
}

/* ---- the run ---- */

static void add_option(struct strlist *l, const char *option, const char *value)
{
	strlist_add(l, option);
	strlist_add(l, value);
}

static void add_part(const struct replay *r, struct strlist *l, const char *option,
		     const char *name)
{
	char *path = str("%s/files/%s", r->top, name);

	if (file_exists(path))
		add_option(l, option, path);
	free(path);
}

/* The last --seed counts. */
static struct strlist words(const struct replay *r, unsigned seed, const char *igvm,
			    const char *runs)
{
	const json_t *packed = json_object_get(r->manifest, "words");
	struct strlist l = {0};

	strlist_add(&l, paths_self());
	for (size_t i = 0; i < json_array_size(packed); i++) {
		const char *word = json_string_value(json_array_get(packed, i));

		strlist_add(&l, word ? word : "");
	}
	add_part(r, &l, "--monitor", "monitor");
	if (repro_firmware(r->manifest)) {
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

/* ---- the verdict ---- */

/* "exit 1, 2 tests failed" is enough for a person to know it again. */
static void describe(const char *how, const struct expect *e)
{
	printf("%s: exit %d%s%s\n", how, e->code, *e->reason ? ", " : "", e->reason);
}

static int not_reproduced(const struct replay *r, const struct expect *now)
{
	if (r->other_qemu) {
		describe("not told: another QEMU, another run", now);
		return REPRO_CANNOT_TELL;
	}
	describe("not reproduced", now);
	return r->then.code == CODE_PASSED ? CODE_FAILED : CODE_PASSED;
}

/* An equal trail is the same run. Another SVSM has another one, and there the outcome counts. */
static int judge(const struct replay *r, const char *runs)
{
	char *latest = str("%s/latest", runs);
	struct expect now = expect_read(latest);
	unsigned boot;
	struct trail_compare c = expect_trails(r->expect, latest, &boot);
	int code = r->then.code;

	if (now.code < 0 || now.code == CODE_HOST || now.code >= CODE_SIGNAL) {
		describe("not told: it could not be made again", &now);
		code = REPRO_CANNOT_TELL;
	} else if (c.verdict == TRAIL_EQUAL && expect_same(&r->then, &now)) {
		describe("reproduced, to the last exit", &now);
	} else if (r->svsm || r->other_qemu) {
		if (expect_same(&r->then, &now))
			describe("reproduced", &now);
		else
			code = now.code == CODE_PASSED || r->then.code == CODE_PASSED
				       ? not_reproduced(r, &now)
				       : (describe("not told: it fails otherwise", &now),
					  REPRO_CANNOT_TELL);
	} else {
		printf("diverged in boot %u between exit %llu and %llu: ", boot,
		       (unsigned long long)c.from, (unsigned long long)c.to);
		describe(expect_same(&r->then, &now) ? "the same end" : "another end", &now);
		code = REPRO_CANNOT_TELL;
	}
	printf("its folder: %s\n", latest);
	expect_free(&now);
	free(latest);
	return code;
}

static int once(struct replay *r, unsigned seed, const char *igvm)
{
	char *runs = r->runs ? str_dup(r->runs) : paths_runs();
	struct strlist l = words(r, seed, igvm, runs);
	int code;

	archive_run(&l);
	code = judge(r, runs);
	strlist_free(&l);
	free(runs);
	return code;
}

/* The first seed that reproduces it ends the search: another SVSM has another timing. */
static int run(struct replay *r)
{
	char *igvm = str("%s/%s", r->top, r->svsm ? "other.igvm" : "files/igvm");
	int code = REPRO_CANNOT_TELL;

	check_qemu(r);
	describe("packed", &r->then);
	if (r->svsm && !build_igvm(r, igvm)) {
		problem("no IGVM file could be built with %s", r->svsm);
	} else if (!r->first) {
		code = once(r, 0, igvm);
	} else {
		for (unsigned seed = r->first; seed <= r->last; seed++) {
			printf("seed %u: ", seed);
			code = once(r, seed, igvm);
			if (code == r->then.code)
				break;
		}
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
	int code = CODE_HOST;

	if (!take(&r, argc, argv)) {
		problem("repro run takes FILE [--qemu PROGRAM] [--svsm ELF [--seeds A..B]] [--runs "
			"DIR]");
		return CODE_USAGE;
	}
	code = open_file(&r) ? run(&r) : r.svsm ? REPRO_CANNOT_TELL : CODE_HOST;
	archive_remove(r.folder);
	expect_free(&r.then);
	json_decref(r.manifest);
	free(r.top);
	free(r.expect);
	return code;
}
