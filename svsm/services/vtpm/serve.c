/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * One request of the kernel's, up to its answer: what each kind of abi/service.h means for the
 * TPM. main.c calls it in a loop. Requests come from the SVSM's kernel, but a command's bytes are
 * the guest's; only libtpms looks at them.
 */
#include "services/vtpm/serve.h"
#include <errno.h>
#include <stdlib.h>
#include "services/lib/service.h"
#include "services/vtpm/boot.h"
#include "services/vtpm/durable.h"
#include "services/vtpm/keys.h"
#include "services/vtpm/recover.h"
#include "services/vtpm/self_test.h"
#include "services/vtpm/snapshot.h"
#include "services/vtpm/tpm.h"

static struct {
	bool found;   /* the TPM was manufactured before this program started */
	bool ready;   /* the guest's commands may be served */
	bool started; /* recover_after_fault() has done TPM2_Startup */
	bool denied;  /* no request is served: the state that is required cannot be had */
} tpm;

/* An answer: its data are written already. alive false: the TPM is gone. */
struct answer {
	uint32_t status, len;
	bool alive;
};

/* tpm.c's way to the blob that the kernel keeps. 0: there is none. */
static size_t load(void *to, size_t room)
{
	int64_t len = service_load(VTPM_SLOT_PERMANENT, to, room);

	return len > 0 ? (size_t)len : durable_load(to, room);
}

/* The kernel replaces the blob as a whole or not at all. */
static bool store(const void *from, size_t len)
{
	if (service_store(VTPM_SLOT_PERMANENT, from, len) != 0)
		return false;
	durable_changed(from, len);
	return true;
}

static const struct tpm_nvram nvram = {load, store};

bool serve_start(void)
{
	keys_forget();
	tpm.ready = tpm.started = false;
	tpm.found = service_load(VTPM_SLOT_PERMANENT, NULL, 0) != -ENOENT;
	tpm.denied = !durable_begin();
	return tpm.denied || tpm_power_on(&nvram);
}

/* Hands the data to the kernel and makes the answer. Data that the kernel does not take make it a
 * failure. */
static struct answer finish(uint32_t status, const void *data, uint32_t len, bool alive)
{
	if (status == SERVICE_OK && len && service_write(data, 0, len) != (int64_t)len)
		return (struct answer){SERVICE_EFAILED, 0, alive};
	return (struct answer){status, status == SERVICE_OK ? len : 0, alive};
}

/* The self-test comes here and not with the power: after a fault, when a client waits, the TPM
 * tests each algorithm before its first use, as it does by itself. */
static struct answer boot(const struct service_head *head, const uint8_t *in)
{
	const struct launch_event *events = (const void *)in;
	uint32_t count = head->len / sizeof(*events);
	bool known = head->arg <= 1 && head->len % sizeof(*events) == 0;
	bool ok = known && self_test() && (!head->arg || boot_measured(events, count, tpm.started));

	return finish(ok ? SERVICE_OK : SERVICE_EFAILED, NULL, 0, ok);
}

static struct answer command(const struct service_head *head, uint8_t *in)
{
	static uint8_t out[TPM_BUFFER_MAX];
	uint32_t len;

	if (head->arg > 4)
		return finish(SERVICE_EINVAL, NULL, 0, true);
	keys_before(in, head->len);
	len = tpm_command((uint8_t)head->arg, in, head->len, out,
			  MIN(head->room, (uint32_t)sizeof(out)));
	return finish(len ? SERVICE_OK : SERVICE_EFAILED, out, len, true);
}

static struct answer key(const struct service_head *head)
{
	uint8_t out[1024];
	bool alive;
	uint32_t len = keys_public((enum vtpm_key)head->arg, out,
				   MIN(head->room, (uint32_t)sizeof(out)), &alive);

	return finish(len ? SERVICE_OK : SERVICE_EFAILED, out, len, alive);
}

static struct answer save(const struct service_head *head)
{
	uint8_t *out = malloc(head->room);
	uint32_t len = out ? snapshot_save(out, head->room) : 0;
	struct answer a = finish(len ? SERVICE_OK : SERVICE_EFAILED, out, len, true);

	free(out);
	return a;
}

static struct answer restore(const struct service_head *head, const uint8_t *in)
{
	bool alive;
	bool ok = snapshot_restore(in, head->len, &alive);

	keys_forget();
	return finish(ok ? SERVICE_OK : SERVICE_EFAILED, NULL, 0, alive);
}

static struct answer reset(void)
{
	bool ok = tpm_power_cycle();

	return finish(ok ? SERVICE_OK : SERVICE_EFAILED, NULL, 0, ok);
}

static struct answer handle(const struct service_head *head, uint8_t *in)
{
	switch (head->kind) {
	case VTPM_REQ_COMMAND:
		return command(head, in);
	case VTPM_REQ_KEY:
		return key(head);
	case VTPM_REQ_SAVE:
		return save(head);
	case VTPM_REQ_RESTORE:
		return restore(head, in);
	case VTPM_REQ_RESET:
		return reset();
	case VTPM_REQ_BOOT:
		return boot(head, in);
	default:
		return finish(SERVICE_EINVAL, NULL, 0, true);
	}
}

/* The guest gets TPM_RC_FAILURE, as from a TPM that has failed. */
static struct answer denied(void)
{
	return finish(SERVICE_EFAILED, NULL, 0, true);
}

/* A TPM that was found, and not made, by this program has lost its volatile state with the program
 * before. The first request tells whether that one died; then the TPM has to recover before it
 * serves. */
static bool ready(const struct service_head *head)
{
	if (tpm.ready || tpm.denied)
		return true;
	tpm.started = head->restarts && tpm.found;
	tpm.ready = !tpm.started || recover_after_fault();
	return tpm.ready;
}

/* What a request has changed for good lasts before its answer is given. The start of a TPM changes
 * its state, too, so that a program that begins anew writes what the one before has not. */
bool serve(const struct service_head *head)
{
	uint8_t *in = malloc(head->len ? head->len : 1);
	struct answer a;

	if (!in || service_read(in, 0, head->len) != (int64_t)head->len || !ready(head))
		return false;
	a = tpm.denied ? denied() : handle(head, in);
	free(in);
	if (!durable_settle()) {
		tpm.denied = true;
		a = denied();
	}
	return service_answer(a.status, a.len) == 0 && a.alive;
}
