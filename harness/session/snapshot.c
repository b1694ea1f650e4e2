/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The dialogue with the machine (abi/machine.h) and with QEMU. QEMU writes a state of CPUs that are
 * in a guest, and then refuses to load it: so the machine is asked first to have none there. Every
 * wait ends with QEMU, with a signal, and after a time that a loaded host does not need.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/machine.h"
#include "harness/core/output.h"
#include "harness/core/signals.h"
#include "harness/session/snapshot.h"

#define QUIET_MS 60000u  /* until the machine is quiet; it gives up itself after 20 s */
#define STATE_MS 300000u /* until QEMU has written or read a state */
#define LOOK_MS  5

static const char *const logs[] = {"console.log", "svsm.log", "monitor.log"};

static bool gone(struct session *s)
{
	return qemu_ended(&s->qemu) || signals_taken();
}

/* ---- the machine ---- */

static bool say(const struct session *s, enum machine_quiesce word)
{
	uint8_t byte = (uint8_t)word;

	return write(s->quiesce_fd, &byte, 1) == 1;
}

/* 0: no answer. */
static uint8_t answer(struct session *s)
{
	struct pollfd p = {.fd = s->quiesce_fd, .events = POLLIN};
	struct runclock clock;
	uint8_t byte;

	runclock_start(&clock);
	while (runclock_now(&clock) < QUIET_MS && !gone(s))
		if (poll(&p, 1, LOOK_MS) > 0)
			return read(s->quiesce_fd, &byte, 1) == 1 ? byte : 0;
	return 0;
}

/* NULL: it is quiet. */
static char *quiesce(struct session *s)
{
	uint8_t word = say(s, MACHINE_QUIESCE_ASK) ? answer(s) : 0;

	if (word == MACHINE_QUIESCE_QUIET)
		return NULL;
	return str(word == MACHINE_QUIESCE_REFUSED ? "a CPU does not leave its guest"
						   : "the monitor does not answer");
}

/* ---- QEMU ---- */

static bool wait_saved(struct session *s)
{
	struct runclock clock;
	int is = 0;

	runclock_start(&clock);
	while (!is && runclock_now(&clock) < STATE_MS && !gone(s)) {
		poll(NULL, 0, LOOK_MS);
		is = qmp_saving(&s->qmp);
	}
	return is > 0;
}

static bool copy(const char *from, const char *to, const char *name)
{
	char *a = str("%s/%s", from, name), *b = str("%s/%s", to, name);
	size_t size = 0;
	char *text = file_text(a, &size);
	FILE *f = text ? fopen(b, "we") : NULL;
	bool ok = f && fwrite(text, 1, size, f) == size;

	if (f && fclose(f) != 0)
		ok = false;
	free(text);
	free(a);
	free(b);
	return ok;
}

bool snapshot_logs(const char *folder, const char *to)
{
	for (size_t i = 0; i < ARRAY_LEN(logs); i++)
		if (!copy(folder, to, logs[i]))
			return false;
	return true;
}

/* The machine stands still meanwhile, so the logs are those of the state. NULL: all was written. */
static char *write_all(struct session *s, const char *folder)
{
	char *path = str("%s/" SNAPSHOT_STATE, folder);
	bool ok = qmp_save(&s->qmp, path) == 0 && wait_saved(s);

	free(path);
	if (!ok)
		return str("QEMU cannot save the machine");
	return snapshot_logs(s->folder, folder) ? NULL : str("the logs cannot be copied");
}

/*
 * Whatever came of it, the machine goes on: it may be quiet although its answer came too late. The
 * word is there before QEMU goes on, since the guest's clocks then do as well.
 */
char *snapshot_save(struct session *s, const char *folder)
{
	char *why = quiesce(s);

	if (!why) {
		why = qmp_stop(&s->qmp) ? write_all(s, folder) : str("QEMU does not stop");
		say(s, MACHINE_QUIESCE_GO);
		qmp_cont(&s->qmp);
	} else {
		say(s, MACHINE_QUIESCE_GO);
	}
	watch_words(&s->watch);
	return why;
}

json_t *snapshot_facts(const struct session *s)
{
	return json_pack("{s:O, s:b, s:b, s:f, s:f}", "info", s->info, "virtio",
			 s->port == &s->ports[SESSION_VIRTIO], "pvpanic", s->panic.pvpanic,
			 "kernel_seconds", s->time.kernel_seconds, "ready_seconds",
			 s->time.ready_seconds);
}

static char *wait_loaded(struct session *s)
{
	struct runclock clock;
	char *status = NULL;
	bool loading = true;

	runclock_start(&clock);
	while (loading && runclock_now(&clock) < STATE_MS && !gone(s)) {
		poll(NULL, 0, LOOK_MS);
		status = qmp_status(&s->qmp);
		loading = !status || strcmp(status, "inmigrate") == 0;
		free(status);
	}
	return loading ? str("QEMU does not load it") : NULL;
}

/* As if the frames up to HELLO had come in this session. */
static void take_facts(struct session *s, const json_t *facts)
{
	bool virtio = json_is_true(json_object_get(facts, "virtio"));

	json_object_update(s->info, json_object_get(facts, "info"));
	s->port = &s->ports[virtio ? SESSION_VIRTIO : SESSION_SERIAL];
	s->panic.pvpanic = json_is_true(json_object_get(facts, "pvpanic"));
	s->time.ready = timeline_mark(&s->time, now_ms());
	s->hello = s->time.loaded = true;
}

char *snapshot_load(struct session *s, const json_t *facts)
{
	char *why = wait_loaded(s);

	if (why)
		return why;
	if (!say(s, MACHINE_QUIESCE_GO) || !qmp_cont(&s->qmp))
		return str("QEMU does not let it go on");
	take_facts(s, facts);
	watch_words(&s->watch);
	return NULL;
}
