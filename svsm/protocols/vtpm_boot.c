/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Prepares the TPM before anybody asks: the contract is in vtpm_boot.h. boot/main.c begins it, on
 * the boot CPU; from the guest's first call on vtpm.c asks after it with LOCK_VTPM held. What it
 * must never do is let a command of the guest go first in a direct boot.
 */
#include "protocols/vtpm_boot.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "lib/patience.h"
#include "lib/string.h"
#include "log/log.h"
#include "platform/platform.h"
#include "protocols/early_report.h"
#include "task/vmsa_registry.h"
#include "user/service/service.h"

/* How long the boot CPU works at it before the guest starts: on a slow machine in software it takes
 * half a second, and a key server and a slow disk of the host's have 90 s (docs/waits.md). Behind
 * that the guest starts, and its first command waits for the rest. */
#define PATIENCE_S 120u

static struct {
	struct service_request request;
	bool asked;        /* somebody wants it */
	bool stateless;    /* the service could not be told of the state */
	bool over;         /* done, or its service has died for good */
	bool answered;     /* the guest has had an answer of the TPM, or RETRY */
	unsigned attempts; /* requests that the service has taken */
	bool firmware;     /* the guest is still its firmware, ... */
	gpa_t caa;         /* ... whose startup vCPU calls by this area */
} boot;

static bool has_service_cpu(void)
{
	return percpu_guest_count() < percpu_count();
}

/* Fails while the service has a request of the test protocol; vtpm_boot_pending() tries again. */
static void ask(void)
{
	if (service_submit(&vtpm_service, &boot.request))
		boot.attempts++;
}

static void look_at_caa(gpa_t caa)
{
	boot.firmware = gpa_eq(caa, boot.caa);
}

bool vtpm_boot_firmware(void)
{
	if (boot.firmware)
		vmsa_registry_with_startup_caa(look_at_caa);
	return boot.firmware;
}

static void note_firmware(const struct launch_info *l)
{
	boot.firmware = l->guest == LAUNCH_GUEST_FIRMWARE;
	for (uint32_t i = 0; i < l->section_count; i++)
		if (l->sections[i].type == LAUNCH_SECTION_CAA)
			boot.caa = gpa(l->sections[i].gpa);
}

/* What the launch page says of the TPM's state, as the service finds it. */
static bool fill_launch(void *to, uint64_t page, size_t len)
{
	const struct launch_info *l = (const void *)page;
	struct vtpm_launch v = {.flags = l->flags & LAUNCH_FLAGS_STATE, .state = l->state};

	memcpy(to, &v, len);
	return true;
}

/* Without memory the service finds nothing, and no guest may run then whose launch requires a
 * state. */
static void offer_state(const struct launch_info *l)
{
	if (!(l->flags & LAUNCH_FLAG_STATE))
		return;
	if (l->flags & LAUNCH_FLAG_TEST_KEY)
		log_warn("vtpm: TEST KEY: the TPM's state is sealed with a key that everybody can "
			 "read in the launch page");
	if (l->flags & LAUNCH_FLAG_KEYS_UNSIGNED)
		log_warn("vtpm: the TPM's state is sealed with keys that anybody may have given");
	vtpm_service.channel = true;
	if (l->flags & LAUNCH_FLAG_KEYS) {
		vtpm_service.report = attest_early_report;
		attest_early_open();
	}
	boot.stateless = service_blob_replace(&vtpm_service, VTPM_SLOT_LAUNCH,
					      sizeof(struct vtpm_launch), fill_launch, (uint64_t)l);
	if (boot.stateless)
		log_error("vtpm: no memory for what the launch says of a state: it is not kept");
}

static void begin(const struct launch_info *l)
{
	note_firmware(l);
	offer_state(l);
	boot.asked = true;
	boot.over = boot.answered = false;
	boot.attempts = 0;
	boot.request = (struct service_request){
		.kind = VTPM_REQ_BOOT,
		.arg = l->guest == LAUNCH_GUEST_LINUX,
		.in = l->events,
		.in_len = (uint32_t)(l->event_count * sizeof(l->events[0])),
		.status = SERVICE_LOST, /* until it is taken */
		.done = true,
	};
	ask();
}

static void say_over(void)
{
	if (boot.request.status == SERVICE_OK)
		log_info("vtpm: ready%s, %lu measurements", boot.request.arg ? " and started" : "",
			 boot.request.in_len / sizeof(struct launch_event));
	else
		log_error("vtpm: cannot be made ready");
}

/*
 * A loss is a death of the service, so as many attempts as it has lives are enough: behind them it
 * answers nobody. The release of `done` makes its status visible.
 */
struct service_request *vtpm_boot_pending(void)
{
	if (!boot.asked || boot.over)
		return NULL;
	if (!__atomic_load_n(&boot.request.done, __ATOMIC_ACQUIRE))
		return &boot.request;
	boot.over = boot.request.status == SERVICE_OK || boot.attempts > SERVICE_RESTARTS_MAX;
	if (boot.over) {
		attest_early_close();
		say_over();
		return NULL;
	}
	ask();
	return &boot.request;
}

bool vtpm_boot_lasts(void)
{
	return boot.asked && !boot.answered;
}

void vtpm_boot_answered(void)
{
	boot.answered = true;
}

static bool is_before_guest(const struct launch_info *l)
{
	return !has_service_cpu() || l->flags & LAUNCH_FLAG_STATE;
}

/* From here on the guest reaches the channel's port, too, so what it could overhear or say for the
 * service is of no use: a channel without a key is closed, here and at the host's end. */
static void close_channel_without_key(void)
{
	struct channel_session s;

	if (!vtpm_service.channel)
		return;
	vtpm_service.channel =
		service_blob_read(&vtpm_service, SERVICE_SLOT_CHANNEL, &s, sizeof(s)) && s.agreed;
	string_wipe(&s, sizeof(s));
	if (vtpm_service.channel)
		return;
	service_channel_no_key();
	log_warn("vtpm: no host has answered on the channel before the guest: it is closed");
}

static void require_state(void)
{
	if (boot.over && boot.request.status == SERVICE_OK && !boot.stateless)
		return;
	log_error("vtpm: no state, and the launch requires it: the guest is not started");
	platform->terminate(0, 0);
}

void vtpm_boot_before_guest(const struct launch_info *l)
{
	struct patience p =
		patience_begin(1000000, PATIENCE_S * 1000, timer_uptime_ns()); /* in ns */

	if (!is_before_guest(l))
		return;
	begin(l);
	while (vtpm_boot_pending() && !patience_over(&p, timer_uptime_ns())) {
		service_run(&vtpm_service, &boot.request, SCHED_TURN_NS, true);
		attest_early_lend(SCHED_TURN_NS);
	}
	close_channel_without_key();
	if (l->flags & LAUNCH_FLAG_STATE_REQUIRED)
		require_state();
	if (!boot.over)
		log_warn("vtpm: not ready after %u s; it goes on in the guest's calls", PATIENCE_S);
}

/* A service CPU sleeps by now. If its wake-up is lost, the guest's first call does the work. */
void vtpm_boot_after_guest(const struct launch_info *l)
{
	if (is_before_guest(l))
		return;
	begin(l);
	sched_hand_over();
}
