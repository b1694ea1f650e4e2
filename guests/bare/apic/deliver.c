/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Interrupts of one vCPU: requested, delivered once, in order, ended. APM vol. 2, chapter 16. */
#include "bare/apic/driver.h"

TEST(self, "self-ipi", "each vector from 31 on is delivered once, when interrupts are on",
     "svsm:9:self-ipi svsm:9:once svsm:9:vgif")
{
	apic_begin(END_BY_CALL);
	for (unsigned v = 31; v < 256; v++) {
		test_case("vector %u", v);
		apic_self((uint8_t)v);
		CHECK_EQ(apic_log[0].count[v], 0);
		CHECK(apic_in(X_IRR, (uint8_t)v));
		apic_window();
		CHECK_EQ(apic_log[0].count[v], 1);
		apic_window();
		CHECK_EQ(apic_log[0].count[v], 1);
	}
	CHECK_EQ(apic_log[0].taken, 225);
	apic_end();
}

/* 16.4.6: an APIC delivers no vector below 16, however it is asked. */
TEST(illegal, "illegal-vectors", "vectors below 16 are not delivered", "svsm:9:illegal")
{
	apic_begin(END_BY_CALL);
	for (unsigned v = 0; v < 16; v++) {
		test_case("vector %u", v);
		CHECK_EQ(apic_put(X_SELF, v), SVSM_SUCCESS);
		CHECK_EQ(apic_put(X_ICR, ICR_SELF | ICR_ASSERT | v), SVSM_SUCCESS);
		CHECK_EQ(apic_get(X_IRR), 0);
		apic_window();
	}
	CHECK_EQ(apic_log[0].taken, 0);
	apic_end();
}

TEST(order, "priority", "of several requests the highest is delivered first; each once",
     "svsm:9:once apm:apic:priority")
{
	static const uint8_t vectors[] = {0x41, 0xf3, 0x42, 0x80, 0x31, 0xef, 0x43};
	static const uint8_t want[] = {0xf3, 0xef, 0x80, 0x43, 0x42, 0x41, 0x31};

	apic_begin(END_BY_CALL);
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++)
		apic_self(vectors[i]);
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++)
		apic_window();
	CHECK_EQ(apic_log[0].taken, ARRAY_LEN(want));
	for (unsigned i = 0; i < ARRAY_LEN(want); i++)
		CHECK_EQ(apic_log[0].order[i], want[i]);
	apic_end();
}

TEST(service, "in-service", "what is in service shows in ISR and PPR, and holds back its class",
     "svsm:9:read svsm:9:eoi apm:apic:priority")
{
	apic_begin(END_NOT);
	apic_self(0x62);
	apic_window();
	CHECK_EQ(apic_log[0].taken, 1);
	CHECK(apic_in(X_ISR, 0x62));
	CHECK(!apic_in(X_IRR, 0x62));
	CHECK(!apic_in(X_TMR, 0x62));
	CHECK_EQ(apic_get(X_PPR), 0x60);
	apic_self(0x6f); /* its class */
	apic_self(0x31); /* below */
	apic_window();
	CHECK_EQ(apic_log[0].taken, 1);
	apic_self(0x71); /* above */
	apic_window();
	CHECK_EQ(apic_log[0].taken, 2);
	CHECK_EQ(apic_get(X_PPR), 0x70);
	CHECK(apic_in(X_ISR, 0x62) && apic_in(X_ISR, 0x71));
	test_case("each EOI ends the highest one");
	CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
	CHECK(apic_in(X_ISR, 0x62) && !apic_in(X_ISR, 0x71));
	apic_window();
	CHECK_EQ(apic_log[0].taken, 2);
	CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
	CHECK(!apic_in(X_ISR, 0x62));
	apic_window();
	CHECK_EQ(apic_log[0].count[0x6f], 1);
	CHECK_EQ(apic_log[0].count[0x31], 0);
	CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
	apic_window();
	CHECK_EQ(apic_log[0].count[0x31], 1);
	CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
	apic_end();
}

/* The guest writes CR8 without an exit, so the SVSM cannot be asked at that moment. */
TEST(held, "task-priority", "TPR holds back its class and below; CR8 lets them through at once",
     "svsm:9:tpr apm:apic:tpr")
{
	apic_begin(END_BY_CALL);
	CHECK_EQ(apic_put(X_TPR, 0x50), SVSM_SUCCESS);
	apic_self(0x5f);
	apic_window();
	CHECK_EQ(apic_log[0].taken, 0);
	CHECK(apic_in(X_IRR, 0x5f));
	apic_self(0x60);
	apic_window();
	CHECK_EQ(apic_log[0].count[0x60], 1);
	CHECK_EQ(apic_log[0].count[0x5f], 0);
	__asm__ volatile("mov %0, %%cr8" : : "r"(4ull));
	apic_window();
	CHECK_EQ(apic_log[0].count[0x5f], 1);
	apic_end();
}

TEST(nmi, "nmi-self", "an NMI to itself is taken once, with interrupts off",
     "svsm:9:nmi-self apm:apic:nmi")
{
	apic_begin(END_BY_CALL);
	CHECK_EQ(apic_put(X_ICR, ICR_NMI | ICR_SELF | ICR_ASSERT), SVSM_SUCCESS);
	CHECK_EQ(apic_log[0].nmis, 1);
	CHECK_EQ(apic_put(X_ICR, ICR_NMI | ICR_ASSERT | ICR_TO(percpu()->apic_id)), SVSM_SUCCESS);
	CHECK_EQ(apic_log[0].nmis, 2);
	apic_window();
	CHECK_EQ(apic_log[0].nmis, 2);
	CHECK_EQ(apic_log[0].taken, 0);
	apic_end();
}

TEST(to_self, "destinations-self", "each way to name oneself reaches oneself once",
     "svsm:9:icr apm:apic:destination")
{
	const uint64_t id = percpu()->apic_id;
	const uint64_t logical = (id >> 4) << 16 | 1u << (id & 0xf);
	const struct {
		const char *name;
		uint64_t icr;
		unsigned taken;
	} row[] = {
		{"physical", ICR_TO(id), 1},
		{"logical", ICR_TO(logical) | ICR_LOGICAL, 1},
		{"the cluster", ICR_TO(logical | 0xffff) | ICR_LOGICAL, 1},
		{"another of the cluster", ICR_TO((logical & 0xffff0000) | 0x8000) | ICR_LOGICAL,
		 0},
		{"another cluster", ICR_TO(logical + 0x10000) | ICR_LOGICAL, 0},
		{"broadcast", ICR_TO(0xffffffff), 1},
		{"logical broadcast", ICR_TO(0xffffffff) | ICR_LOGICAL, 1},
		{"shorthand self", ICR_SELF, 1},
		{"shorthand all", ICR_ALL, 1},
		{"shorthand others", ICR_OTHERS, 0},
		{"nobody", ICR_TO(0x7fffffff), 0},
	};

	apic_begin(END_BY_CALL);
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		unsigned before = apic_log[0].taken;

		test_case("%s", row[i].name);
		CHECK_EQ(apic_put(X_ICR, row[i].icr | ICR_ASSERT | 0x51), SVSM_SUCCESS);
		apic_window();
		CHECK_EQ(apic_log[0].taken - before, row[i].taken);
	}
	apic_end();
}
