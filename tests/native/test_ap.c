/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * AP_CREATION on another vCPU: the request is posted, its CPU carries it out, and how long the one
 * who asks waits for that.
 *
 * sources: launch/machine/hv/ap.c launch/machine/cpu/seen.c svsm/lib/fmt.c
 */
#include "machine/hv/altinj.h"
#include "machine/hv/ap.h"
#include "abi/ghcb.h"
#include "base/x86.h"
#include "machine/cpu/tlb.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/host_assert.h"
#include "machine/hv/doorbell.h"
#include "machine/hv/vmpl.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vmsa_attach.h"
#include "tests/native/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- vCPU 0 asks, vCPU 1 is to be changed; it serves when the test lets its CPU run ---- */

static struct vcpu cpus[2];
static struct hv_vcpu states[2];
struct hv_vcpu *hv_states[32] = {&states[0], &states[1]};
static unsigned attached, kicks, serve_at_kick;
static bool hangs;               /* it begins and never ends */
static uint64_t khz, kick_ticks; /* how long a kick takes, all in all */
static jmp_buf stopped;
static char told[400];

uint64_t host_tsc_khz(void)
{
	return khz;
}

void host_kick(unsigned cpu)
{
	uint64_t start = rdtsc();

	if (cpu != 2)
		return;
	while (rdtsc() - start < kick_ticks)
		cpu_relax();
	if (++kicks == serve_at_kick)
		ap_serve(&cpus[1]);
	if (hangs)
		states[1].request.state = AP_SERVING;
}

void host_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(told, sizeof(told), fmt, ap);
	va_end(ap);
}

void host_fault(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(told, sizeof(told), fmt, ap);
	va_end(ap);
	longjmp(stopped, 1);
}

bool machine_attach(struct vcpu *v, uint8_t vmpl, gpa_t vmsa, uint64_t sev_features)
{
	(void)v, (void)vmpl, (void)vmsa, (void)sev_features;
	attached++;
	return true;
}

bool vmpl_run(struct vcpu *v, unsigned vmpl)
{
	(void)v, (void)vmpl;
	return true;
}

void altinj_withdraw(struct vcpu *v)
{
	(void)v;
}

void altinj_reset(struct vcpu *v, unsigned vmpl, uint64_t sev_features)
{
	(void)v, (void)vmpl, (void)sev_features;
}

void doorbell_reset(struct hv_doorbell_state *d, struct vapic *a)
{
	(void)d, (void)a;
}

bool apic_pv_eoi_write(struct vapic *a, uint64_t value)
{
	a->pv_eoi = value;
	return true;
}

static struct ghcb ghcb; /* of vCPU 1, which holds; shared, unless a test says otherwise */
static bool made_private;
static unsigned writing;

void tlb_write_begin(struct vcpu *v)
{
	CHECK(v == &cpus[1]);
	writing++;
}

void tlb_write_end(struct vcpu *v)
{
	CHECK(v == &cpus[1]);
	writing--;
}

/* Who makes it private waits for the end of a write, and for no longer: cpu/tlb.h. */
bool rmp_is_shared(gpa_t g, uint64_t len)
{
	(void)g, (void)len;
	CHECK(writing);
	return !made_private;
}

bool host_guest_ram(gpa_t g, uint64_t len)
{
	(void)g, (void)len;
	return true;
}

void *guest_ptr(gpa_t g)
{
	(void)g;
	return &ghcb;
}

static const struct ap_request create = {.op = GHCB_AP_CREATE, .vmpl = 2, .vmsa = {0x5000}};

static void setup(void)
{
	memset(cpus, 0, sizeof(cpus));
	memset(states, 0, sizeof(states));
	for (unsigned i = 0; i < 2; i++) {
		states[i].v = &cpus[i];
		cpus[i].index = i;
		cpus[i].apic_id = i;
		for (unsigned k = 0; k < VMPL_COUNT; k++)
			cpus[i].ctx[k].vmsa = GPA_NONE;
	}
	attached = kicks = serve_at_kick = 0;
	khz = 100; /* 20 s are 2,000,000 ticks */
	kick_ticks = 0;
	hangs = false;
	told[0] = 0;
}

TEST(it_is_carried_out_by_the_other_cpu)
{
	setup();
	serve_at_kick = 1;
	CHECK(ap_change(&cpus[0], &cpus[1], &create));
	CHECK_EQ(attached, 1);
}

/* A loaded host may not run the other CPU for seconds. A guest takes a refusal for final, and then
 * lacks a CPU. */
/* A byte that another run of the VMPL named is not the new one's. */
TEST(what_comes_or_goes_has_no_paravirtual_eoi)
{
	struct ap_request destroy = create;

	setup();
	serve_at_kick = 1;
	states[1].apic[1].pv_eoi = states[1].apic[2].pv_eoi = 0x7001;
	CHECK(ap_change(&cpus[0], &cpus[1], &create));
	CHECK_EQ(states[1].apic[2].pv_eoi, 0);
	states[1].apic[2].pv_eoi = 0x7001;
	destroy.op = GHCB_AP_DESTROY;
	kicks = 0;
	CHECK(ap_change(&cpus[0], &cpus[1], &destroy));
	CHECK_EQ(states[1].apic[2].pv_eoi, 0);
	CHECK_EQ(states[1].apic[1].pv_eoi, 0x7001);
}

TEST(a_cpu_that_the_host_does_not_run_for_seconds_is_waited_for)
{
	setup();
	kick_ticks = 50 * khz;
	serve_at_kick = 60;
	CHECK(ap_change(&cpus[0], &cpus[1], &create));
	CHECK_EQ(attached, 1);
}

/* The TSC goes on while QEMU is stopped. */
TEST(a_pause_of_the_machine_is_no_reason_to_give_up)
{
	setup();
	kick_ticks = 60000 * khz;
	serve_at_kick = 3;
	CHECK(ap_change(&cpus[0], &cpus[1], &create));
	CHECK_EQ(attached, 1);
}

/* GHCB, SNP AP Creation: what is refused has changed nothing, now and later. */
TEST(what_is_not_begun_in_time_is_taken_back_and_told)
{
	setup();
	CHECK(!ap_change(&cpus[0], &cpus[1], &create));
	CHECK(strstr(told, "vCPU 1 has never run its guest"));
	ap_serve(&cpus[1]);
	CHECK_EQ(attached, 0);
}

/* Two that ask the same vCPU take turns, and one that never ends holds off the other no longer. */
TEST(a_slot_that_stays_taken_is_given_up)
{
	setup();
	states[1].request.state = AP_CLAIMED;
	CHECK(!ap_change(&cpus[0], &cpus[1], &create));
	CHECK(strstr(told, "vCPU 1 has never run its guest"));
	CHECK_EQ(states[1].request.state, AP_CLAIMED);
}

static uint64_t answer_of_hold(void)
{
	setup();
	memset(&ghcb, 0, sizeof(ghcb));
	states[1].reset_hold[2] = true;
	states[1].hold_ghcb[2] = gpa(0x7000);
	states[1].apic[2].startup = APIC_SAW_SIPI;
	ap_serve(&cpus[1]);
	CHECK(!states[1].reset_hold[2]);
	CHECK(!writing);
	return ghcb.exit_info2;
}

/* GHCB, AP Reset Hold: SW_EXITINFO2 is not 0 when the SIPI has come. */
TEST(a_sipi_answers_a_hold_in_a_page_that_is_still_shared)
{
	CHECK_EQ(answer_of_hold(), 1);
	made_private = true;
	CHECK_EQ(answer_of_hold(), 0);
	made_private = false;
}

static bool gave_up(void)
{
	if (setjmp(stopped))
		return true;
	ap_change(&cpus[0], &cpus[1], &create);
	return false;
}

/* What has begun cannot be taken back: then the machine itself is at fault, and says so. */
TEST(what_has_begun_and_never_ends_is_reported)
{
	setup();
	hangs = true;
	CHECK(gave_up());
	CHECK(strstr(told, "vCPU 1 has never run its guest"));
}
