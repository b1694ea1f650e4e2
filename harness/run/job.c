/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * One suite's way from its folder to its exit code: folder, IGVM file, disk, any number of
 * boots, and the record of all that. What goes wrong on the way is an outcome of the job, the
 * gravest of which is its exit code; a failed step leaves a complete folder all the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/control.h"
#include "abi/q35.h"
#include "harness/igvm/build.h"
#include "harness/run/cached.h"
#include "harness/run/given.h"
#include "harness/run/host_script.h"
#include "harness/run/job.h"
#include "harness/run/logs.h"
#include "harness/run/make_igvm.h"
#include "harness/core/output.h"
#include "harness/core/paths.h"
#include "harness/report/progress.h"
#include "harness/report/report.h"
#include "harness/core/signals.h"
#include "harness/session/talk.h"

void job_words(struct strlist *words, int argc, char **argv)
{
	strlist_add(words, paths_self());
	for (int i = 0; i < argc; i++)
		strlist_add(words, argv[i]);
}

/* A run that never reaches QEMU leaves the same files, empty. */
static void touch_logs(const struct job *j)
{
	static const char *const names[] = {"console.log", "svsm.log", "monitor.log", "qemu.log",
					    "control.log"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = runfolder_file(&j->folder, names[i]);

		output_append(path, "");
		free(path);
	}
}

/* False, and said why: the folder cannot be written. Only then is there no run folder. */
bool job_open(struct job *j, const struct options *o, const struct suite *s,
	      const struct runfolder *outer, const struct strlist *words)
{
	char *seeded = o->seed_last ? str("%s-seed-%u", s->name, o->seed) : NULL;
	const char *name = seeded ? seeded : o->name && !outer ? o->name : s->name;
	bool ok;

	*j = (struct job){.options = o, .suite = s, .losses = output_losses()};
	j->session.qmp.fd = j->session.qemu.pidfd = j->session.quiesce_fd = -1;
	ok = outer ? runfolder_create_in(&j->folder, outer, name)
		   : runfolder_create(&j->folder, o->runs, name);
	if (ok) {
		progress_suite(s->name, j->folder.path);
		touch_logs(j);
		record_open(&j->record, &j->folder, name, words);
		runfolder_recreate(&j->folder, words);
		ok = results_open(&j->results, &j->folder);
		j->results.seeded = o->deterministic;
		j->results.seed = o->seed;
	}
	free(seeded);
	return ok;
}

/* ---- what QEMU gets ---- */

/* log2 of ns an instruction takes; -1: real time */
static int icount(const struct options *o, const struct suite *s)
{
	if (o->icount >= 0)
		return o->icount;
	if (s->icount != SUITE_UNSET)
		return (int)s->icount;
	return o->deterministic ? 0 : -1;
}

/*
 * The monitor's options (docs/monitor.md), those of the suite first. Where time goes by
 * instructions the CPUs take turns.
 */
static char *monitor_words(const struct options *o, const struct suite *s)
{
	struct strlist words = {0};
	char *text;

	if (o->strict || s->strict)
		strlist_add(&words, "strict");
	if (cached_wanted(o, s))
		strlist_add(&words, "quiesce");
	if (icount(o, s) >= 0)
		strlist_add(&words, "turns");
	if (s->options)
		strlist_add(&words, s->options);
	for (size_t i = 0; i < o->words.n; i++)
		strlist_add(&words, o->words.v[i]);
	text = str("%s", words.n ? words.v[0] : "");
	for (size_t i = 1; i < words.n; i++) {
		char *longer = str("%s %s", text, words.v[i]);

		free(text);
		text = longer;
	}
	strlist_free(&words);
	return text;
}

/* MiB: firmware below 4 GiB and an SVSM behind the end of RAM, in the largest machine. */
#define MEM_OUTSIDE 192

/* Names of an SVSM that is not ours come from the file that was given, and from nowhere else. */
static struct symbol_source symbol_source(const struct options *o, bool foreign)
{
	if (o->symbols)
		return (struct symbol_source){.elf = o->symbols};
	if (foreign)
		return (struct symbol_source){0};
	return (struct symbol_source){paths_in_build("svsm.elf"), SYMBOLS_SVSM_FROM};
}

/* With firmware its image and the SVSM lie outside RAM, which ends lower, and what Linux is made of
 * is handed over by the machine. A ready file may have firmware in it. */
static void add_firmware(struct launch *l, const struct options *o, const struct suite *s)
{
	char *firmware = make_igvm_firmware(s, o);

	if (firmware || o->payload || make_igvm_foreign(o) || make_igvm_has_firmware(o))
		l->mem_outside = MEM_OUTSIDE;
	if (firmware || make_igvm_has_firmware(o)) {
		l->mem_below_4g = Q35_FIRMWARE_LOW_END >> 20;
		l->guest_kernel = l->kernel;
		l->guest_initrd = l->kernel ? l->initrd : NULL;
		l->guest_cmdline = l->kernel ? l->cmdline : NULL;
		l->firmware = firmware;
	}
}

/*
 * All that QEMU's command line depends on, options before the suite. Its texts live as long as
 * the program.
 */
static void fill_setup(struct session_setup *setup, const struct options *o, const struct suite *s,
		       const char *folder)
{
	struct launch *l = &setup->launch;

	*setup = (struct session_setup){.profile = profile_find(o->platform),
					.folder = folder,
					.vport = s->kind == SUITE_LINUX};
	setup->timeout = o->timeout ? o->timeout : s->timeout;
	setup->limit = o->limit;
	setup->foreign = make_igvm_foreign(o);
	setup->com1 = make_igvm_com1(s, o);
	setup->symbols = symbol_source(o, setup->foreign);
	setup->kdump = o->kdump;
	setup->quiesce = cached_wanted(o, s);
	/* It keeps the guest's keys and counts, which no saved machine has with it, and what it
	 * answers comes from the host, in the host's time. */
	if (setup->profile->native && !setup->quiesce && !o->deterministic && icount(o, s) < 0)
		setup->psp = &o->psp;
	setup->state = o->state;
	setup->keys = o->keys;
	l->name = s->name;
	l->qemu = o->qemu;
	l->monitor = o->monitor ? o->monitor : paths_in_build("monitor.elf.mb");
	l->igvm = o->igvm ? o->igvm : str("%s/svsm.igvm", folder);
	l->kernel = make_igvm_kernel(s, o);
	l->initrd = make_igvm_initrd(s, o);
	l->cmdline = make_igvm_cmdline(s, o);
	if (setup->foreign && given_hands_over(s, o)) {
		l->guest_kernel = l->kernel;
		l->guest_initrd = l->initrd;
		l->guest_cmdline = l->cmdline;
	}
	l->options = monitor_words(o, s);
	l->smp = o->smp ? o->smp : s->smp;
	l->service_cpus = make_igvm_service_cpus(s, o);
	l->icount = icount(o, s);
	l->deterministic = o->deterministic;
	l->seed = o->seed;
	l->trail_from = o->trail_from;
	l->gdb = o->gdb;
	l->gdb_trace = o->gdb_trace;
	l->mem = o->mem ? o->mem : s->mem;
	add_firmware(l, o, s);
	l->swtpm = o->swtpm;
	l->device = s->device;
	l->disk = o->disk ? o->disk : s->disk ? str("%s/disk.img", folder) : NULL;
}

/* A line for a shell; none for no words. */
static void print_words(const struct strlist *words)
{
	char *line = strlist_shell(words);

	if (words->n)
		puts(line);
	free(line);
}

/* Nothing is made or started; the folder's name and the QMP descriptor are placeholders. */
void job_dry_run(const struct options *o, const struct suite *s)
{
	struct strlist igvm = {0}, qemu = {0};
	struct session_setup setup;
	char *folder = str("%s/NEW-RUN", o->runs ? o->runs : paths_runs()), *line;

	fill_setup(&setup, o, s, folder);
	if (!o->igvm && !setup.profile->plain) {
		strlist_add(&igvm, paths_self());
		make_igvm_words(s, o, setup.launch.igvm, &igvm);
	}
	session_command(&setup, &(struct session_fds){3, 4, 5}, &qemu);
	if (o->json) {
		line = record_dry_run(s->name, &igvm, &qemu);
		report_json(line);
		free(line);
	} else {
		print_words(&igvm);
		print_words(&qemu);
	}
	strlist_free(&igvm);
	strlist_free(&qemu);
	free(folder);
}

/* ---- the files of a run ---- */

/* Raw bytes that no two sectors share: xorshift64, the same every time. */
static bool make_disk(const char *path, unsigned mib)
{
	uint64_t x = 0x9e3779b97f4a7c15ull, block[512];
	FILE *f = fopen(path, "we");
	bool ok = f;

	for (uint64_t done = 0; ok && done < (uint64_t)mib << 20; done += sizeof(block)) {
		for (size_t i = 0; i < ARRAY_LEN(block); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			block[i] = x;
		}
		ok = fwrite(block, sizeof(block), 1, f) == 1;
	}
	if (f && fclose(f) != 0)
		ok = false;
	return ok;
}

/* The job ends here; why is taken over. */
static bool refuse(struct job *j, int code, char *why)
{
	outcome_set(&j->outcome, code, why);
	return false;
}

static bool has_symbols(const char *path)
{
	struct symbols *s = symbols_read(path, "svsm");
	bool ok = s;

	symbols_free(s);
	return ok;
}

/*
 * Files that were given by options, and the monitor: QEMU's own complaint about them would be
 * hard to read.
 */
static bool check_files(struct job *j)
{
	const struct launch *l = &j->setup.launch;

	if (l->firmware && !file_exists(l->firmware))
		return refuse(j, CODE_HOST,
			      str("no firmware %s: %s", paths_short(l->firmware),
				  paths_installed() ? "give one by --firmware FILE"
						    : "run `make guests`"));
	if (j->setup.profile->plain && l->kernel && !build_linux_whole(l->kernel, l->initrd))
		return refuse(j, CODE_HOST, str("kernel or initrd cannot be used"));
	if (!j->setup.profile->plain && !file_exists(l->igvm))
		return refuse(j, CODE_HOST, str("no such IGVM file: %s", l->igvm));
	if (j->setup.profile->native && !file_exists(l->monitor))
		return refuse(j, CODE_HOST,
			      str("%s is missing: %s", paths_short(l->monitor),
				  paths_installed() ? "install keelson again" : "run `make`"));
	if (l->disk && !file_exists(l->disk))
		return refuse(j, CODE_HOST, str("no such disk image: %s", l->disk));
	if (l->guest_kernel && !file_exists(l->guest_kernel))
		return refuse(j, CODE_HOST, str("no such kernel: %s", l->guest_kernel));
	if (l->guest_initrd && !file_exists(l->guest_initrd))
		return refuse(j, CODE_HOST, str("no such initrd: %s", l->guest_initrd));
	if (j->options->symbols && !has_symbols(j->options->symbols))
		return refuse(j, CODE_HOST,
			      str("--symbols: %s is no ELF64 file", j->options->symbols));
	return true;
}

/* The IGVM file is made anew for each run: it takes a fraction of a second, and cannot be stale. */
static bool build_igvm(struct job *j)
{
	char *why = NULL;

	if (j->options->igvm || j->setup.profile->plain)
		return true;
	j->own_igvm = true;
	if (make_igvm(j->suite, j->options, j->setup.launch.igvm, &why) != CODE_PASSED)
		return refuse(j, CODE_HOST, why);
	return true;
}

/* What may be wrong with the host is said and tried: the reason of a bad end is known then. */
static char *host_lacks(const struct profile *p, const char *qemu)
{
	struct checks c = {0};
	char *missing;

	if (!p->checks)
		return p->missing(qemu);
	p->checks(qemu, &c);
	missing = checks_missing(&c, p->name);
	for (size_t i = 0; i < c.n && !missing; i++)
		if (c.v[i].verdict == CHECK_DOUBT)
			problem("platform %s: %s: %s: %s", p->name, c.v[i].what, c.v[i].found,
				c.v[i].todo);
	checks_free(&c);
	return missing;
}

/*
 * Checks first what the host lacks: the reason is then the tool, and not the file that it would
 * have made.
 */
bool job_prepare(struct job *j)
{
	struct strlist words = {0};
	char *missing;

	fill_setup(&j->setup, j->options, j->suite, j->folder.path);
	missing = host_lacks(j->setup.profile, j->options->qemu);
	if (missing)
		return refuse(j, CODE_HOST, missing);
	if (!build_igvm(j))
		return false;
	if (j->suite->disk && !j->options->disk) {
		j->own_disk = true;
		if (!make_disk(j->setup.launch.disk, j->suite->disk))
			return refuse(j, CODE_HOST, str("cannot write %s", j->setup.launch.disk));
	}
	if (!check_files(j))
		return false;
	if (j->options->igvm)
		strlist_add(&words, "(given)");
	else
		make_igvm_words(j->suite, j->options, j->setup.launch.igvm, &words);
	record_target(&j->record, j->suite, &j->setup, &words);
	strlist_free(&words);
	return true;
}

/* ---- boots ---- */

void job_script(struct job *j, char *script)
{
	free(j->script);
	j->script = script;
}

/* A reset is to be followed by a boot, and a disk that was written to belongs to no other machine.
 */
static bool start(struct job *j, bool reset)
{
	j->boot_cache = NULL;
	if (j->setup.quiesce && !reset && !(j->own_disk && j->boots > 1))
		return cached_start(&j->session, &j->setup, j->options, &j->boot_cache);
	if (!session_start(&j->session, &j->setup))
		return false;
	return j->suite->kind == SUITE_SELFTEST || j->options->no_agent || talk_hello(&j->session);
}

/*
 * The session of the boot before is freed here, since its outcome is asked for until then. A
 * signal that came between two boots ends the job.
 */
static bool next_boot(struct job *j, bool reset)
{
	char *step, *too_long;

	session_free(&j->session);
	j->known_end = false;
	if (signals_taken())
		return refuse(j, CODE_SIGNAL + signals_taken(),
			      str_dup(strsignal(signals_taken())));
	free(j->boot_folder);
	j->boot_folder = runfolder_boot(&j->folder, ++j->boots);
	if (!j->boot_folder)
		return refuse(j, CODE_HOST, str("no folder for boot %u", j->boots));
	j->setup.folder = j->boot_folder;
	j->setup.script = j->options->deterministic ? j->script : NULL;
	too_long = j->setup.script ? host_script_too_long(j->setup.script) : NULL;
	if (too_long)
		return refuse(j, CODE_HOST, too_long);
	step = str("boot %u", j->boots);
	progress_step(step);
	free(step);
	if (!start(j, reset))
		return false;
	if (j->suite->tests)
		session_send(&j->session, CONTROL_SELECT, j->suite->tests);
	return true;
}

bool job_boot(struct job *j)
{
	return next_boot(j, false);
}

/* The files move along: the next boot's session takes over the folder of this one. */
bool job_reboot(struct job *j)
{
	char *files = str_dup(j->session.files.folder);
	bool ok;

	job_boot_end(j);
	j->setup.files = files;
	ok = next_boot(j, true);
	j->setup.files = NULL;
	free(files);
	return ok;
}

char *job_why(const struct job *j)
{
	return outcome_text(j->session.outcome.reason ? &j->session.outcome : &j->outcome);
}

/* The end belongs to a deviation that is known. What the host or the machine did, or whoever told
 * the harness to stop, no SVSM's deviation explains. */
static bool is_known_end(const struct job *j)
{
	int code = j->session.outcome.code;

	return j->known_end && (code == CODE_GUEST || code == CODE_SVSM || code == CODE_TIMEOUT);
}

/*
 * Notes the boot in run.json and its outcome in the job. A boot that never started has no
 * session to end.
 */
bool job_boot_end(struct job *j)
{
	struct session *s = &j->session;

	if (!s->info)
		return false; /* it never started */
	session_stop(s);
	logs_check(s->folder);
	record_boot(&j->record, s, j->boot_cache);
	if (s->dma_line)
		report_line("[%s] DMA: %s; all are in monitor.log", j->suite->name, s->dma_line);
	if (s->outcome.code != CODE_PASSED && !is_known_end(j) &&
	    exitcode_worse(s->outcome.code, j->outcome.code) != j->outcome.code)
		outcome_set(&j->outcome, s->outcome.code, str_dup(s->outcome.reason));
	return s->outcome.code == CODE_PASSED;
}

/*
 * A good run keeps no large files that can be made again. After a failure they are what the
 * next person needs.
 */
static void tidy(const struct job *j, int code)
{
	if (code != CODE_PASSED || j->options->keep)
		return;
	if (j->own_igvm)
		unlink(j->setup.launch.igvm);
	if (j->own_disk)
		unlink(j->setup.launch.disk);
}

/* What was not written is an outcome too, told in run.json where that can be written. */
static void take_losses(struct job *j)
{
	if (output_losses() == j->losses ||
	    exitcode_worse(CODE_HOST, j->outcome.code) == j->outcome.code)
		return;
	outcome_set(&j->outcome, CODE_HOST, str_dup(output_loss()));
}

/*
 * Failed tests are an outcome only where nothing graver happened. run.json comes last and can be
 * lost as well.
 */
int job_close(struct job *j)
{
	if (j->outcome.code == CODE_PASSED && j->results.failed)
		outcome_set(&j->outcome, CODE_FAILED, str("%zu tests failed", j->results.failed));
	results_junit(&j->results, &j->folder);
	take_losses(j);
	record_close(&j->record, &j->outcome, &j->results);
	take_losses(j);
	tidy(j, j->outcome.code);
	return j->outcome.code;
}

void job_free(struct job *j)
{
	session_free(&j->session);
	record_free(&j->record);
	results_free(&j->results);
	free(j->outcome.reason);
	free(j->boot_folder);
	free(j->script);
	free(j->folder.path);
}
