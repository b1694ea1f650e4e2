/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * One boot of a target, as an event loop: frames, log lines, the user's terminal, signals,
 * QEMU's end and the watch are looked at in turn, by session_wait() alone, until there is a
 * frame for the caller or the session is over.
 *
 * A session ends once, in finish(). Its outcome comes from QEMU's exit status and the logs'
 * last words when the machine ended by itself, from judge() when nothing happened for too long
 * or a kernel panicked (panic.h), and from the caller by session_fail() when the target broke the
 * protocol.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/core/output.h"
#include "harness/channel/channel_server.h"
#include "harness/psp/server.h"
#include "harness/report/progress.h"
#include "harness/session/session.h"
#include "harness/session/session_logs.h"
#include "harness/session/session_port.h"
#include "harness/core/signals.h"
#include "harness/session/state.h"
#include "harness/session/hints.h"

#define SERIAL_NAME  "control" /* the control port's FIFOs: control.in, control.out */
#define VIRTIO_NAME  "vcontrol"
#define SCRIPT_NAME  "script"
#define PSP_NAME     "psp"     /* the security processor's FIFOs */
#define CHANNEL_NAME "channel" /* to the SVSM */
#define TICK_BOOT_MS 20        /* how exactly the phases of a boot are known */
#define TICK_MS      100

/* The logs' places are the session's business, so a dry run asks here too. */
void session_command(const struct session_setup *setup, const struct session_fds *fds,
		     struct strlist *argv)
{
	struct launch l = setup->launch;
	char *console = str("%s/console.log", setup->folder);
	char *control = str("%s/" SERIAL_NAME, setup->folder);
	char *vport = str("%s/" VIRTIO_NAME, setup->folder);
	char *svsm = str("%s/svsm.log", setup->folder);
	char *monitor = str("%s/monitor.log", setup->folder);
	char *debug = str("%s/debug.log", setup->folder);
	char *trail = str("%s/trail.log", setup->folder);
	char *script = str("%s/" SCRIPT_NAME, setup->folder);
	char *psp = str("%s/" PSP_NAME, setup->folder);
	char *channel = str("%s/" CHANNEL_NAME, setup->folder);

	l.console = setup->terminal ? setup->terminal->console.path : NULL;
	l.console_log = console;
	l.svsm_log = svsm;
	l.monitor_log = monitor;
	l.debug_log = setup->foreign || setup->com1 ? debug : NULL;
	l.no_debug_port = setup->com1 && !setup->profile->native;
	l.control = control;
	l.vport = setup->vport && !l.deterministic ? vport : NULL;
	l.trail_log = trail;
	l.script = setup->script ? script : NULL;
	l.psp = setup->psp ? psp : NULL;
	l.psp_keys_fd = fds->keys;
	l.channel = setup->state ? channel : NULL;
	l.qmp_fd = fds->qmp;
	l.quiesce_fd = setup->quiesce ? fds->quiesce : 0;
	setup->profile->command(&l, argv);
	free(console);
	free(control);
	free(vport);
	free(svsm);
	free(monitor);
	free(debug);
	free(trail);
	free(script);
	free(psp);
	free(channel);
}

/* Only the first end counts: what comes after it is a consequence. reason is taken over. */
static void finish(struct session *s, int code, char *reason)
{
	if (s->over) {
		free(reason);
		return;
	}
	s->over = true;
	outcome_set(&s->outcome, code, reason);
	if (s->foreign && !s->hello)
		s->time.end = timeline_mark(&s->time, now_ms());
}

/* A session that session_stop() and session_free() can end, whatever fails next. */
static void prepare(struct session *s, const struct session_setup *setup)
{
	*s = (struct session){.profile = setup->profile,
			      .folder = setup->folder,
			      .disk = setup->launch.disk,
			      .terminal = setup->terminal,
			      .foreign = setup->foreign,
			      .com1 = setup->com1,
			      .deaf = setup->launch.deterministic,
			      .symbols = setup->symbols,
			      .files = {.folder = setup->files ? str_dup(setup->files)
							       : str("%s/files", setup->folder)},
			      .panic.kdump = setup->kdump,
			      .info = json_object(),
			      .qmp.fd = -1,
			      .quiesce_fd = -1,
			      .qemu.pidfd = -1};
	session_logs_open(s);
}

/* A socket pair, one end of which QEMU inherits: no path, and nobody else can connect. */
static bool pair(int *ours, int *qemus)
{
	int fd[2] = {-1, -1};
	bool ok = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0;

	*ours = fd[0];
	*qemus = fd[1];
	return ok;
}

static void close_end(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Its script lies in the folder, where a person finds it too. */
static bool write_script(const struct session_setup *setup)
{
	char *path = str("%s/" SCRIPT_NAME, setup->folder);
	bool ok = !setup->script || output_file(path, setup->script);

	free(path);
	return ok;
}

/* Before QEMU, which reads the guest's keys when it starts. */
static bool start_psp(struct session *s, const struct session_setup *setup, int *keys, char **why)
{
	char *path = str("%s/" PSP_NAME, setup->folder);

	if (setup->psp && !psp_server_has_keys(setup->psp))
		progress_step("keys of the security processor");
	if (setup->psp)
		s->psp = psp_server_start(path, setup->launch.igvm, setup->psp, keys, why);
	free(path);
	return !setup->psp || s->psp;
}

static bool start_channel(struct session *s, const struct session_setup *setup, char **why)
{
	char *path = str("%s/" CHANNEL_NAME, setup->folder);

	if (setup->state)
		s->channel = channel_server_start(path, setup->state, setup->keys, why);
	free(path);
	return !setup->state || s->channel;
}

/* With the descriptors that there are. */
static bool start_qemu(struct session *s, const struct session_fds *fds, const char *log,
		       char **why)
{
	const int all[] = {fds->qmp, fds->quiesce, fds->keys};
	int keep[ARRAY_LEN(all)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] >= 0)
			keep[n++] = all[i];
	return qemu_start(&s->qemu, &s->command, log, keep, n, why);
}

/*
 * The command line is made in any case, because run.json shows it also for a QEMU that did not
 * start.
 */
bool session_start(struct session *s, const struct session_setup *setup)
{
	char *log = str("%s/qemu.log", setup->folder), *why = NULL;
	char *serial = str("%s/" SERIAL_NAME, setup->folder);
	char *virtio = str("%s/" VIRTIO_NAME, setup->folder);
	struct session_fds fds = {-1, -1, -1};
	int qmp = -1;
	bool ok;

	prepare(s, setup);
	ok = write_script(setup) && start_psp(s, setup, &fds.keys, &why) &&
	     start_channel(s, setup, &why) &&
	     session_port_open(s, serial, setup->vport && !s->deaf ? virtio : NULL) &&
	     pair(&qmp, &fds.qmp) && (!setup->quiesce || pair(&s->quiesce_fd, &fds.quiesce));
	session_command(setup, &fds, &s->command);
	s->time.started = now_ms();
	watch_start(&s->watch, setup->timeout);
	if (setup->limit)
		s->limit_at = s->watch.clock.counted + setup->limit * 1000ull;
	if (!ok && !why)
		why = str("cannot make the ports or the QMP socket: %s", strerror(errno));
	if (ok)
		ok = start_qemu(s, &fds, log, &why);
	close_end(fds.qmp);
	close_end(fds.quiesce);
	close_end(fds.keys);
	qmp_open(&s->qmp, qmp);
	if (!ok)
		finish(s, CODE_HOST, why);
	free(log);
	free(serial);
	free(virtio);
	return ok;
}

/* The first line that is no warning: QEMU 11 warns of what it will drop, of -mon for example,
 * before it says what it did not like. Without one, the first. In place; NULL: there is none. */
static char *complaint(char *text)
{
	char *first = NULL, *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!strstr(line, ": warning: "))
			return line;
		first = first ? first : line;
	}
	return first;
}

/* The monitor's last line says which VMPL, vCPU and RIP it was; QEMU's, what it did not like. */
static char *with_last_words(const struct session *s, const char *reason)
{
	static const char mark[] = "exit: ";
	const char *last = s->monitor.last_line ? strstr(s->monitor.last_line, mark) : NULL;
	char *path = str("%s/qemu.log", s->folder), *text = file_text(path, NULL), *line, *all;
	char *named = last ? hints_explain(last + strlen(mark), &s->symbols) : NULL;

	free(path);
	line = text ? complaint(text) : NULL;
	if (s->fault_line)
		all = str("%s [%s]", reason, s->fault_line);
	else if (last)
		all = str("%s [%s]", reason, named);
	else if (line)
		all = str("%s [%s]", reason, line);
	else
		all = str_dup(reason);
	free(named);
	free(text);
	return all;
}

/*
 * A foreign SVSM's own word on why it ended, which no exit line can tell: its last line that speaks
 * of a panic, else the last one. reason is taken over.
 */
static char *with_its_words(const struct session *s, char *reason)
{
	const char *said = s->svsm_panic_line ? s->svsm_panic_line : s->svsm.last_line;
	char *all;

	if (!s->foreign || !said)
		return reason;
	all = str("%s; its last words: %s", reason, said);
	free(reason);
	return all;
}

/* Text that pvpanic's driver does not bear out is none, so that it does not spoil an announced
 * reset. */
static bool panicked(const struct session *s)
{
	char *why = panic_explains(&s->panic, true);

	free(why);
	return why != NULL;
}

/*
 * QEMU ends at a reset (-no-reboot), with the status of a power off; on native the monitor ends
 * it, with a status of its own. A reset counts as announced only when the kernel did not panic:
 * a panic reboots too.
 */
static void take_reset(struct session *s, struct outcome *o)
{
	bool reset = s->profile->native ? outcome_native_reset(s->qemu.status)
					: o->code == CODE_PASSED && s->qmp.reset_seen;

	if (!reset)
		return;
	s->was_reset = s->reset_announced && !panicked(s);
	if (s->was_reset)
		outcome_set(o, CODE_PASSED, str("reset, as announced"));
	else
		outcome_set(o, CODE_GUEST, str("the guest asked for a reset"));
}

/* All the texts, split by tabs, stand in the line. */
static bool holds_all(const char *line, const char *texts)
{
	char *copy = str_dup(texts), *save = NULL;
	bool all = true;

	for (char *t = strtok_r(copy, "\t", &save); t; t = strtok_r(NULL, "\t", &save))
		all = all && strstr(line, t);
	free(copy);
	return all;
}

/* A test may announce what must end the machine: a breach that nobody survives. */
static void take_end(struct session *s, struct outcome *o)
{
	s->was_ended = s->end.texts && o->code == s->end.code && holds_all(o->reason, s->end.texts);
	if (s->was_ended)
		outcome_set(o, CODE_PASSED, str("ended, as announced: %s", o->reason));
}

/* What QEMU has heard of a panic by now. */
static void look_at_events(struct session *s)
{
	qmp_look(&s->qmp);
	panic_events(&s->panic, s->qmp.panicked, s->qmp.crash_loaded,
		     runclock_now(&s->watch.clock));
}

/*
 * QEMU is gone: its status and the logs say why. The logs are read to their ends first, as the
 * reason may stand in the last line. A panic explains what the machine then did, so it goes
 * first.
 */
static void end_by_itself(struct session *s)
{
	struct outcome o = {0};
	char *why;

	session_logs_finish(s);
	look_at_events(s);
	outcome_of_qemu(&o, s->qemu.status, s->profile->native);
	take_reset(s, &o);
	why = panic_explains(&s->panic, o.code == CODE_PASSED);
	if (why && !s->was_reset && (o.code == CODE_PASSED || o.code == CODE_GUEST))
		outcome_set(&o, CODE_GUEST, str_dup(why));
	free(why);
	if (s->svsm_panic_line && !s->foreign && o.code == CODE_SVSM)
		outcome_set(&o, CODE_SVSM, str_dup(s->svsm_panic_line));
	if (o.code != CODE_PASSED)
		outcome_set(&o, o.code, with_last_words(s, o.reason));
	if (o.code == CODE_SVSM)
		outcome_set(&o, o.code, with_its_words(s, str_dup(o.reason)));
	take_end(s, &o);
	if (o.code != CODE_PASSED)
		state_write(s->folder, o.reason, &s->qmp, false, s->symbols.elf);
	finish(s, o.code, o.reason);
}

/* state.txt is written while the machine still stands: its registers show where it is. */
void session_fail(struct session *s, int code, char *reason)
{
	if (s->over) {
		free(reason);
		return;
	}
	if (s->qemu.pid && !qemu_ended(&s->qemu))
		state_write(s->folder, reason, &s->qmp, true, s->symbols.elf);
	finish(s, code, reason);
	qemu_kill(&s->qemu);
}

/*
 * Has the machine in software say where each vCPU is and what it does next. A machine that does not
 * answer, or is another, has said nothing.
 */
static void ask_where(struct session *s)
{
	struct runclock clock;
	uint64_t last = 0;
	size_t seen = 0;

	s->where.asked = s->profile->native && qmp_nmi(&s->qmp);
	if (!s->where.asked)
		return;
	runclock_start(&clock);
	while (runclock_now(&clock) < (seen ? last + WHERE_QUIET_MS : WHERE_MS) &&
	       clock.counted < 2 * WHERE_MS && !signals_taken() && !qemu_ended(&s->qemu)) {
		poll(NULL, 0, TICK_BOOT_MS);
		session_logs_look(s);
		if (s->where.lines.n != seen)
			last = clock.counted;
		seen = s->where.lines.n;
	}
}

/* Nothing happens any more, or too much: why. */
static void give_up(struct session *s, const char *why)
{
	char *at, *reason;

	if (s->svsm_panic_line && !s->foreign) {
		session_fail(s, CODE_SVSM, str_dup(s->svsm_panic_line));
		return;
	}
	if (s->panic.hint) {
		session_fail(s, CODE_GUEST, str("%s (console text, then %s)", s->panic.hint, why));
		return;
	}
	ask_where(s);
	at = where_text(&s->where, &s->symbols);
	reason = at ? str("%s [%s]", why, at) : str_dup(why);
	free(at);
	session_fail(s, CODE_TIMEOUT, s->svsm_panic_line ? with_its_words(s, reason) : reason);
}

/* Ends the run when a panic was seen and has had its time, or when nothing happens any more. */
static void judge(struct session *s)
{
	char *why;

	watch_look(&s->watch, s->qemu.pid);
	look_at_events(s);
	why = panic_verdict(&s->panic, s->watch.clock.counted, s->watch.limit);
	if (why) {
		session_fail(s, CODE_GUEST, why);
		return;
	}
	why = watch_verdict(&s->watch);
	if (!why && s->limit_at && s->watch.clock.counted >= s->limit_at)
		why = str("not at its end after %llu s (--limit)",
			  (unsigned long long)(s->limit_at / 1000));
	if (!why)
		return;
	give_up(s, why);
	free(why);
}

/* What the guest's messages, or the machine's, must never be. */
static void look_at_psp(struct session *s)
{
	int code;
	const char *trouble = psp_server_trouble(s->psp, &code);

	if (trouble)
		session_fail(s, code, str("security processor: %s", trouble));
}

/* The user or CI wants an end: the rest of the run folder is still written. */
static void interrupted(struct session *s)
{
	finish(s, CODE_SIGNAL + signals_taken(), str_dup(strsignal(signals_taken())));
	qemu_kill(&s->qemu);
}

/*
 * Frames, QEMU's end, a signal and the user wake it at once. Logs are files, which cannot be
 * waited for: they are looked at each tick, more often while the phases of the boot are
 * measured.
 */
static void wait_a_tick(struct session *s)
{
	struct pollfd p[2 + SESSION_PORT_POLL + TERMINAL_POLL] = {
		{.fd = s->qemu.pidfd, .events = POLLIN},
		{.fd = signals_fd(), .events = POLLIN},
	};
	size_t n = 2;

	n += session_port_poll(s, p + n);
	if (s->terminal)
		n += terminal_poll(s->terminal, p + n);
	poll(p, n, s->hello ? TICK_MS : TICK_BOOT_MS);
	progress_tick();
}

/* A person at the terminal may think for as long as they like: that is progress. */
static void look_at_terminal(struct session *s)
{
	if (!s->terminal)
		return;
	terminal_pump(s->terminal);
	if (s->terminal->on && s->terminal->input)
		watch_words(&s->watch);
	if (!s->terminal->left)
		return;
	finish(s, CODE_PASSED, str("left from the terminal"));
	qemu_kill(&s->qemu);
}

/*
 * One turn looks at frames, logs and the terminal, and then at what may end the session: a
 * signal, QEMU's end, the watch.
 */
enum session_event session_wait(struct session *s, struct control_frame *f)
{
	bool ended;

	while (!s->over) {
		/* Asked before the port is read: what it sent before it ended is then all there. */
		ended = qemu_ended(&s->qemu);
		if (session_port_look(s, f, ended))
			return SESSION_FRAME;
		session_logs_look(s);
		look_at_terminal(s);
		look_at_psp(s);
		if (signals_taken())
			interrupted(s);
		else if (ended)
			end_by_itself(s);
		else
			judge(s);
		if (!s->over)
			wait_a_tick(s);
	}
	return SESSION_OVER;
}

/* Fine in any state. A session that was not over yet ended well: the harness had no more to ask. */
void session_stop(struct session *s)
{
	look_at_psp(s);
	qemu_kill(&s->qemu);
	psp_server_stop(s->psp);
	s->psp = NULL;
	channel_server_stop(s->channel);
	s->channel = NULL;
	session_logs_finish(s);
	session_logs_close(s);
	qmp_close(&s->qmp);
	close_end(s->quiesce_fd);
	s->quiesce_fd = -1;
	session_port_close(s);
	if (!s->over)
		finish(s, CODE_PASSED, str("stopped by the harness"));
}

void session_free(struct session *s)
{
	json_decref(s->info);
	strlist_free(&s->command);
	free(s->outcome.reason);
	panic_free(&s->panic);
	free(s->fault_line);
	free(s->dma_line);
	free(s->svsm_panic_line);
	free(s->svsm_version);
	free(s->end.texts);
	where_free(&s->where);
	free(s->files.folder);
	*s = (struct session){.qmp.fd = -1, .qemu.pidfd = -1, .quiesce_fd = -1};
}
