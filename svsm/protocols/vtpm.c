/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The calls of the vTPM protocol. dispatch.c calls handle(), with no lock held. A call may keep
 * its vCPU no longer than vtpm_pace.h says, and no vCPU may get the answer to another command.
 *
 * There is one TPM, and it does one command at a time:
 *
 *	          begin                  service done               collected, or dropped
 *	  FREE ------------> WORKS ----------------------> ANSWERED ----------------------> FREE
 *	                     | ^                             | the same command: collects
 *	   the same: a slice '-'                             | another, PACE_KEEP later: drops
 *	   another: RETRY                                    ' another, earlier: RETRY
 *
 * `busy` is true in WORKS and ANSWERED; request.done tells which of the two it is. LOCK_VTPM is not
 * held while a CPU is lent to the service, so a caller looks at everything again afterwards:
 * `number` tells it whether the command is still the same one.
 *
 * Until one command has been answered, if only by RETRY, the machine boots (vtpm_boot.h): who asks
 * in that time waits for the TPM to be prepared, for a command of another vCPU, and for the own
 * answer, at most PACE_BOOT in all, because firmware does not ask twice. Where the guest is known
 * to be its firmware, that holds for all of its commands: what takes longer than PACE_FIRMWARE ends
 * as INCOMPLETE instead of RETRY, and the same call goes on waiting.
 */
#include "protocols/vtpm.h"
#include "abi/svsm.h"
#include "abi/vtpm.h"
#include "lib/lock.h"
#include "lib/patience.h"
#include "user/service/service.h"
#include "cpu/timer.h"
#include "lib/string.h"
#include "protocols/dispatch.h"
#include "protocols/vtpm_boot.h"
#include "protocols/vtpm_pace.h"
#include "protocols/vtpm_page.h"
#include "protocols/vtpm_request.h"

static struct {
	struct spinlock lock; /* lock.h: LOCK_VTPM */
	bool busy;
	uint64_t number;                /* of the command */
	struct vtpm_command now, asked; /* under way; just read from the guest */
	struct service_request request;
	struct vtpm_pace pace;
	uint8_t answer[VTPM_RESPONSE_MAX]; /* of the service */
	struct vtpm_page_response out;     /* for the guest */
	struct vtpm_stats stats;
} vtpm;

/* ---- the command; lock held ---- */

/* The command is over: what it said, and what the answer was, is nobody's business any more. */
static void forget(void)
{
	vtpm.busy = false;
	string_wipe(vtpm.now.data, vtpm.now.len);
	string_wipe(vtpm.answer, sizeof(vtpm.answer));
}

static bool same_command(void)
{
	return vtpm.busy && vtpm.now.locality == vtpm.asked.locality &&
	       vtpm.now.len == vtpm.asked.len &&
	       memcmp(vtpm.now.data, vtpm.asked.data, vtpm.asked.len) == 0;
}

static bool answered(void)
{
	return __atomic_load_n(&vtpm.request.done, __ATOMIC_ACQUIRE);
}

static bool may_begin(void)
{
	return !vtpm.busy || (answered() && !vtpm_pace_expected(&vtpm.pace, timer_uptime_ns()));
}

/* False: the service has something else to do, such as what comes before all commands. */
static bool begin(void)
{
	if (vtpm_boot_pending())
		return false;
	forget(); /* an answer that nobody has collected */
	vtpm.now.locality = vtpm.asked.locality;
	vtpm.now.len = vtpm.asked.len;
	memcpy(vtpm.now.data, vtpm.asked.data, vtpm.asked.len);
	vtpm.request = (struct service_request){
		.kind = VTPM_REQ_COMMAND,
		.arg = vtpm.now.locality,
		.in = vtpm.now.data,
		.in_len = vtpm.now.len,
		.out = vtpm.answer,
		.out_room = sizeof(vtpm.answer),
	};
	vtpm.number++;
	vtpm.busy = service_submit(&vtpm_service, &vtpm.request);
	return vtpm.busy;
}

/* The page is left alone by INCOMPLETE: the same call again finds its command in it. */
static enum svsm_result retry(gpa_t at)
{
	if (vtpm_boot_firmware())
		return SVSM_ERR_INCOMPLETE;
	vtpm_boot_answered();
	vtpm.stats.retries++;
	vtpm.out.len = vtpm_response_code(vtpm.out.data, TPM_RC_RETRY);
	return vtpm_page_write(at, &vtpm.out);
}

static enum svsm_result collect(gpa_t at)
{
	const struct service_request *r = &vtpm.request;
	bool good = r->status == SERVICE_OK && r->out_len >= sizeof(struct tpm_header) &&
		    r->out_len <= sizeof(vtpm.answer);
	enum svsm_result rax;

	vtpm.out.len = good ? r->out_len : vtpm_response_code(vtpm.out.data, TPM_RC_FAILURE);
	if (good)
		memcpy(vtpm.out.data, vtpm.answer, r->out_len);
	rax = vtpm_page_write(at, &vtpm.out);
	string_wipe(vtpm.out.data, vtpm.out.len);
	if (rax == SVSM_SUCCESS)
		forget();
	vtpm_boot_answered();
	return rax;
}

/*
 * Lends this CPU to the service for at most ns, or until r is done. LOCK_VTPM is given back
 * meanwhile, and held again when this comes back.
 */
static enum sched_end lend_for(struct service_request *r, uint64_t ns, bool wait)
{
	enum sched_end end;

	lock_give(LOCK_VTPM, &vtpm.lock);
	end = service_run(&vtpm_service, r, ns, wait);
	lock_take(LOCK_VTPM, &vtpm.lock);
	return end;
}

static enum sched_end lend(uint64_t ns, bool wait)
{
	return lend_for(&vtpm.request, ns, wait);
}

static bool under_way(uint64_t number)
{
	return vtpm.busy && vtpm.number == number;
}

/*
 * Lends a long slice in pieces of PACE_FIRST, each by lend(), and looks at the command after each.
 * Another vCPU may send the same command, collect the answer, and begin a new command: this vCPU
 * has no reason to wait for that one. LOCK_VTPM is held, but not while a piece runs.
 */
static void lend_slice(uint64_t number, struct vtpm_slice slice)
{
	enum sched_end end = SCHED_SLICE;

	for (uint64_t left = slice.ns, n;
	     left && under_way(number) && !answered() && (slice.wait || end == SCHED_SLICE);
	     left -= n) {
		/* Its client is here, so nobody else may drop the answer. */
		vtpm_pace_seen(&vtpm.pace, timer_uptime_ns());
		n = MIN(left, PACE_FIRST);
		end = lend(n, slice.wait);
	}
}

static enum svsm_result attempt(gpa_t at, struct vtpm_slice slice)
{
	uint64_t number = vtpm.number;

	lend_slice(number, slice);
	if (!under_way(number))
		return retry(at); /* another vCPU sent the same and was quicker */
	vtpm_pace_seen(&vtpm.pace, timer_uptime_ns());
	return answered() ? collect(at) : retry(at);
}

/*
 * The TPM has another command, or the service is not ready yet or has a request of the test
 * protocol. Lend it a slice, because its own client may be gone and nobody else might; then answer
 * RETRY.
 */
static enum svsm_result turn_away(gpa_t at)
{
	struct service_request *boot = vtpm_boot_pending();

	if (boot)
		lend_for(boot, PACE_FIRST, false);
	else if (!answered())
		lend(PACE_FIRST, false);
	return retry(at);
}

/* What a command has to wait for in a boot: the TPM's preparation, or another vCPU's command that
 * may still be collected. */
static struct service_request *in_the_way(void)
{
	struct service_request *r = vtpm_boot_pending();

	return r ? r : may_begin() ? NULL : &vtpm.request;
}

/*
 * Before the command is read, because others may read theirs meanwhile. What is left of ns then, in
 * time that this vCPU has lived through (lib/patience.h, with ns for ticks).
 */
static uint64_t wait_for_turn(uint64_t ns)
{
	struct patience p = patience_begin(PACE_MS, ns / PACE_MS, timer_uptime_ns());
	struct service_request *r;

	while ((r = in_the_way()) && !patience_over(&p, timer_uptime_ns()))
		lend_for(r, PACE_FIRST, true);
	return p.limit - MIN(p.limit, p.spent);
}

static struct vtpm_slice first_slice(bool boot, uint64_t left)
{
	uint64_t now = timer_uptime_ns();
	bool helped = sched_has_spare_cpu();

	return boot ? vtpm_pace_boot(&vtpm.pace, now, left, helped)
		    : vtpm_pace_first(&vtpm.pace, now, helped);
}

/*
 * A command of firmware. It is read twice: first to see whether it is the one under way, for which
 * nobody has to make way; then, when the turn has come, to take it.
 */
static enum svsm_result firmware_command(gpa_t at)
{
	enum svsm_result rax = vtpm_page_read(at, &vtpm.asked);
	uint64_t left = PACE_FIRMWARE;

	if (rax != SVSM_SUCCESS)
		return rax;
	if (!same_command()) {
		left = wait_for_turn(PACE_FIRMWARE);
		rax = vtpm_page_read(at, &vtpm.asked);
	}
	if (rax != SVSM_SUCCESS)
		return rax;
	if (!same_command() && (!may_begin() || !begin()))
		return turn_away(at);
	return attempt(at, vtpm_pace_firmware(&vtpm.pace, timer_uptime_ns(), left));
}

static enum svsm_result command(gpa_t at)
{
	struct vtpm_pace *p = &vtpm.pace;
	bool boot = vtpm_boot_lasts(); /* also if another vCPU is answered meanwhile */
	uint64_t left = boot ? wait_for_turn(PACE_BOOT) : 0;
	enum svsm_result rax;

	rax = vtpm_page_read(at, &vtpm.asked);
	if (rax != SVSM_SUCCESS)
		return rax;
	if (same_command())
		return attempt(at, vtpm_pace_again(p, timer_uptime_ns(), sched_has_spare_cpu()));
	if (!may_begin())
		return turn_away(at);
	if (!begin())
		return turn_away(at);
	return attempt(at, first_slice(boot, left));
}

/* ---- calls ---- */

static enum svsm_result call_command(struct svsm_call *call)
{
	uint64_t start = timer_now();
	enum svsm_result rax;
	bool boots;

	lock_take(LOCK_VTPM, &vtpm.lock);
	boots = vtpm_boot_lasts();
	rax = vtpm_boot_firmware() ? firmware_command(gpa(call->rcx)) : command(gpa(call->rcx));
	string_wipe(vtpm.asked.data, vtpm.asked.len);
	vtpm.stats.calls++;
	vtpm.stats.longest = MAX(vtpm.stats.longest, timer_now() - start);
	boots &= !vtpm_boot_lasts();
	lock_give(LOCK_VTPM, &vtpm.lock);
	if (boots)
		sched_wake_spare(); /* what waited for the end of the boot may begin */
	return rax;
}

static enum svsm_result call_query(struct svsm_call *call)
{
	call->rcx = BIT(VTPM_CMD_SEND_COMMAND);
	call->rdx = 0;
	return SVSM_SUCCESS;
}

static enum svsm_result handle(struct svsm_call *call)
{
	switch (call->number) {
	case SVSM_VTPM_QUERY:
		return call_query(call);
	case SVSM_VTPM_COMMAND:
		return call_command(call);
	default:
		return SVSM_ERR_UNSUPPORTED_CALL;
	}
}

SVSM_PROTOCOL(protocol_vtpm) = {SVSM_PROTO_VTPM, 1, 1, NULL, handle};

struct vtpm_stats vtpm_stats(void)
{
	struct vtpm_stats s;

	lock_take(LOCK_VTPM, &vtpm.lock);
	s = vtpm.stats;
	lock_give(LOCK_VTPM, &vtpm.lock);
	return s;
}

void vtpm_forget(void)
{
	lock_take(LOCK_VTPM, &vtpm.lock);
	if (vtpm.busy && answered())
		forget();
	lock_give(LOCK_VTPM, &vtpm.lock);
}

struct service_request *vtpm_submit(struct service_request *r)
{
	struct service_request *first;

	lock_take(LOCK_VTPM, &vtpm.lock);
	first = vtpm_boot_pending();
	if (!first && !service_submit(&vtpm_service, r))
		first = &vtpm.request;
	lock_give(LOCK_VTPM, &vtpm.lock);
	return first;
}

static uint64_t rest_left(uint64_t ns)
{
	uint64_t now = timer_uptime_ns(), last = vtpm.pace.last;

	if (!vtpm.stats.calls || vtpm_boot_lasts())
		return UINT64_MAX;
	if (vtpm.busy && !answered())
		return ns;
	return ns - MIN(ns, now - MIN(now, last));
}

uint64_t vtpm_rest_left(uint64_t ns)
{
	uint64_t left;

	lock_take(LOCK_VTPM, &vtpm.lock);
	left = rest_left(ns);
	lock_give(LOCK_VTPM, &vtpm.lock);
	return left;
}
