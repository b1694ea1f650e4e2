/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Interrupts between the virtual APICs of one VMPL. Every VMPL has APICs of its own, so a command
 * reaches the same VMPL of other vCPUs and no other.
 */
#include "machine/cpu/vcpu.h"
#include "machine/host/smp.h"
#include "machine/hv/state/state.h"
#include "lib/vapic/vapic.h"

enum shorthand {
	TO_DEST,
	TO_SELF,
	TO_ALL,
	TO_OTHERS
};

/* t may belong to another CPU: only its atomic fields are touched. */
static void deliver(struct vapic *from, struct vapic *t, unsigned mode, unsigned vector)
{
	switch (mode) {
	case APIC_FIXED:
	case APIC_LOWEST:
		apic_post(t, vector, false);
		break;
	case APIC_NMI:
		__atomic_store_n(&t->nmi, 1, __ATOMIC_SEQ_CST);
		break;
	case APIC_INIT:
		__atomic_fetch_or(&t->startup, APIC_SAW_INIT, __ATOMIC_SEQ_CST);
		break;
	case APIC_STARTUP:
		__atomic_fetch_or(&t->startup, APIC_SAW_SIPI, __ATOMIC_SEQ_CST);
		break;
	default:
		return; /* SMI and reserved modes: nothing, as an SNP guest has no SMM */
	}
	if (t == from)
		apic_host_retry(t);
	else
		host_kick(vcpu_cpu(machine_vcpu_by_apic_id(t->id)));
}

/* ICR[19:18] is the shorthand, ICR[11] logical mode: APM vol. 2, 16.5. */
static bool addressed(const struct vapic *from, const struct vapic *t, uint32_t low, uint32_t dest)
{
	switch ((enum shorthand)(low >> 18 & 3)) {
	case TO_SELF:
		return t == from;
	case TO_ALL:
		return true;
	case TO_OTHERS:
		return t != from;
	default:
		return apic_matches(t, dest, low >> 11 & 1, apic_x2(from));
	}
}

/*
 * The APIC model and the #HV IPI event call this. A lowest-priority IPI goes to the first vCPU that
 * it addresses; the choice is the chipset's.
 */
void apic_ipi_send(struct vapic *a, uint32_t low, uint32_t dest)
{
	unsigned mode = low >> 8 & 7, vector = low & 0xff, i;

	if ((mode == APIC_FIXED || mode == APIC_LOWEST) && vector < 16) {
		apic_error(a, APIC_ESR_SEND_ILLEGAL);
		return;
	}
	if (mode == APIC_INIT && !(low & BIT(14)))
		return; /* INIT level de-assert does nothing on this APIC */
	for (i = 0; i < machine_vcpu_count; i++) {
		struct vapic *t = &hv_states[i]->apic[a->vmpl];

		if (!addressed(a, t, low, dest))
			continue;
		deliver(a, t, mode, vector);
		if (mode == APIC_LOWEST)
			break;
	}
}
