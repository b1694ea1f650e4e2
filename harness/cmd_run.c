/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson run: one boot of one suite's target, to show that it works or to work in it. No tests
 * are run. With --exec or --shell the output on stdout is the guest's, and everything that the
 * harness has to say goes to stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/commands.h"
#include "harness/run/cached.h"
#include "harness/run/given.h"
#include "harness/run/host_script.h"
#include "harness/run/job.h"
#include "harness/core/output.h"
#include "harness/run/limits.h"
#include "harness/core/paths.h"
#include "harness/report/progress.h"
#include "harness/report/report.h"
#include "harness/core/signals.h"
#include "harness/session/talk.h"

/* There are command lines for it, or a shell. */
static bool wants_agent(const struct options *o)
{
	return o->exec.n || o->shell;
}

/* The guest's firmware or kernel is whose it likes, and has no agent of ours: nobody said HELLO. */
static bool is_silent(const struct job *j)
{
	return j->options->no_agent || (j->options->igvm && !j->session.hello);
}

/* A fact that the target sent by INFO, or what to say where it sent none. */
static const char *fact(const struct session *s, const char *key, const char *otherwise)
{
	const char *v = json_string_value(json_object_get(s->info, key));

	return v ? v : otherwise;
}

/* A time for people (malloc'ed). */
static char *seconds(int ms)
{
	return ms < 0 ? str("?") : str("%d.%02d s", ms / 1000, ms % 1000 / 10);
}

/* Of a foreign SVSM's guest nobody knows what it is but that it came to CPL 3. */
static void print_phases(const struct session *s)
{
	struct phases p = timeline_phases(&s->time);
	unsigned end = s->time.ready ? s->time.ready : s->time.end;
	char *monitor = seconds(p.monitor), *svsm = seconds(p.svsm), *kernel = seconds(p.kernel);
	char *user = seconds(p.user), *all = seconds(end ? (int)end : -1);

	if (s->time.loaded)
		report_line("boot          none: loaded from the boot cache in %s", all);
	else
		report_line("boot          monitor %s, SVSM %s, %s %s, user space %s; %s in all",
			    monitor, svsm, s->foreign ? "guest" : "kernel", kernel, user, all);
	free(monitor);
	free(svsm);
	free(kernel);
	free(user);
	free(all);
}

/* The facts of a good boot. */
static void print_facts(const struct session *s)
{
	report_line("guest kernel  %s", fact(s, "kernel", "none"));
	report_line("VMPL          %s", fact(s, "vmpl", "not told"));
	report_line("vCPUs         %s", fact(s, "vcpus", "not told"));
	if (!s->foreign)
		report_line("SVSM          %s", s->svsm_version ? s->svsm_version : "not told");
	report_line("TPM           %s", fact(s, "tpm", "not told"));
}

#define LAST_WORDS 8

/* What a foreign SVSM, or whatever ran last, has said before it ended: no line of it is a marker
 * that we know, so people read it. */
static void print_last_words(const struct job *j)
{
	bool svsm = j->outcome.code == CODE_SVSM && j->session.svsm.last_line;
	const char *name = svsm ? "svsm.log" : "console.log";
	char *path = str("%s/%s", j->session.folder, name), *text = file_text(path, NULL);
	char *from = text ? text_tail(text, LAST_WORDS) : NULL, *save = NULL;

	if (from && *from)
		report_line("the end of %s:", name);
	for (char *line = from ? strtok_r(from, "\r\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\r\n", &save))
		report_line("  %s", str_ascii(line));
	free(text);
	free(path);
}

/*
 * What `make run` shows in the end: the facts of a good boot, or the one line that says why it
 * was none.
 */
static void print_summary(const struct job *j)
{
	const struct session *s = &j->session;

	if (j->outcome.code == CODE_PASSED && j->options->payload) {
		report_line("payload       ended with 0");
	} else if (j->outcome.code == CODE_PASSED && is_silent(j)) {
		report_line("guest         powered off");
	} else if (j->outcome.code == CODE_PASSED) {
		print_facts(s);
	} else {
		report_line("%s: %s", exitcode_name(j->outcome.code), j->outcome.reason);
		if (s->foreign && s->info)
			print_last_words(j);
	}
	if (s->foreign)
		report_line("SVSM          not ours: %s", paths_short(j->setup.launch.igvm));
	if ((j->outcome.code == CODE_PASSED && !j->options->no_agent) ||
	    (s->foreign && s->time.launched))
		print_phases(s);
	if (j->options->args.n && j->outcome.code == CODE_PASSED)
		report_line("tests         none were run: that is `keelson test %s`",
			    j->suite->name);
	report_line("run folder    %s", paths_short(j->folder.path));
}

/*
 * With --json stdout is run.json as it stands in the folder, or would stand if the disk were not
 * full, so that there is one format and not two.
 */
static void print_json(const struct job *j)
{
	char *text = record_text(&j->record);

	fputs(text, stdout);
	output_stream(stdout);
	free(text);
}

/*
 * The command lines of --exec, one after the other. The first that fails is the last; its exit
 * code becomes the program's, as ssh has it.
 */
static int commands(struct job *j)
{
	const struct strlist *l = &j->options->exec;
	int code = 0;

	for (size_t i = 0; i < l->n && !code; i++) {
		struct captured output = {0}, *keep = j->options->json ? &output : NULL;
		bool ended = talk_exec(&j->session, l->v[i], keep, &code);

		record_exec(&j->record, l->v[i], ended ? code : -1, keep);
		captured_free(&output);

		if (ended && code)
			outcome_set(&j->outcome, CODE_FAILED,
				    str("'%s' ended with %d", l->v[i], code));
		if (ended)
			continue;
		/* The last one may be a poweroff. */
		if (j->session.outcome.code == CODE_PASSED && i + 1 < l->n)
			outcome_set(&j->outcome, CODE_GUEST,
				    str("it powered off before '%s'", l->v[i + 1]));
		break;
	}
	return code;
}

/* What QEMU's own loader would pass: the file, and its arguments. The shim answers with the
 * payload's exit code when that has one. */
static char *payload_line(const struct options *o)
{
	const char *slash = strrchr(o->payload, '/');

	return str("%s%s%s", slash ? slash + 1 : o->payload, o->append ? " " : "",
		   o->append ? o->append : "");
}

static int payload(struct job *j)
{
	char *line = payload_line(j->options);
	int code = 0;

	if (!talk_exec(&j->session, line, NULL, &code)) {
		if (j->session.outcome.code == CODE_PASSED)
			outcome_set(&j->outcome, CODE_GUEST,
				    str("the payload powered off without an exit code"));
	} else if (code) {
		outcome_set(&j->outcome, CODE_FAILED, str("the payload ended with %d", code));
	}
	free(line);
	return code;
}

/* Until the shell ends, the guest powers off, or the user leaves. */
static void shell(struct job *j)
{
	char *command = terminal_shell();
	int code;

	report_line("a shell in the guest; exit, poweroff or Ctrl-] end it");
	terminal_on(j->setup.terminal);
	talk_exec(&j->session, command, NULL, &code);
	terminal_off(j->setup.terminal);
	free(command);
}

/*
 * An initrd of somebody else's: its console is in this terminal until it powers off. Without a
 * person at the keys its silence is no progress, since a prompt that nobody answers would wait for
 * ever.
 */
static void watch_console(struct job *j)
{
	struct control_frame f;

	if (j->setup.terminal) {
		terminal_on(j->setup.terminal);
		j->setup.terminal->input = j->setup.terminal->input && isatty(STDIN_FILENO);
	}
	while (session_wait(&j->session, &f) == SESSION_FRAME)
		if (f.type == CONTROL_HELLO)
			session_fail(&j->session, CODE_USAGE,
				     str("this initrd has the agent: run it without --no-agent"));
	if (j->setup.terminal)
		terminal_off(j->setup.terminal);
}

/* The SVSM's self-tests have no control port to say BYE to: their target powers off by itself. */
static void power_off(struct job *j)
{
	struct control_frame f;

	if (j->suite->kind != SUITE_SELFTEST)
		talk_bye(&j->session);
	else
		while (session_wait(&j->session, &f) == SESSION_FRAME)
			;
}

/*
 * One boot from start to power off. *theirs is the exit code of the last command of --exec.
 * What ended the session early stands in the job's outcome.
 */
static void boot(struct job *j, int *theirs)
{
	char *line = j->options->payload ? payload_line(j->options) : NULL;

	job_script(j, host_script_run(j->options, line));
	free(line);
	if (!job_boot(j)) {
		if (job_boot_end(j) && wants_agent(j->options))
			outcome_set(&j->outcome, CODE_GUEST,
				    str("it powered off before an agent answered"));
		return;
	}
	if (j->options->no_agent) {
		watch_console(j);
	} else {
		progress_step("up");
		*theirs = j->options->payload ? payload(j) : commands(j);
		if (j->options->shell && !*theirs && !j->session.over)
			shell(j);
		/* It may have powered off, been left or failed meanwhile. */
		if (!j->session.over)
			power_off(j);
	}
	job_boot_end(j);
}

/* The console's FIFOs lie in the run's folder, as the control port's do. */
static bool open_terminal(struct job *j, struct terminal *t)
{
	if ((!j->options->shell && !j->options->no_agent) || j->options->deterministic)
		return true;
	if (!terminal_open(t, j->folder.path)) {
		outcome_set(&j->outcome, CODE_HOST, str("no FIFOs for the console"));
		return false;
	}
	j->setup.terminal = t;
	return true;
}

/*
 * The summary is printed when the job is closed: only then the outcome is known, and run.json
 * is complete. A failed command of the guest beats the harness's own code 1, which would say
 * less.
 */
static int run(const struct options *o, const struct suite *s, const struct strlist *words)
{
	struct terminal terminal = {0};
	struct strlist suites = {0};
	struct job j;
	int code, theirs = 0;

	signals_init();
	strlist_add(&suites, s->name);
	progress_begin(o->runs, &suites);
	strlist_free(&suites);
	if (!job_open(&j, o, s, NULL, words))
		return CODE_HOST;
	if (job_prepare(&j) && open_terminal(&j, &terminal))
		boot(&j, &theirs);
	terminal_close(&terminal);
	code = job_close(&j);
	print_summary(&j);
	if (o->json)
		print_json(&j);
	job_free(&j);
	return code == CODE_FAILED && theirs ? theirs : code;
}

/* False after one line: a payload and its suite go together, and bring all that is booted. */
static bool payload_fits(const struct options *o, const struct suite *s)
{
	if (!o->payload != !!strcmp(s->name, "payload"))
		return problem("--payload FILE and suite payload go together, and with no other "
			       "suite"),
		       false;
	if (o->payload && (o->igvm || o->firmware || o->kernel || o->initrd || o->sev_features))
		return problem("--payload brings all that is booted: no --igvm, --firmware, "
			       "--kernel, --initrd, --sev-features"),
		       false;
	return true;
}

/* Why this run cannot be a deterministic one (malloc'ed), NULL when it can or need not. */
static char *refuse_repeat(const struct options *o, const struct suite *s)
{
	char *why = host_script_refuse(s, o), *line, *script;

	if (why || !o->deterministic)
		return why;
	line = o->payload ? payload_line(o) : NULL;
	script = host_script_run(o, line);
	why = host_script_too_long(script);
	free(script);
	free(line);
	return why;
}

/* False after one line: what no machine can be, and what only a target with a shell can do. */
static bool possible(const struct options *o, const struct suite *s)
{
	char *too_much = limits_refuse(s, o), *does_not_go = given_refuse(s, o);
	char *not_so = refuse_repeat(o, s);

	if (o->known)
		return problem("--known is for `keelson test`: run runs no tests"), false;
	if (o->no_agent && (o->exec.n || o->shell))
		return problem("--exec and --shell need an agent"), false;
	if (o->no_agent && s->kind != SUITE_LINUX)
		return problem("suite %s has no initrd", s->name), false;
	if ((o->shell || o->no_agent) && o->json)
		return problem("--json wants stdout for itself: not with --shell or --no-agent"),
		       false;
	if (too_much)
		return problem("%s", too_much), false;
	if (!does_not_go)
		does_not_go = cached_refuse(s, o);
	if (does_not_go)
		return problem("%s", does_not_go), false;
	if (not_so)
		return problem("%s", not_so), false;
	if (o->seed_last)
		return problem("--seeds is for `keelson test`; --seed N is one of them"), false;
	if (!wants_agent(o))
		return true;
	if (s->kind != SUITE_LINUX)
		return problem("suite %s has no shell", s->name), false;
	for (size_t i = 0; i < o->exec.n; i++)
		if (strlen(o->exec.v[i]) > CONTROL_MAX)
			return problem("--exec takes at most %u bytes", CONTROL_MAX), false;
	return true;
}

int run_command(int argc, char **argv)
{
	struct strlist words = {0};
	const struct suite *s;
	struct options o;
	char *cfg = paths_in_root("launch/suites.cfg");
	int rc = options_read(&o, argc, argv, "run [OPTIONS] [SUITE]");

	if (rc)
		return rc < 0 ? CODE_PASSED : rc;
	if (!profile_find(o.platform))
		return problem("no such platform: %s", o.platform), CODE_USAGE;
	if (o.args.n > 1)
		return problem("run takes one suite, %s is too much", o.args.v[1]), CODE_USAGE;
	if (!suites_read(cfg))
		return CODE_HOST;
	s = suites_find(o.args.n ? o.args.v[0] : o.payload ? "payload" : "guest");
	if (!s)
		return problem("no such suite: %s", o.args.v[0]), CODE_USAGE;
	if (!payload_fits(&o, s) || !possible(&o, s))
		return CODE_USAGE;
	report_init(o.json);
	if (o.exec.n || o.shell || o.no_agent)
		report_aside();
	if (o.dry_run)
		return job_dry_run(&o, s), CODE_PASSED;
	job_words(&words, argc, argv);
	return run(&o, s, &words);
}
