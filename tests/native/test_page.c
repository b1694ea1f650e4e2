/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The page of `keelson report` from folders that hold the worst: what they say stays text, every
 * element is closed, every link leads somewhere, and the page does not grow with its logs.
 *
 * sources: harness/page/page.c harness/page/html.c harness/page/excerpt.c harness/page/loaded.c
 * sources: harness/page/trace.c harness/page/measured.c harness/page/said.c harness/page/assets.S
 * sources: harness/page/part_failure.c harness/page/part_run.c harness/page/part_boots.c
 * sources: harness/page/part_latency.c harness/page/part_exits.c harness/page/part_memory.c
 * sources: harness/page/part_figures.c harness/core/util.c harness/core/paths.c
 * sources: harness/core/exitcode.c launch/profiles/words.c
 * libs: -lcrypto -ljansson -lm
 */
#include "harness/core/paths.h"
#include "harness/core/util.h"
#include "harness/page/page.h"
#include "tests/native/check.h"

#include <ctype.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVIL "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\b\xff'\""

static char home[32];
static struct loaded_all all;

/* ---- folders ---- */

static void put(const char *run, const char *name, const char *text, size_t n)
{
	char *folder = str("%s/%s", home, run), *path = str("%s/%s", folder, name);
	FILE *f;

	mkdir(folder, 0777);
	f = fopen(path, "w");
	if (CHECK(f && fwrite(text, 1, n, f) == n))
		fclose(f);
	free(path);
	free(folder);
}

static void put_text(const char *run, const char *name, const char *text)
{
	put(run, name, text, strlen(text));
}

static void begin(void)
{
	strcpy(home, "/tmp/keelson-page-XXXXXX");
	CHECK(mkdtemp(home));
	if (!paths_root())
		paths_init();
	loaded_free(&all);
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void end(void)
{
	nftw(home, drop, 8, FTW_DEPTH | FTW_PHYS);
	loaded_free(&all);
}

static bool add(const char *run)
{
	char *path = str("%s/%s", home, run);
	bool ok = loaded_add(&all, path);

	free(path);
	return ok;
}

static char *page(void)
{
	struct page_options o = {0};
	char *text = page_make(&all, &o);

	CHECK(text);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

/* ---- the structure of a page ---- */

static bool is_void(const char *name)
{
	static const char *const names[] = {"!DOCTYPE", "meta", "link", "input", "br"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

#define DEPTH 32

struct reader {
	char open[DEPTH][16];
	unsigned depth;
};

/* A tag from '<' on; how long it is. Attributes of ours have no '>' in them. */
static size_t tag(struct reader *r, const char *at)
{
	bool closes = at[1] == '/';
	const char *from = at + 1 + closes, *over = strchr(at, '>');
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(from, " >/\n"), from);
	if (!CHECK(over))
		return strlen(at);
	if (closes) {
		if (CHECK(r->depth > 0))
			CHECK_STR(r->open[--r->depth], name);
	} else if (!is_void(name) && over[-1] != '/') {
		if (CHECK(r->depth < DEPTH))
			strcpy(r->open[r->depth++], name);
	}
	return (size_t)(over - at) + 1;
}

/* Style and script are not read as markup; they end at their own tag. */
static size_t raw(const struct reader *r, const char *at)
{
	const char *name = r->depth ? r->open[r->depth - 1] : "";
	char close[24];
	const char *over;

	if (strcmp(name, "style") != 0 && strcmp(name, "script") != 0)
		return 0;
	snprintf(close, sizeof(close), "</%s>", name);
	over = strstr(at, close);
	return CHECK(over) ? (size_t)(over - at) : strlen(at);
}

static void check_nesting(const char *text)
{
	struct reader r = {.depth = 0};

	for (const char *at = strchr(text, '<'); at; at = strchr(at, '<')) {
		at += tag(&r, at);
		at += raw(&r, at);
	}
	CHECK_EQ(r.depth, 0);
}

/* Each "#name" of a link is the id of one element. */
static void check_links(const char *text)
{
	static const char *const open = " href=\"#";

	for (const char *at = text; (at = strstr(at, open)); at++) {
		const char *from = at + strlen(open);
		char *id = str(" id=\"%.*s\"", (int)strcspn(from, "\""), from);

		check_context("%s", id);
		CHECK_EQ(count(text, id), 1);
		free(id);
	}
	check_context("links");
}

static void check_bytes_of(const char *text)
{
	size_t control = 0;

	for (const char *at = text; *at; at++)
		control += iscntrl((unsigned char)*at) && *at != '\n' && *at != '\t';
	CHECK_EQ(control, 0);
}

static void check_page(const char *text)
{
	check_nesting(text);
	check_links(text);
	check_bytes_of(text);
	CHECK_EQ(count(text, "<script"), 1);
	CHECK_EQ(count(text, "<img"), 0);
	CHECK_EQ(count(text, "http://") + count(text, "https://"), 0);
	CHECK(strstr(text, "Content-Security-Policy"));
}

/* ---- tests ---- */

/* Every text that a target, a file's name or the host has a say in. */
static void put_evil(void)
{
	json_t *evil = json_string("</script><script>alert(1)</script>\x1b\" onload='x");
	json_t *run = json_pack(
		"{s:O, s:O, s:[O, O], s:{s:O, s:O}, s:{s:i, s:s, s:O}, s:O, s:O, s:{s:{s:O, s:i, "
		"s:O}}, s:[O, s]}",
		"name", evil, "suite", evil, "command", evil, evil, "host", "kernel", evil, "name",
		evil, "exit", "code", 4, "name", "x", "reason", evil, "qemu_version", evil,
		"monitor_options", evil, "files", "<b>", "path", evil, "size", 7, "sha256", evil,
		"igvm_command", evil, "--firmware");
	json_t *boot =
		json_pack("{s:O, s:O, s:i, s:O, s:{s:O, s:s}, s:{s:i, s:i, s:O}, s:[O]}", "reason",
			  evil, "refused_dma", evil, "code", 4, "svsm_version", evil, "info",
			  "<i>\" onload=x", evil, "<u>_ns", "1 2 3", "timeline_ms", "phase_monitor",
			  10, "phase_svsm", 5, "phase_kernel", evil, "qemu", evil);
	char *text;

	json_object_set_new(run, "boots", json_pack("[o]", boot));
	text = json_dumps(run, 0);
	put_text("evil", "run.json", text);
	free(text);
	json_decref(run);
	json_decref(evil);
	put_text(
		"evil", "results.jsonl",
		"{\"suite\":\"s\",\"test\":\"<b>\\u001b\",\"verdict\":\"fail\",\"ms\":1,\"detail\":"
		"\"</script>\"}\n"
		"{\"suite\":\"s\",\"test\":\"t\",\"verdict\":\"\\\"><script>\",\"ms\":-1e99,"
		"\"detail\":7}\n"
		"not json\n[1]\n{\"test\": 1}\n");
	put("evil", "console.log", EVIL "\0\n" EVIL, sizeof(EVIL "\0\n" EVIL) - 1);
	put_text("evil", "svsm.log", EVIL);
	put_text("evil", "monitor.log",
		 "[cpu 1   1.000] exit: " EVIL "\n[cpu 1   1.000] stats: exit." EVIL " 3\n");
	put_text("evil", "qemu.log", EVIL);
	put_text("evil", "control.log", "     1 < START <b>\n     2 < LOG " EVIL "\n");
}

TEST(what_targets_say_stays_text)
{
	char *text;

	begin();
	put_evil();
	CHECK(add("evil"));
	text = page();
	check_page(text);
	CHECK(strstr(text, "&lt;/script&gt;&lt;script&gt;alert(1)"));
	CHECK(strstr(text, "&#9224;")); /* the backspace of a log */
	CHECK_EQ(all.v[0].failed, 1);
	CHECK_EQ(all.v[0].lost, 3);
	free(text);
	end();
}

/* The same with JSON of the wrong types, none, or a folder that is no run. */
TEST(spoilt_folders)
{
	static const char *const spoilt[] = {
		"",
		"{",
		"[]",
		"7",
		"{}",
		"{\"exit\": 7, \"boots\": {}, \"command\": \"x\", \"files\": [], \"host\": []}",
		"{\"exit\": {\"code\": \"x\"}, \"boots\": [7, {\"info\": [], \"timeline_ms\": 3}]}",
		"{\"exit\": {\"code\": 1e99}, \"boots\": [{}], \"results\": null, \"seconds\": -5}",
	};
	char *text;

	begin();
	for (size_t i = 0; i < ARRAY_LEN(spoilt); i++) {
		char *name = str("run%zu", i);

		put_text(name, "run.json", spoilt[i]);
		CHECK(add(name));
		free(name);
	}
	put_text("none", "console.log", "x");
	CHECK(!add("none"));
	CHECK(!add("nowhere"));
	text = page();
	check_page(text);
	CHECK(strstr(text, "run.json cannot be read"));
	CHECK(strstr(text, "8 of 8 runs failed"));
	free(text);
	end();
}

TEST(long_logs_are_cut_and_said_to_be)
{
	size_t n = 40u << 20;
	char *log = mem_alloc(n), *text;

	begin();
	memset(log, '<', n);
	for (size_t i = 99; i < n; i += 100)
		log[i] = '\n';
	memcpy(log + n - 16, "the very end <&>", 16);
	put("long", "console.log", log, n);
	put("long", "monitor.log", log, n / 8);
	put_text("long", "run.json",
		 "{\"name\": \"long\", \"exit\": {\"code\": 4, \"reason\": \"r\"}}");
	CHECK(add("long"));
	text = page();
	check_page(text);
	CHECK(strlen(text) < 2u << 20);
	CHECK(strstr(text, "Cut: of the first "));
	CHECK_EQ(count(text, "the very end &lt;&amp;&gt;"), 2); /* at the top, and below */
	free(text);
	free(log);
	end();
}

/* From the limit on logs are left out, with a word, and the verdicts are not. */
TEST(a_page_of_many_runs_has_a_limit)
{
	size_t n = 64u << 10;
	char *log = mem_alloc(n), *text;

	begin();
	memset(log, '&', n);
	for (unsigned i = 0; i < 100; i++) {
		char *name = str("run%02u", i);

		put(name, "console.log", log, n);
		put_text(name, "run.json",
			 "{\"name\": \"x\", \"exit\": {\"code\": 4, \"reason\": \"r\"}}");
		CHECK(add(name));
		free(name);
	}
	text = page();
	check_page(text);
	CHECK(strlen(text) < 8u << 20);
	CHECK(strstr(text, "Cut: this page is long enough."));
	CHECK_EQ(count(text, "<details class=\"run\""), 100);
	free(text);
	free(log);
	end();
}

TEST(good_runs_have_pictures)
{
	char *text;

	begin();
	put_text("good", "run.json",
		 "{\"name\": \"core\", \"suite\": \"core\", \"exit\": {\"code\": 0, \"reason\": "
		 "\"\"},"
		 " \"boots\": [{\"code\": 0, \"reason\": \"powered off\", \"info\": {\"tsc_khz\": "
		 "\"1000000\", \"core_call_linux_tsc\": \"65000 70000\"}, \"timeline_ms\": "
		 "{\"phase_monitor\": 1000, \"phase_svsm\": 500, \"phase_kernel\": 1500, "
		 "\"phase_user_space\": 1000}}]}");
	put_text("good", "results.jsonl",
		 "{\"suite\":\"core\",\"test\":\"a\",\"verdict\":\"pass\",\"ms\":1,\"detail\":\"\"}"
		 "\n");
	put_text("good", "monitor.log",
		 "[cpu 0   1.000] series: vmpl0 msr 10\n[cpu 0   2.000] series: vmpl2 hlt 30\n"
		 "[cpu 1   4.000] stats: exit.msr 10\n[cpu 1   4.000] stats: exit.hlt 30\n"
		 "[cpu 1   4.000] rmp: 0x0 512 validated rwus ---- rwus ----\n"
		 "[cpu 1   4.000] rmp: 0x200000 512 shared\n[cpu 1   4.000] rmp: 2 stretches\n");
	CHECK(add("good"));
	text = page();
	check_page(text);
	CHECK(strstr(text, "0 of 1 runs failed"));
	CHECK(strstr(text, "<rect class=\"phase0\" x=\"0.00%\" width=\"25.00%\""));
	CHECK(strstr(text, "<rect class=\"phase4\" x=\"75.00%\" width=\"25.00%\""));
	CHECK(strstr(text, "◆ median 70.0 us"));
	CHECK(strstr(text, "<span class=\"what\">VMPL 2</span>"));
	CHECK(strstr(text, "shared <b>512 pages, 2.0 MiB</b>"));
	CHECK(!strstr(text, "class=\"failure\""));
	CHECK(!strstr(text, "id=\"compare\""));
	free(text);
	end();
}

/* The folder of a command with several suites stands for them all, in the order of their start. */
TEST(suites_of_one_command)
{
	char *text;

	begin();
	put_text("sum", "run.json", "{\"name\": \"test\"}");
	put_text("sum/b", "run.json",
		 "{\"name\": \"b\", \"started\": \"2026-01-01T00:00:01+0000\", \"exit\": "
		 "{\"code\": 0}}");
	put_text("sum/a", "run.json",
		 "{\"name\": \"a\", \"started\": \"2026-01-01T00:00:02+0000\", \"exit\": "
		 "{\"code\": 0}}");
	CHECK(add("sum"));
	CHECK_EQ(all.n, 2);
	CHECK_STR(loaded_name(&all.v[0]), "b");
	text = page();
	check_page(text);
	CHECK(strstr(text, "id=\"compare\""));
	free(text);
	end();
}

/* Who reads why a run failed wants to know what the test is for, and what was going on. */
TEST(what_failed_comes_first)
{
	const char *bad, *good;
	char *text;

	begin();
	put_text("x", "run.json",
		 "{\"name\": \"x\", \"exit\": {\"code\": 4, \"reason\": \"panic\"}}");
	put_text("x", "results.jsonl",
		 "{\"suite\":\"s\",\"test\":\"a\",\"verdict\":\"pass\",\"ms\":1,\"detail\":\"\"}\n"
		 "{\"suite\":\"s\",\"test\":\"b\",\"verdict\":\"fail\",\"ms\":1,\"detail\":\"d\"}"
		 "\n");
	put_text("x", "control.log",
		 "  7 < TEST a one thing svsm:1:a\n  8 < TEST b a list: it stops there "
		 "svsm:6.2:next "
		 "apm:x\n  9 < START a\n 10 < END a\n 11 > EXEC true\n 12 < EXEC_END 0\n"
		 " 1313 > EXEC crash <it>\n");
	put_text("x", "console.log",
		 "sysrq: Trigger a crash\nKernel panic - it\n1\n2\n3\n4\n5\n6\n7\n"
		 "8\n9\n10\n11\n12\n13\n");
	CHECK(add("x"));
	text = page();
	check_page(text);
	CHECK(strstr(text, "It is to show: a list: it stops there<"));
	CHECK(strstr(text, "Under way: <code>EXEC crash &lt;it&gt;</code>, begun 1.31 s"));
	CHECK_EQ(count(text, "Under way: "), 1);
	CHECK(strstr(text, "sysrq: Trigger a crash\n<mark>Kernel panic - it</mark>\n...\n2\n"));
	bad = strstr(text, "<th scope=\"row\">b</th>");
	good = strstr(text, "<th scope=\"row\">a</th>");
	CHECK(bad && good && bad < good);
	free(text);
	end();
}
