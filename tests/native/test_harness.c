/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Small parts of the harness: suites.cfg, exit codes, shell words, host verbs, phases of a boot.
 *
 * sources: harness/run/suites.c harness/core/util.c harness/core/exitcode.c
 * sources: harness/verbs/host_verbs.c launch/profiles/words.c harness/core/output.c harness/core/ranges.c
 * sources: harness/session/where.c harness/session/symbols.c
 * sources: harness/session/timeline.c harness/verbs/host_files.c harness/verbs/checkquote.c harness/verbs/quote.c
 * sources: harness/verbs/signature.c harness/qemu/qemu.c harness/core/signals.c svsm/lib/control_frame.c
 * sources: svsm/lib/crc32.c svsm/lib/base64.c harness/core/runclock.c
 * libs: -lcrypto -ljansson
 */
#include "tests/native/check.h"
#include "abi/control.h"
#include "abi/machine.h"
#include "harness/core/exitcode.h"
#include "harness/core/output.h"
#include "harness/verbs/host_verbs.h"
#include "harness/run/suites.h"
#include "harness/session/timeline.h"
#include "harness/session/where.h"
#include "harness/core/util.h"
#include "lib/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A temporary file with that text; the caller frees the name. */
static char *file(const char *text)
{
	char *path = str("/tmp/keelson-unit-%d", (int)getpid());

	CHECK(output_file(path, text));
	return path;
}

static bool reads(const char *text)
{
	char *path = file(text);
	bool ok = suites_read(path);

	unlink(path);
	free(path);
	return ok;
}

TEST(suites_as_they_are_meant)
{
	const struct suite *s;

	CHECK(reads("# comment\n[one]\nkind = payload\nsmp = 3\nstrict = yes\ngroups = quick slow\n"
		    "\n[two]\n  kind=linux\ncmdline = a=b c=d\n"
		    "[none]\nservice_cpus = 0\ntest = no\nicount = 3\n[some]\nservice_cpus = 4\n"));
	s = suites_find("one");
	if (!CHECK(s))
		return;
	CHECK_EQ(s->kind, SUITE_PAYLOAD);
	CHECK_EQ(s->smp, 3);
	CHECK_EQ(s->mem, 512);
	CHECK(s->strict && !s->hidden && s->test);
	CHECK_EQ(s->icount, SUITE_UNSET);
	CHECK(suite_in_group(s, "quick") && suite_in_group(s, "slow"));
	CHECK(!suite_in_group(s, "qui") && !suite_in_group(s, "ick"));
	CHECK_STR(suites_find("two")->cmdline, "a=b c=d");
	CHECK(!suites_find("three"));
	CHECK_EQ(suite_service_cpus(s), 0); /* a payload: there is no SVSM */
	CHECK_EQ(suite_service_cpus(suites_find("two")), 1);
	CHECK_EQ(suite_service_cpus(suites_find("none")), 0);
	CHECK_EQ(suite_service_cpus(suites_find("some")), 4);
	CHECK_EQ(suites_find("none")->icount, 3);
	CHECK(!suites_find("none")->test);
}

TEST(suites_with_mistakes)
{
	static const char *const bad[] = {
		"smp = 2\n",
		"[three\n",
		"[]\n",
		"[four]\nsmp = two\n",
		"[five]\nkind = x\n",
		"[six]\nstrict = maybe\n",
		"[seven]\nnone = 1\n",
		"[one]\n[one]\n",
		"[eight]\nsmp\n",
		"[nine]\nsmp = -1\n",
		"[a]\nmem = 191\n",
		"[b]\nmem = 262145\n",
		"[c]\nicount = 11\n",
		"[d]\ntimeout = 0\n",
		"[e]\nsmp = 4294967297\n",
		"[f]\nmem = 512 MiB\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		check_context("%zu", i);
		CHECK(!reads(bad[i]));
	}
}

TEST(exit_codes_of_qemu)
{
	static const struct {
		int status, native, other;
	} cases[] = {
		{MACHINE_END_OFF << 1 | 1, CODE_PASSED, CODE_HOST},
		{MACHINE_END_GUEST_PANIC << 1 | 1, CODE_GUEST, CODE_HOST},
		{MACHINE_END_SVSM_PANIC << 1 | 1, CODE_SVSM, CODE_HOST},
		{MACHINE_END_MONITOR << 1 | 1, CODE_MONITOR, CODE_HOST},
		{MACHINE_END_BAD_IGVM << 1 | 1, CODE_HOST, CODE_HOST},
		{MACHINE_END_RESET << 1 | 1, CODE_GUEST, CODE_HOST},
		{0, CODE_MONITOR, CODE_PASSED},
		{1, CODE_HOST, CODE_HOST},
		{99, CODE_HOST, CODE_HOST},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome o = {0};

		check_context("status %d", cases[i].status);
		outcome_of_qemu(&o, W_EXITCODE(cases[i].status, 0), true);
		CHECK_EQ(o.code, cases[i].native);
		CHECK(*o.reason);
		outcome_of_qemu(&o, W_EXITCODE(cases[i].status, 0), false);
		CHECK_EQ(o.code, cases[i].other);
		outcome_of_qemu(&o, W_EXITCODE(0, 11), true);
		CHECK_EQ(o.code, CODE_HOST);
		free(o.reason);
	}
}

TEST(the_gravest_counts)
{
	static const int order[] = {0, 1, 2, 3, 7, 4, 5, 6, 130};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (size_t k = 0; k < ARRAY_LEN(order); k++)
			CHECK_EQ(exitcode_worse(order[i], order[k]), order[MAX(i, k)]);
}

TEST(shell_words)
{
	struct strlist l = {0};
	char *line;

	strlist_add(&l, "plain-1.0,x=y");
	strlist_add(&l, "two words");
	strlist_add(&l, "it's $HOME");
	strlist_add(&l, "");
	line = strlist_shell(&l);
	CHECK_STR(line, "plain-1.0,x=y 'two words' 'it'\\''s $HOME' ''");
	free(line);
	strlist_free(&l);
}

static const char *ask(const char *disk, const char *text)
{
	static char answer[128];
	struct host_context c = {.disk = disk, .platform = "native"};
	char request[128];

	snprintf(request, sizeof(request), "%s", text);
	host_verb(&c, request, answer, sizeof(answer));
	return answer;
}

TEST(host_verbs_answer_or_refuse)
{
	char *path = file("123456789");

	CHECK_STR(ask(NULL, "echo\ta\tb"), "a\tb");
	CHECK_STR(ask(path, "crc32\tdisk"), "cbf43926 9");
	CHECK_STR(ask(path, "sha256\tdisk"),
		  "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225 9");
	CHECK_EQ(strncmp(ask(NULL, "crc32\tdisk"), "error", 5), 0);
	CHECK_EQ(strncmp(ask(path, "sha256\t/etc/passwd"), "error", 5), 0);
	CHECK_EQ(strncmp(ask(path, "format"), "error", 5), 0);
	CHECK_EQ(strncmp(ask(path, ""), "error", 5), 0);
	unlink(path);
	free(path);
}

/* ---- files of a target ---- */

static const char *ask_files(struct host_files *f, const char *text)
{
	static char answer[128];
	struct host_context c = {.files = f, .platform = "native"};
	char request[256];

	snprintf(request, sizeof(request), "%s", text);
	host_verb(&c, request, answer, sizeof(answer));
	return answer;
}

static struct host_files files_open(void)
{
	return (struct host_files){.folder = str("/tmp/keelson-files-%d", (int)getpid())};
}

static void files_close(struct host_files *f)
{
	char *command = str("rm -rf '%s'", f->folder);

	CHECK_EQ(system(command), 0);
	free(command);
	free(f->folder);
}

TEST(files_arrive_in_pieces)
{
	struct host_files f = files_open();
	unsigned char *got;
	size_t n;

	CHECK(host_files_read(&f, "a", &n) == NULL);
	CHECK_STR(ask_files(&f, "file\tput a.b-c_1 0 Zm9v"), "ok");
	CHECK_STR(ask_files(&f, "file\tput a.b-c_1 3 YmFy"), "ok");
	CHECK_STR(ask_files(&f, "file\tput empty 0 "), "ok");
	got = host_files_read(&f, "a.b-c_1", &n);
	CHECK_EQ(n, 6);
	CHECK_STR((char *)got, "foobar");
	free(got);
	got = host_files_read(&f, "empty", &n);
	CHECK(got && n == 0);
	free(got);
	CHECK_STR(ask_files(&f, "file\tput a.b-c_1 0 Zg=="), "ok");
	got = host_files_read(&f, "a.b-c_1", &n);
	CHECK_EQ(n, 1);
	free(got);
	files_close(&f);
}

TEST(files_go_back_in_pieces)
{
	enum {
		SIZE = 2 * HOST_FILE_PIECE + 7
	};
	struct host_files f = files_open();
	char answer[CONTROL_MAX], request[CONTROL_MAX];
	struct host_context c = {.files = &f, .platform = "native"};
	unsigned char bytes[SIZE + 1] = {0}, back[SIZE + 1];
	size_t have = 0;
	long n;

	for (size_t at = 0; at < SIZE; at += HOST_FILE_PIECE) {
		char text[BASE64_LENGTH(HOST_FILE_PIECE) + 1];

		for (size_t i = at; i < SIZE; i++)
			bytes[i] = (unsigned char)(i * 7);
		base64_encode(text, bytes + at, MIN(SIZE - at, (size_t)HOST_FILE_PIECE));
		snprintf(request, sizeof(request), "file\tput a %zu %s", at, text);
		CHECK_STR((host_verb(&c, request, answer, sizeof(answer)), answer), "ok");
	}
	for (;;) {
		snprintf(request, sizeof(request), "file\tget a %zu", have);
		host_verb(&c, request, answer, sizeof(answer));
		CHECK_EQ(strncmp(answer, "ok", 2), 0);
		if (!answer[2])
			break;
		n = base64_decode(back + have, SIZE - have, answer + 3);
		CHECK(n > 0);
		have += n > 0 ? (size_t)n : SIZE;
	}
	CHECK_EQ(have, SIZE);
	CHECK_MEM(back, bytes, SIZE);
	CHECK_STR(ask_files(&f, "file\tget a 99999999"), "ok"); /* behind its end */
	files_close(&f);
}

TEST(resets_are_for_tests)
{
	bool reset = false;
	struct host_context c = {.platform = "native"};
	char request[] = "reset", again[] = "reset", answer[128];

	host_verb(&c, request, answer, sizeof(answer));
	CHECK_EQ(strncmp(answer, "error", 5), 0);
	c.reset = &reset;
	host_verb(&c, again, answer, sizeof(answer));
	CHECK_STR(answer, "ok");
	CHECK(reset);
}

/* The exit code is 4 or 5, and there is a text: docs/test-control.md. */
TEST(ends_are_for_tests)
{
	static const char *const bad[] = {"end",        "end\t",         "end\t4",
					  "end\t4\t\t", "end\t\tVMPL 2", "end\t6\tx",
					  "end\t4 \tx", "end\tVMPL 2"};
	struct announced_end end = {0};
	struct host_context c = {.platform = "native"};
	char request[64], answer[128];

	snprintf(request, sizeof(request), "end\t4\tx");
	host_verb(&c, request, answer, sizeof(answer));
	CHECK_EQ(strncmp(answer, "error", 5), 0);
	c.end = &end;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		check_context("%s", bad[i]);
		snprintf(request, sizeof(request), "%s", bad[i]);
		host_verb(&c, request, answer, sizeof(answer));
		CHECK_EQ(strncmp(answer, "error", 5), 0);
		CHECK(!end.texts);
	}
	snprintf(request, sizeof(request), "end\t4\tVMPL 2\tdenied");
	CHECK_STR((host_verb(&c, request, answer, sizeof(answer)), answer), "ok");
	CHECK_EQ(end.code, 4);
	CHECK_STR(end.texts, "VMPL 2\tdenied");
	snprintf(request, sizeof(request), "end\t5\tx");
	CHECK_STR((host_verb(&c, request, answer, sizeof(answer)), answer), "ok");
	CHECK_EQ(end.code, 5);
	CHECK_STR(end.texts, "x");
	free(end.texts);
}

TEST(files_refused)
{
	static const char *const bad[] = {
		"put",
		"put a",
		"get b 0 Zg==",
		"get b",
		"get b x",
		"get a 0",
		"get ../harness 0",
		"take b 0",
		"put ../a 0 Zg==",
		"put a/b 0 Zg==",
		"put .a 0 Zg==",
		"put a -1 Zg==",
		"put a x Zg==",
		"put a 0 Zg",
		"put a 0 Zg==x",
		"put a 1 Zg==",
		"put a 1048577 Zg==",
		"put a 99999999999999999999 Zg==",
		"put a 18446744073709551615 Zg==",
		"put a%b 0 Zg==",
		"put aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 0 Zg=="};
	struct host_files f = files_open();
	char request[256];
	size_t n;

	CHECK_STR(ask_files(&f, "file\tput b 0 Zm9v"), "ok");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(request, sizeof(request), "file\t%s", bad[i]);
		CHECK_EQ(strncmp(ask_files(&f, request), "error", 5), 0);
	}
	CHECK_EQ(strncmp(ask_files(&f, "file\tput b 2 Zm9v"), "error", 5), 0);
	CHECK(host_files_read(&f, "a", &n) == NULL);
	CHECK(host_files_read(&f, "../keelson-unit", &n) == NULL);
	for (unsigned i = 0; i < HOST_FILE_COUNT; i++)
		ask_files(&f, "file\tput c 0 Zg==");
	CHECK_STR(ask_files(&f, "file\tput d 0 Zg=="), "error: too many files");
	files_close(&f);
}

TEST(quote_questions_that_are_none)
{
	static const char *const bad[] = {
		"checkquote\t",
		"checkquote\ta b c d e",
		"checkquote\ta b c d e f g",
		"checkquote\ta b c d sha256:0 zz",
		"checkquote\ta b c d sha256:0 0",
		"checkquote\tnone none none none sha256:0 00",
		"tpm2_checkquote\tnone none none none sha256 00",
		"tpm2_checkquote\ta b c d --help 00",
		"tpm2_checkquote\ta b c d sha256 --x",
		"checksignature\trsassa-sha256 none none none",
		"checksignature\tmd5 a b c",
	};
	struct host_files f = files_open();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_EQ(strncmp(ask_files(&f, bad[i]), "error", 5), 0);
	CHECK_STR(ask_files(&f, "file\tput a 0 Zm9v"), "ok");
	CHECK_STR(ask_files(&f, "checkquote\ta a a a sha256:0 00"),
		  "wrong: the signature is no TPMT_SIGNATURE");
	CHECK_STR(ask_files(&f, "checksignature\trsassa-sha256 a a a"),
		  "wrong: the public key is no PEM key");
	files_close(&f);
}

TEST(phases_add_up)
{
	struct timeline t = {.svsm = 200, .guest = 500, .console = 900, .ready = 3000};
	struct phases p = timeline_phases(&t);

	CHECK_EQ(p.monitor, 200);
	CHECK_EQ(p.svsm, 300);
	CHECK_EQ(p.kernel, 2500);
	CHECK_EQ(p.user, -1);
	t.kernel_seconds = 2.0;
	t.ready_seconds = 2.25;
	p = timeline_phases(&t);
	CHECK_EQ(p.user, 250);
	CHECK_EQ(p.kernel, 2250);
	t.ready_seconds = 100; /* a guest's clock is the guest's claim */
	p = timeline_phases(&t);
	CHECK_EQ(p.user + p.kernel, 2500);
	t.ready_seconds = 1e300;
	p = timeline_phases(&t);
	CHECK_EQ(p.user, 2500);
	t.ready_seconds = strtod("nan", NULL);
	p = timeline_phases(&t);
	CHECK_EQ(p.user, 2500);
	t.guest = t.console = t.svsm = 0;
	p = timeline_phases(&t);
	CHECK_EQ(p.monitor, -1);
	CHECK_EQ(p.kernel, -1);
}

/* No marker of our SVSM's, and nobody says HELLO: the machine's facts alone. */
TEST(phases_of_a_foreign_svsm_add_up)
{
	struct timeline t = {.launched = 100, .console = 150, .entered = 400, .end = 1000};
	struct phases p = timeline_phases(&t);

	CHECK_EQ(p.monitor, 100);
	CHECK_EQ(p.svsm, 300);
	CHECK_EQ(p.kernel, 600);
	CHECK_EQ(p.user, -1);
	t.user_mode = 900;
	p = timeline_phases(&t);
	CHECK_EQ(p.kernel, 500);
	CHECK_EQ(p.user, 100);
	t.user_mode = 1100; /* behind the end: none */
	CHECK_EQ(timeline_phases(&t).user, -1);
	t.entered = 0; /* the console's first word was the SVSM's */
	p = timeline_phases(&t);
	CHECK_EQ(p.svsm, -1);
	CHECK_EQ(p.kernel, -1);
}

static const struct symbol_source no_symbols;

static void where_lines(struct where *w, const char *const *lines, size_t n)
{
	*w = (struct where){.asked = true};
	for (size_t i = 0; i < n; i++)
		where_line(w, lines[i]);
}

TEST(where_a_machine_stands_is_one_line)
{
	static const char *const lines[] = {
		"[cpu 2   1.000] where: vCPU 1 has no VMSA, waits",
		"[cpu 1   1.000] where: vCPU 0 VMPL 0 RIP 0x1234 CPL 0",
		"[cpu 1   1.001] trace: vcpu0 vmpl0 exit 0x61 nmi info 0x0 0x0 rip 0x1234 rax 0x0 "
		"rcx 0x0",
		"[cpu 1   1.001] trace: vcpu0 vmpl0 exit 0x81 vmmcall info 0x0 0x0 rip 0x1 rax 0x0 "
		"rcx 0x0",
		"[cpu 1   1.001] vcpu 0 vmpl 0 msr protocol 0x300000016 -> 0x100000017",
		"[cpu 1   1.002] trace: vcpu0 vmpl0 exit 0x81 vmmcall info 0x0 0x0 rip 0x1 rax 0x0 "
		"rcx 0x0",
		"[cpu 1   1.003] something else",
	};
	struct where w;
	char *text;

	where_lines(&w, lines, ARRAY_LEN(lines));
	text = where_text(&w, &no_symbols);
	CHECK_STR(text, "vCPU 0 VMPL 0 RIP 0x1234 CPL 0, next exits: 2 vmmcall, msr protocol "
			"0x300000016 -> 0x100000017; vCPU 1 has no VMSA, waits");
	free(text);
	where_free(&w);
	where_lines(&w, lines + 1, 2);
	text = where_text(&w, &no_symbols);
	CHECK_STR(text, "vCPU 0 VMPL 0 RIP 0x1234 CPL 0, no exit since");
	free(text);
	where_free(&w);
}

TEST(nothing_told_is_nothing)
{
	struct where w;

	where_lines(&w, NULL, 0);
	CHECK(!where_text(&w, &no_symbols));
	w.asked = false;
	where_line(&w, "[cpu 1   1.000] where: vCPU 0 VMPL 0 RIP 0x1234 CPL 0");
	CHECK(!where_text(&w, &no_symbols));
	where_free(&w);
}

/* What a line holds may be a guest's, and there may be many vCPUs. */
TEST(where_is_bounded)
{
	struct where w = {.asked = true};
	char line[64], *text;

	for (unsigned i = 0; i < WHERE_LINES + 10; i++) {
		snprintf(line, sizeof(line), "[cpu 1   1.000] where: vCPU %u VMPL 2 RIP 0x1 CPL 0",
			 i);
		where_line(&w, line);
	}
	CHECK_EQ(w.lines.n, WHERE_LINES);
	text = where_text(&w, &no_symbols);
	CHECK(strstr(text, "1996 more in monitor.log") != NULL);
	free(text);
	where_free(&w);
}
