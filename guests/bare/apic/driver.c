/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The calls of the APIC protocol, and a driver on top of them. */
#include "bare/apic/driver.h"
#include "bare/lib/trap.h"
#include "lib/string.h"

struct apic_log apic_log[2];

uint64_t apic_call(uint64_t call, uint64_t rcx, uint64_t rdx)
{
	return svsm(call, rcx, rdx, 0, 0);
}

uint64_t apic_get(unsigned msr)
{
	struct svsm_call c = {.rax = APIC3(READ_REGISTER), .rcx = msr};

	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	return c.rdx;
}

uint64_t apic_put(unsigned msr, uint64_t value)
{
	return apic_call(APIC3(WRITE_REGISTER), msr, value);
}

bool apic_in(unsigned map, uint8_t vector)
{
	return apic_get(map + vector / 32) >> vector % 32 & 1;
}

bool apic_protocol(void)
{
	struct svsm_call c = {.rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
			      .rcx = (uint64_t)SVSM_PROTO_APIC << 32 | 1};

	return CHECK_EQ(svsm_call(&c), SVSM_SUCCESS) && c.rcx;
}

static struct apic_log *mine(void)
{
	return &apic_log[percpu()->index];
}

/* Draft 1.01: the guest exchanges the byte with 0, and what it was decides. */
void apic_eoi(void)
{
	struct apic_log *l = mine();

	if (l->how == END_LAZY &&
	    __atomic_exchange_n(&percpu()->caa->no_eoi_required, 0, __ATOMIC_SEQ_CST)) {
		l->spared++;
		return;
	}
	l->calls++;
	CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
}

static void on_vector(struct trap_frame *t)
{
	struct apic_log *l = mine();

	l->count[t->vector & 0xff]++;
	if (l->taken < ARRAY_LEN(l->order))
		l->order[l->taken] = (uint8_t)t->vector;
	if (l->hook)
		l->hook((uint8_t)t->vector);
	if (l->how != END_NOT)
		apic_eoi();
	l->taken++; /* last: another vCPU may wait for it */
}

static void on_nmi(struct trap_frame *t)
{
	(void)t;
	mine()->nmis++;
}

/* At most 256 can be in service, and an EOI of none is none. */
static void nothing_left(void)
{
	for (unsigned i = 0; i < 256 && apic_get(X_PPR) >> 4; i++)
		CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
}

void apic_begin(enum apic_ending how)
{
	if (!apic_protocol())
		test_skip("this vCPU's APIC is the hypervisor's");
	for (unsigned i = 0; i < 2; i++) {
		memset(&apic_log[i], 0, sizeof(apic_log[i]));
		apic_log[i].how = how;
	}
	for (unsigned v = 31; v < 256; v++)
		trap_handler_set((uint8_t)v, on_vector);
	trap_handler_set(VEC_NMI, on_nmi);
	CHECK_EQ(apic_put(X_TPR, 0), SVSM_SUCCESS);
}

void apic_end(void)
{
	CHECK_EQ(apic_put(X_TPR, 0), SVSM_SUCCESS);
	nothing_left();
	apic_log[0].hook = NULL;
	apic_log[0].how = END_BY_CALL;
	apic_window();
	for (unsigned i = 0; i < 8; i++) {
		CHECK_EQ(apic_get(X_ISR + i), 0);
		CHECK_EQ(apic_get(X_IRR + i), 0);
	}
	for (unsigned v = 31; v < 256; v++)
		trap_handler_set((uint8_t)v, NULL);
	trap_handler_set(VEC_NMI, NULL);
}

void apic_window(void)
{
	__asm__ volatile("sti\n\tnop\n\tnop\n\tnop\n\tcli" : : : "memory");
}

void apic_self(uint8_t vector)
{
	CHECK_EQ(apic_put(X_SELF, vector), SVSM_SUCCESS);
}
