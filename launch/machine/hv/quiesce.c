/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * CPU 0 is asked, has every other CPU come to quiesce_serve(), tells the host, and waits until that
 * lets go. A CPU gets there with no lock held and nothing half done, since it is the place from
 * which it enters its guest. Another one on its way there may wait for what only this one can do:
 * a change of its VMSA (ap.c), which is served here too. A flush or a write that others wait for
 * needs no more than to be out of the guest.
 */
#include "machine/hv/quiesce.h"
#include "machine/cpu/seen.h"
#include "machine/host/isr.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "machine/host/smp.h"
#include "machine/host/wait.h"
#include "machine/hv/ap.h"
#include "machine/hv/irq.h"
#include "abi/machine.h"
#include "base/x86.h"

#define WAIT_MS 20000 /* until all are quiet: a loaded host runs their threads one by one */
#define KICK_MS 1     /* a kick that QEMU lost is repeated */
#define NAP_MS  10    /* of a quiet CPU: one that missed the kick at the end goes on after it */

/* 16550: the line status register, and its bit for a byte that has come */
#define LINE_STATUS 5
#define DATA_READY  BIT(0)

uint32_t quiesce_asked;
static uint32_t rounds;               /* requests so far: CPU 0's */
static uint32_t quiet[HOST_MAX_CPUS]; /* by vCPU: the request that its CPU stays for; atomic */

/* 0: nothing has come. */
static uint8_t host_word(void)
{
	if (!(inb(MACHINE_QUIESCE_PORT + LINE_STATUS) & DATA_READY))
		return 0;
	return inb(MACHINE_QUIESCE_PORT);
}

static void tell_host(uint8_t word)
{
	outb(MACHINE_QUIESCE_PORT, word);
}

static void nap(uint64_t ms)
{
	host_nap(host_tsc_khz() * ms);
}

/* The first vCPU that is not there yet; NULL: all are. */
static struct vcpu *first_missing(void)
{
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		if (__atomic_load_n(&quiet[i], __ATOMIC_ACQUIRE) != rounds)
			return machine_vcpus[i];
	return NULL;
}

static bool gather(void)
{
	struct patience p = host_patience(WAIT_MS);
	struct vcpu *v;

	while ((v = first_missing())) {
		if (host_patience_over(&p)) {
			host_log("quiesce: vCPU %u does not come: %s", v->index, seen(v).text);
			return false;
		}
		host_kick(vcpu_cpu(v));
		nap(KICK_MS);
	}
	return true;
}

static void release(void)
{
	__atomic_store_n(&quiesce_asked, 0, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		host_kick(vcpu_cpu(machine_vcpus[i]));
}

/* The machine may be saved in this wait, and be loaded any time later by another QEMU. */
static void wait_for_host(void)
{
	while (host_word() != MACHINE_QUIESCE_GO)
		nap(KICK_MS);
}

void quiesce_look(void)
{
	if (!host_options.quiesce || host_word() != MACHINE_QUIESCE_ASK)
		return;
	__atomic_store_n(&quiesce_asked, ++rounds, __ATOMIC_RELEASE);
	if (gather()) {
		tell_host(MACHINE_QUIESCE_QUIET);
		wait_for_host();
	} else {
		tell_host(MACHINE_QUIESCE_REFUSED);
	}
	release();
}

/*
 * A CPU that has seen the end of one request may still be on its way out when the next one comes:
 * so it says for which it stays. Interrupts that a nap took, those of the guest's timers among
 * them, have still to be looked at.
 */
void quiesce_stay(struct vcpu *v)
{
	uint32_t request;

	while ((request = __atomic_load_n(&quiesce_asked, __ATOMIC_ACQUIRE))) {
		__atomic_store_n(&quiet[v->index], request, __ATOMIC_RELEASE);
		nap(NAP_MS);
		ap_serve(v);
	}
	v->napped = true;
	irq_timer_poll(v);
}
