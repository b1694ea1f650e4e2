/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The control port in a session: every frame goes to control.log, facts and requests to the
 * host are dealt with here, and the caller gets the rest. A frame that is not understood is the
 * caller's too, who then ends the target.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/output.h"
#include "harness/verbs/host_verbs.h"
#include "harness/session/session_port.h"
#include "harness/session/session_struct.h"
#include "harness/core/signals.h"

#define FACTS_MOST 100

/* The path of control.log (malloc'ed). */
static char *log_path(const struct session *s)
{
	return str("%s/control.log", s->folder);
}

/* control.log may fail to open: then the run goes on without it, and ends as one that lost it. */
bool session_port_open(struct session *s, const char *serial, const char *virtio)
{
	char *log = log_path(s);

	s->control_log = fopen(log, "we");
	if (!s->control_log)
		output_lost(log, errno);
	free(log);
	if (s->deaf)
		return port_open_file(&s->ports[SESSION_SERIAL], serial);
	return port_open(&s->ports[SESSION_SERIAL], serial) &&
	       (!virtio || port_open(&s->ports[SESSION_VIRTIO], virtio));
}

/* Is the target on it, or may it still choose it? A crash kernel chooses anew. */
static bool in_use(const struct session *s, const struct port *p)
{
	return p->path && (!s->port || s->port == p || panic_crash_kernel(&s->panic));
}

size_t session_port_poll(const struct session *s, struct pollfd *p)
{
	size_t n = 0;

	/* poll(2) finds a file always ready: it is looked at each tick, as the logs are */
	for (size_t i = 0; i < SESSION_PORTS && !s->deaf; i++)
		if (in_use(s, &s->ports[i]))
			p[n++] = (struct pollfd){.fd = s->ports[i].rx_fd, .events = POLLIN};
	return n;
}

uint64_t session_port_dropped(const struct session *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < SESSION_PORTS; i++)
		n += s->ports[i].in.dropped;
	return n;
}

const char *session_port_name(const struct session *s)
{
	if (!s->port)
		return NULL;
	return s->port == &s->ports[SESSION_VIRTIO] ? "virtio" : "serial";
}

void session_port_close(struct session *s)
{
	for (size_t i = 0; i < SESSION_PORTS; i++)
		port_close(&s->ports[i]);
	if (s->control_log) {
		char *log = log_path(s);

		output_close(s->control_log, log);
		free(log);
	}
	s->control_log = NULL;
}

/* Flushed each time: the last frame before a crash is the one that people look for. */
static void log_frame(struct session *s, char direction, uint8_t type, const char *text)
{
	const char *name = port_frame_name(type);
	unsigned at = timeline_mark(&s->time, now_ms());

	if (!s->control_log)
		return;
	if (fprintf(s->control_log, "%6u %c %s %s\n", at, direction, name, text) < 0 ||
	    fflush(s->control_log) != 0) {
		int error = errno;
		char *log = log_path(s);

		output_lost(log, error);
		free(log);
	}
}

/* A session that is over has no port to send to, but the log shows what was meant. */
void session_send(struct session *s, uint8_t type, const char *text)
{
	if (s->deaf)
		return;
	log_frame(s, '>', type, text);
	if (!s->over && s->port)
		port_send(s->port, type, text);
}

/*
 * Announcements (verbs reset and end) are for the running test only: between tests they are
 * refused.
 */
static void answer_host(struct session *s, struct control_frame *f)
{
	struct host_context c = {.disk = s->disk,
				 .platform = s->profile->name,
				 .files = &s->files,
				 .reset = s->test_runs ? &s->reset_announced : NULL,
				 .end = s->test_runs ? &s->end : NULL};
	char answer[CONTROL_MAX];

	host_verb(&c, f->payload, answer, sizeof(answer));
	session_send(s, CONTROL_HOST_REPLY, answer);
}

/*
 * The target is not trusted: a key or value that is no text becomes "?", a number that is none
 * becomes 0, and facts without an end are not kept.
 */
static void take_info(struct session *s, struct control_frame *f)
{
	char *field[2];

	control_frame_fields(f->payload, field, 2);
	/* The facts are those of the kernel that was booted, not of its crash kernel. */
	if (panic_crash_kernel(&s->panic))
		return;
	if (json_object_size(s->info) >= FACTS_MOST)
		return;
	json_object_set_new(s->info, str_ascii(field[0]), json_string(str_ascii(field[1])));
	if (strcmp(field[0], "pvpanic") == 0)
		s->panic.pvpanic = strcmp(field[1], "yes") == 0;
	if (strcmp(field[0], "kernel_seconds") == 0)
		s->time.kernel_seconds = strtod(field[1], NULL);
	if (strcmp(field[0], "ready_seconds") == 0)
		s->time.ready_seconds = strtod(field[1], NULL);
}

/* True when the frame belongs to the conversation and is the caller's. */
static bool take_frame(struct session *s, struct control_frame *f)
{
	char *text = str_ascii(str_dup(f->payload));

	log_frame(s, '<', f->type, text);
	free(text);
	switch (f->type) {
	case CONTROL_INFO:
		take_info(s, f);
		return false;
	case CONTROL_LOG:
	case CONTROL_ALIVE:
		return false;
	case CONTROL_HOST:
		answer_host(s, f);
		return false;
	case CONTROL_HELLO:
		if (!s->hello)
			s->time.ready = timeline_mark(&s->time, now_ms());
		s->hello = true;
		return true;
	default:
		return true;
	}
}

/*
 * As port_receive(). A frame is progress, and its sender is alive. ALIVE says no more than that:
 * what the agent waits for may hang.
 */
static bool next_of(struct session *s, struct port *p, struct control_frame *f)
{
	if (!port_receive(p, f))
		return false;
	if (f->type != CONTROL_ALIVE) {
		watch_words(&s->watch);
		s->stuck = false;
	}
	panic_agent(&s->panic, runclock_now(&s->watch.clock));
	return true;
}

/* The first good frame decides which port the target uses: noise is none. */
static bool next_frame(struct session *s, struct control_frame *f)
{
	for (size_t i = 0; i < SESSION_PORTS; i++) {
		if (!in_use(s, &s->ports[i]) || !next_of(s, &s->ports[i], f))
			continue;
		s->port = &s->ports[i];
		return true;
	}
	return false;
}

bool session_port_look(struct session *s, struct control_frame *f, bool all)
{
	for (size_t i = 0; i < SESSION_PORTS; i++)
		port_turn(&s->ports[i], all);
	/* signals too, before each frame: a target may never stop talking */
	while (!signals_taken() && next_frame(s, f))
		if (take_frame(s, f))
			return true;
	return false;
}
