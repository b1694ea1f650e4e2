/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * QEMU's monitor: one JSON object a line, both ways. The harness asks little by it (stop,
 * registers), and hears why the machine was reset. QEMU may hang or be gone at any time, so
 * every wait has an end and a silent QEMU is no error.
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/qemu/qmp.h"
#include "harness/core/runclock.h"
#include "harness/core/signals.h"
#include "harness/core/util.h"

#define QMP_MOST (4u << 20) /* an answer longer than this is not QEMU's */
#define STEP_MS  200

/* Takes the object over. False when QEMU has closed its side: then nobody waits for an answer. */
static bool send_object(struct qmp *q, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT), *line = str("%s\n", text);
	size_t n = strlen(line), done = 0;

	while (done < n) {
		ssize_t put = send(q->fd, line + done, n - done, MSG_NOSIGNAL);

		if (put <= 0 && errno != EINTR)
			break;
		done += put > 0 ? (size_t)put : 0;
	}
	free(text);
	free(line);
	json_decref(o);
	return done == n;
}

/*
 * QEMU talks only to a client that has negotiated; its greeting and the answer to this are
 * skipped as lines of no interest.
 */
void qmp_open(struct qmp *q, int fd)
{
	*q = (struct qmp){.fd = fd};
	send_object(q, json_pack("{s:s}", "execute", "qmp_capabilities"));
}

void qmp_close(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	free(q->buf);
	*q = (struct qmp){.fd = -1};
}

/*
 * With -no-reboot QEMU shuts down at a reset, and only this event says that it was one. A guest's
 * kernel tells the pvpanic device of its panic, and whether a crash kernel takes over.
 */
static void note_event(struct qmp *q, const json_t *o)
{
	const char *event = json_string_value(json_object_get(o, "event")), *reason;

	if (json_object_get(o, "QMP"))
		q->greeted = true;
	if (!event)
		return;
	if (strcmp(event, "GUEST_PANICKED") == 0)
		q->panicked = true;
	if (strcmp(event, "GUEST_CRASHLOADED") == 0)
		q->crash_loaded = true;
	reason = json_string_value(json_object_get(json_object_get(o, "data"), "reason"));
	if (strcmp(event, "SHUTDOWN") == 0 && reason && strcmp(reason, "guest-reset") == 0)
		q->reset_seen = true;
}

/* Takes one line from the buffer; NULL when there is no whole one. The caller owns the object. */
static json_t *take_line(struct qmp *q)
{
	char *end = q->have ? memchr(q->buf, '\n', q->have) : NULL;
	size_t n;
	json_t *o;

	if (!end)
		return NULL;
	n = (size_t)(end - q->buf) + 1;
	o = json_loadb(q->buf, n, 0, NULL);
	q->have -= n;
	memmove(q->buf, end + 1, q->have);
	return o ? o : json_null();
}

enum filled {
	FILL_MORE,
	FILL_NOTHING, /* within ms */
	FILL_END      /* the stream has ended, or it is not QMP at all */
};

static enum filled fill(struct qmp *q, int ms)
{
	struct pollfd p = {.fd = q->fd, .events = POLLIN};
	ssize_t n;

	if (q->have > QMP_MOST)
		return FILL_END;
	if (poll(&p, 1, ms) <= 0)
		return FILL_NOTHING;
	q->buf = mem_grow(q->buf, q->have + 65536);
	n = recv(q->fd, q->buf + q->have, 65536, MSG_DONTWAIT);
	if (n <= 0)
		return FILL_END;
	q->have += (size_t)n;
	return FILL_MORE;
}

/* Called now and then, and at the end of a machine. */
void qmp_look(struct qmp *q)
{
	json_t *o;

	if (q->fd < 0)
		return;
	while (fill(q, 0) == FILL_MORE)
		;
	while ((o = take_line(q))) {
		note_event(q, o);
		json_decref(o);
	}
}

/*
 * The "return" value of the command with this id, a new reference; NULL when it failed or came
 * too late. Events in between are noted. A QEMU that has not even greeted is not asked: it has no
 * machine yet.
 */
static json_t *answer(struct qmp *q, const char *id)
{
	struct runclock clock;
	json_t *o, *value;

	runclock_start(&clock);
	for (;;) {
		while ((o = take_line(q))) {
			const char *is = json_string_value(json_object_get(o, "id"));
			bool ours = is && strcmp(is, id) == 0;

			note_event(q, o);
			value = ours ? json_incref(json_object_get(o, "return")) : NULL;
			json_decref(o);
			if (ours)
				return value;
		}
		if (runclock_now(&clock) > QMP_PATIENCE_MS || signals_taken() ||
		    fill(q, STEP_MS) == FILL_END)
			return NULL;
	}
}

/* Takes the command over. NULL: no answer, or an error. */
static json_t *ask(struct qmp *q, const char *id, json_t *command)
{
	qmp_look(q);
	if (q->fd < 0 || !q->greeted) {
		json_decref(command);
		return NULL;
	}
	return send_object(q, command) ? answer(q, id) : NULL;
}

char *qmp_human(struct qmp *q, const char *command)
{
	json_t *v = ask(q, "human",
			json_pack("{s:s, s:s, s:{s:s}}", "execute", "human-monitor-command", "id",
				  "human", "arguments", "command-line", command));
	char *text = NULL;

	if (json_is_string(v))
		text = str_dup(json_string_value(v));
	json_decref(v);
	return text;
}

/* A command without arguments, whose answer says nothing. */
static bool tell(struct qmp *q, const char *command)
{
	json_t *v = ask(q, command, json_pack("{s:s, s:s}", "execute", command, "id", command));

	json_decref(v);
	return v != NULL;
}

bool qmp_nmi(struct qmp *q)
{
	return tell(q, "inject-nmi");
}

bool qmp_stop(struct qmp *q)
{
	return tell(q, "stop");
}

bool qmp_cont(struct qmp *q)
{
	return tell(q, "cont");
}

/* The word "status" in the answer of a command without arguments (malloc'ed). */
static char *status_of(struct qmp *q, const char *command)
{
	json_t *v = ask(q, command, json_pack("{s:s, s:s}", "execute", command, "id", command));
	const char *word = json_string_value(json_object_get(v, "status"));
	char *text = word ? str_dup(word) : NULL;

	json_decref(v);
	return text;
}

char *qmp_status(struct qmp *q)
{
	return status_of(q, "query-status");
}

/* As fast as it goes: QEMU keeps to 128 MiB/s otherwise. */
#define SAVE_BYTES_S (1ll << 40)

static bool set_speed(struct qmp *q)
{
	json_t *v = ask(q, "speed",
			json_pack("{s:s, s:s, s:{s:I}}", "execute", "migrate-set-parameters", "id",
				  "speed", "arguments", "max-bandwidth", (json_int_t)SAVE_BYTES_S));

	json_decref(v);
	return v != NULL;
}

/* By a shell, as QEMU has no other word for a file before 8.2. */
int qmp_save(struct qmp *q, const char *path)
{
	struct strlist word = {0};
	char *quoted, *uri;
	json_t *v;

	if (!set_speed(q))
		return -1;
	strlist_add(&word, path);
	quoted = strlist_shell(&word);
	uri = str("exec:cat >%s", quoted);
	v = ask(q, "migrate",
		json_pack("{s:s, s:s, s:{s:s}}", "execute", "migrate", "id", "migrate", "arguments",
			  "uri", uri));
	strlist_free(&word);
	free(quoted);
	free(uri);
	json_decref(v);
	return v ? 0 : -1;
}

int qmp_saving(struct qmp *q)
{
	char *status = status_of(q, "query-migrate");
	int is = !status || !strcmp(status, "failed") || !strcmp(status, "cancelled") ? -1
		 : !strcmp(status, "completed")                                       ? 1
										      : 0;

	free(status);
	return is;
}
