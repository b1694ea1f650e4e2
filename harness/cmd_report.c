/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson report: runs as one HTML file. Without a RUN it takes those of the last `make check`, and
 * where there was none the newest run.
 */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/commands.h"
#include "harness/core/exitcode.h"
#include "harness/core/output.h"
#include "harness/core/paths.h"
#include "harness/core/util.h"
#include "harness/page/page.h"

struct asked {
	const char *output;
	bool help, check;
};

static void help(void)
{
	puts("usage: keelson report [-o FILE] [RUN ...]\n\n"
	     "Writes one HTML file that needs nothing else: why a run failed, with the last words "
	     "of "
	     "each\nside, boot timelines, exits, latencies, memory, and two runs side by side "
	     "(docs/report.md).\n\n"
	     "  RUN                        a run's folder, or its name in build/runs; none: the "
	     "runs "
	     "of the\n"
	     "                             last `make check`, or else the newest run\n"
	     "  --check                    the runs of the last `make check`, be there any or not\n"
	     "  -o FILE, --output FILE     instead of build/report.html");
}

/* False after one line: an option that is none. */
static bool read_options(struct asked *a, int argc, char **argv)
{
	static const struct option table[] = {
		{"output", 1, NULL, 'o'}, {"check", 0, NULL, 'c'}, {"help", 0, NULL, 'h'}, {0}};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:h", table, NULL)) != -1) {
		if (c == 'o') {
			a->output = optarg;
		} else if (c == 'c') {
			a->check = true;
		} else if (c == 'h') {
			a->help = true;
		} else {
			problem(c == ':' ? "%s needs a value" : "unknown option %s",
				argv[optind - 1]);
			return false;
		}
	}
	return true;
}

/* ---- which runs ---- */

/* By its real name, whatever link leads to it. */
static bool add_folder(struct loaded_all *all, const char *path)
{
	char *real = realpath(path, NULL);
	bool ok = real && loaded_add(all, real);

	free(real);
	return ok;
}

/* False after one line. */
static bool add_named(struct loaded_all *all, const char *word)
{
	char *name = str("runs/%s", word), *inside = paths_in_build(name);
	bool ok = add_folder(all, word) || add_folder(all, inside);

	if (!ok)
		problem("no run in %s: there is no run.json", word);
	free(inside);
	free(name);
	return ok;
}

static int is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Everything that began at that time or later in the folders check-SUITE-XXXXXXXX of `make check`
 * (tests/integration/test_suites.py). */
static void add_since(struct loaded_all *all, const char *runs, const char *folder, time_t since)
{
	char *path = str("%s/%s", runs, folder);
	struct dirent **names;
	int n = scandir(path, &names, is_visible, alphasort);

	for (int i = 0; i < n; i++) {
		char *run = str("%s/%s", path, names[i]->d_name);
		struct stat st;

		if (lstat(run, &st) == 0 && S_ISDIR(st.st_mode) && st.st_mtime >= since)
			loaded_add(all, run);
		free(run);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	free(path);
}

static int is_check(const struct dirent *d)
{
	return strncmp(d->d_name, "check-", 6) == 0;
}

/* When the last `make check` began (ci/check.sh); 0: there was none. */
static time_t check_began(void)
{
	char *path = paths_in_build("check.began");
	struct stat st;
	time_t when = stat(path, &st) == 0 ? st.st_mtime : 0;

	free(path);
	return when;
}

static void add_check(struct loaded_all *all)
{
	char *runs = paths_in_build("runs");
	time_t since = check_began();
	struct dirent **names;
	int n = since ? scandir(runs, &names, is_check, alphasort) : -1;

	for (int i = 0; i < n; i++) {
		add_since(all, runs, names[i]->d_name, since);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	free(runs);
}

/* The runs of the last check, or the newest one. False after one line: there is none. */
static bool add_newest(struct loaded_all *all, bool check, struct page_options *o)
{
	add_check(all);
	if (!all->n && !check)
		return add_named(all, "latest");
	o->check_log = paths_in_build("check.log");
	return true;
}

/* ---- the file ---- */

static int make(const struct asked *a, int argc, char **argv)
{
	char *output = a->output ? str_dup(a->output) : paths_in_build("report.html"), *text;
	struct loaded_all all = {0};
	struct page_options o = {0};
	bool ok = argc ? true : add_newest(&all, a->check, &o);

	for (int i = 0; ok && i < argc; i++)
		ok = add_named(&all, argv[i]);
	text = ok ? page_make(&all, &o) : NULL;
	if (text && output_file(output, text))
		printf("report: %s (%zu runs)\n", paths_short(output), all.n);
	ok = ok && text;
	free(text);
	loaded_free(&all);
	free(output);
	return ok ? CODE_PASSED : CODE_USAGE;
}

int report_command(int argc, char **argv)
{
	struct asked a = {0};

	if (!read_options(&a, argc, argv))
		return CODE_USAGE;
	if (a.help)
		return help(), CODE_PASSED;
	if (a.check && optind < argc)
		return problem("--check takes no RUN"), CODE_USAGE;
	return make(&a, argc - optind, argv + optind);
}
