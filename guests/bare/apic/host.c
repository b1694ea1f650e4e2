/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Interrupts that the hypervisor raises: of the local APIC's timer, which stays its own, and of a
 * device at the IOAPIC. They come only where the guest has allowed their vector.
 */
#include "bare/apic/driver.h"
#include "bare/lib/apic.h"
#include "bare/lib/pit.h"
#include "bare/lib/smp.h"
#include "base/x86.h"

#define TIMER_COUNT 1000
#define DIVIDE_BY_1 0xb

static uint64_t allow(uint64_t config)
{
	return apic_call(APIC3(CONFIGURE_VECTOR), config, 0);
}

/* Ends when the count is over: the hypervisor has raised the vector by then, allowed or not. */
static void timer(uint8_t vector)
{
	struct patience p = smp_patience(20);

	CHECK(apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1));
	CHECK(apic_write(APIC_LVT_TIMER, vector));
	CHECK(apic_write(APIC_TIMER_INITIAL, TIMER_COUNT));
	while (apic_read(APIC_TIMER_CURRENT) && !smp_patience_over(&p))
		cpu_relax();
	CHECK_EQ(apic_read(APIC_TIMER_CURRENT), 0);
}

static bool comes(uint8_t vector, unsigned n)
{
	struct patience p = smp_patience(20);

	while (apic_log[0].count[vector] < n && !smp_patience_over(&p))
		apic_window();
	return apic_log[0].count[vector] == n;
}

/* Time enough for whatever is on its way. */
static void look(void)
{
	for (unsigned i = 0; i < 20; i++) {
		apic_get(X_PPR); /* VMPL0 looks */
		apic_window();
	}
}

static void never_came(void)
{
	look();
	CHECK_EQ(apic_log[0].taken, 0);
}

static void begin(enum apic_ending how)
{
	apic_begin(how);
	CHECK_EQ(allow(SVSM_APIC_VECTOR_ALL), SVSM_SUCCESS); /* none */
	if (!apic_enable())
		test_skip("no x2APIC");
}

static void end(void)
{
	CHECK_EQ(allow(SVSM_APIC_VECTOR_ALL), SVSM_SUCCESS);
	apic_disable();
	apic_end();
}

TEST(allowed, "host-vector", "a vector of the hypervisor's comes when it is allowed, and only then",
     "svsm:9:vector")
{
	begin(END_BY_CALL);
	timer(0x45);
	never_came();
	CHECK_EQ(allow(SVSM_APIC_VECTOR_ENABLE | 0x44), SVSM_SUCCESS);
	timer(0x45);
	never_came();
	CHECK_EQ(allow(SVSM_APIC_VECTOR_ENABLE | 0x45), SVSM_SUCCESS);
	timer(0x45);
	CHECK(comes(0x45, 1));
	CHECK_EQ(allow(0x45), SVSM_SUCCESS);
	apic_log[0].taken = 0;
	timer(0x45);
	never_came();
	end();
}

TEST(all, "host-vector-all", "all vectors from 31 on are allowed by one call, and none by another",
     "svsm:9:vector")
{
	static const uint8_t vector[] = {31, 32, 63, 64, 0x80, 0xef};

	begin(END_BY_CALL);
	CHECK_EQ(allow(SVSM_APIC_VECTOR_ALL | SVSM_APIC_VECTOR_ENABLE), SVSM_SUCCESS);
	for (unsigned i = 0; i < ARRAY_LEN(vector); i++) {
		test_case("vector %u", vector[i]);
		timer(vector[i]);
		CHECK(comes(vector[i], 1));
	}
	CHECK_EQ(allow(SVSM_APIC_VECTOR_ALL), SVSM_SUCCESS);
	apic_log[0].taken = 0;
	timer(0x80);
	never_came();
	end();
}

TEST(own, "own-vector", "what the guest sends itself needs no leave", "svsm:9:vector")
{
	begin(END_BY_CALL);
	apic_self(0x45);
	CHECK(comes(0x45, 1));
	end();
}

/* Between the look and HLT nothing can be missed: STI lets interrupts in only behind HLT. */
TEST(halted, "host-halted", "a HLT ends for a vector that is allowed", "svsm:9:vector svsm:9:once")
{
	begin(END_LAZY);
	CHECK_EQ(allow(SVSM_APIC_VECTOR_ENABLE | 0x45), SVSM_SUCCESS);
	CHECK(apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1));
	CHECK(apic_write(APIC_LVT_TIMER, 0x45));
	for (unsigned i = 1; i <= 20; i++) {
		CHECK(apic_write(APIC_TIMER_INITIAL, TIMER_COUNT * 100));
		while (apic_log[0].count[0x45] < i)
			__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
	}
	CHECK_EQ(apic_log[0].count[0x45], 20);
	end();
}

/* APM vol. 2, 16.6.3: TMR says so of the vector in service, and the IOAPIC sends it again for as
 * long as its line is up, when it hears of the EOI. no_eoi_required would keep that from it. */
TEST(level, "host-level",
     "a level-triggered vector comes again behind its EOI while its line is up", "svsm:9:level")
{
	begin(END_NOT);
	CHECK_EQ(allow(SVSM_APIC_VECTOR_ENABLE | 0x45), SVSM_SUCCESS);
	pit_level(percpu()->apic_id, 0x45);
	CHECK(pit_fires());
	for (unsigned n = 1; CHECK(comes(0x45, n)) && n < 4; n++) {
		test_case("time %u", n);
		CHECK(apic_in(X_ISR, 0x45) && apic_in(X_TMR, 0x45));
		CHECK_EQ(percpu()->caa->no_eoi_required, 0);
		look();
		CHECK_EQ(apic_log[0].count[0x45], n);
		CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
	}
	pit_off();
	CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
	look();
	CHECK_EQ(apic_log[0].count[0x45], 4);
	CHECK(!apic_in(X_ISR, 0x45) && !apic_in(X_IRR, 0x45));
	end();
}
