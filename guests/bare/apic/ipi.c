/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* IPIs between two vCPUs, which no hypervisor sees: APM vol. 2, 16.5, 16.13, 16.14. */
#include "bare/apic/driver.h"
#include "bare/lib/smp.h"
#include "base/x86.h"

static volatile bool stop, listening;

/* vCPU 1: takes what comes until it is told to stop. */
static void listen(void *halt)
{
	listening = true;
	while (!stop) {
		if (halt)
			__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
		else
			apic_window();
	}
}

static void begin(void *halt)
{
	struct patience p;

	apic_begin(END_BY_CALL);
	stop = listening = false;
	smp_start();
	smp_run(listen, halt);
	p = smp_patience(20);
	while (!listening && !smp_dead() && !smp_patience_over(&p))
		cpu_relax();
	REQUIRE(listening);
}

static void end(const void *halt)
{
	stop = true;
	if (halt)
		CHECK_EQ(apic_put(X_ICR, ICR_TO(smp_apic_id()) | ICR_ASSERT | 0x31), SVSM_SUCCESS);
	CHECK(smp_wait(20));
	apic_end();
}

static bool has(const volatile unsigned *counter, unsigned n)
{
	struct patience p = smp_patience(20);

	while (*counter < n && !smp_patience_over(&p))
		cpu_relax();
	return CHECK_EQ(*counter, n);
}

static void rounds(void *halt)
{
	begin(halt);
	for (unsigned i = 1; i <= 100; i++) {
		CHECK_EQ(apic_put(X_ICR, ICR_TO(smp_apic_id()) | ICR_ASSERT | 0x51), SVSM_SUCCESS);
		if (!has(&apic_log[1].taken, i))
			break;
	}
	CHECK_EQ(apic_log[1].count[0x51], 100);
	CHECK_EQ(apic_log[0].taken, 0);
	end(halt);
}

TEST(running, "ipi-running", "100 IPIs to a vCPU that runs are taken, each once",
     "svsm:9:ipi svsm:9:once")
{
	rounds(NULL);
}

TEST(halted, "ipi-halted", "100 IPIs to a vCPU that halts are taken, each once",
     "svsm:9:ipi svsm:9:once")
{
	rounds((void *)1);
}

TEST(destinations, "ipi-destinations",
     "physical, logical and shorthand destinations reach whom they name",
     "svsm:9:icr apm:apic:destination")
{
	uint64_t me = percpu()->apic_id, other;
	uint64_t mine = (me >> 4) << 16 | 1u << (me & 0xf), its;

	begin(NULL);
	other = smp_apic_id();
	its = (other >> 4) << 16 | 1u << (other & 0xf);
	const struct {
		const char *name;
		uint64_t icr;
		bool self, to_other;
	} row[] = {
		{"physical", ICR_TO(other), false, true},
		{"logical", ICR_TO(its) | ICR_LOGICAL, false, true},
		{"logical, both", ICR_TO(mine | its) | ICR_LOGICAL, true, me >> 4 == other >> 4},
		{"broadcast", ICR_TO(0xffffffff), true, true},
		{"all", ICR_ALL, true, true},
		{"others", ICR_OTHERS, false, true},
		{"self", ICR_SELF | ICR_TO(other), true, false},
	};
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		unsigned self = apic_log[0].taken, its_count = apic_log[1].count[0x51];

		test_case("%s", row[i].name);
		CHECK_EQ(apic_put(X_ICR, row[i].icr | ICR_ASSERT | 0x51), SVSM_SUCCESS);
		apic_window();
		CHECK_EQ(apic_log[0].taken - self, row[i].self);
		if (row[i].to_other)
			has(&apic_log[1].count[0x51], its_count + 1);
		/* one that must not come has the time that this one takes */
		its_count = apic_log[1].count[0x52];
		CHECK_EQ(apic_put(X_ICR, ICR_TO(other) | ICR_ASSERT | 0x52), SVSM_SUCCESS);
		has(&apic_log[1].count[0x52], its_count + 1);
	}
	CHECK_EQ(apic_log[1].count[0x51], 6);
	end(NULL);
}

/* The physical form is the one that is easily sent as a vector. */
TEST(nmi, "ipi-nmi", "an NMI reaches the other vCPU as one, by each form of destination",
     "svsm:9:nmi-other apm:apic:nmi")
{
	uint64_t other;

	begin(NULL);
	other = smp_apic_id();
	const uint64_t icr[] = {ICR_TO(other),
				ICR_TO((other >> 4) << 16 | 1u << (other & 0xf)) | ICR_LOGICAL,
				ICR_OTHERS};
	for (unsigned i = 0; i < ARRAY_LEN(icr); i++) {
		CHECK_EQ(apic_put(X_ICR, icr[i] | ICR_NMI | ICR_ASSERT), SVSM_SUCCESS);
		has(&apic_log[1].nmis, i + 1);
	}
	CHECK_EQ(apic_log[1].taken, 0);
	CHECK_EQ(apic_log[0].nmis, 0);
	end(NULL);
}

static volatile unsigned sent_back;

/* vCPU 1 sends as many as it gets, so both send at the same time. */
static void answer(uint8_t vector)
{
	if (percpu()->index && vector == 0x51) {
		sent_back++;
		CHECK_EQ(apic_put(X_ICR, ICR_OTHERS | ICR_ASSERT | 0x61), SVSM_SUCCESS);
	}
}

TEST(both, "ipi-both", "two vCPUs that send to each other lose none", "svsm:9:ipi svsm:9:once")
{
	begin(NULL);
	sent_back = 0;
	apic_log[1].hook = answer;
	for (unsigned i = 1; i <= 100; i++) {
		struct patience p = smp_patience(20);

		CHECK_EQ(apic_put(X_ICR, ICR_OTHERS | ICR_ASSERT | 0x51), SVSM_SUCCESS);
		while (apic_log[0].count[0x61] < i && !smp_patience_over(&p))
			apic_window();
		if (!CHECK_EQ(apic_log[0].count[0x61], i))
			break;
	}
	CHECK_EQ(sent_back, 100);
	end(NULL);
}

/* A new vCPU begins as after INIT: nothing of the one before holds back what comes. */
TEST(anew, "vcpu-anew", "a new vCPU's APIC has nothing in service or requested", "svsm:9:begin")
{
	for (unsigned i = 0; i < 3; i++) {
		apic_begin(END_BY_CALL);
		apic_log[1].how = END_NOT;
		stop = listening = false;
		smp_start();
		smp_run(listen, NULL);
		while (!listening && !smp_dead())
			cpu_relax();
		CHECK_EQ(apic_put(X_ICR, ICR_TO(smp_apic_id()) | ICR_ASSERT | 0xe1), SVSM_SUCCESS);
		has(&apic_log[1].count[0xe1], 1);
		stop = true;
		CHECK(smp_wait(20));
		smp_stop();
	}
	apic_end();
}
