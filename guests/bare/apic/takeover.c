/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The last registration is given back, and the hypervisor's APIC takes over: once and for good, so
 * these are the suite's last tests, in this order.
 */
#include "bare/apic/driver.h"
#include "bare/core/calls.h"
#include "bare/lib/apic.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/trap.h"

static volatile unsigned taken[256];
static volatile uint8_t order[8];
static volatile unsigned count;

static void on_vector(struct trap_frame *t)
{
	taken[t->vector & 0xff]++;
	if (count < ARRAY_LEN(order))
		order[count] = (uint8_t)t->vector;
	count++;
	CHECK(apic_write(APIC_EOI, 0)); /* the hypervisor's */
}

static void window(void)
{
	apic_window();
	apic_window();
	apic_window();
}

/*
 * 0x62 is in service, 0x71 and 0x45 are requested and interrupts are off, so both wait. Afterwards
 * 0x71 comes, and 0x45 when 0x62 has ended.
 */
TEST(over, "takeover",
     "the hypervisor takes over what is requested and in service: nothing lost or twice",
     "svsm:9:takeover svsm:9:configure")
{
	apic_begin(END_NOT);
	if (!apic_enable())
		test_skip("no x2APIC");
	apic_self(0x62);
	apic_window();
	CHECK_EQ(apic_log[0].count[0x62], 1);
	apic_self(0x71);
	apic_self(0x45);
	for (unsigned v = 31; v < 256; v++)
		trap_handler_set((uint8_t)v, on_vector);
	CHECK_EQ(apic_call(APIC3(CONFIGURE), SVSM_APIC_DEREGISTER, 0), SVSM_SUCCESS);
	CHECK(!apic_protocol());
	CHECK_EQ(apic_read(APIC_ISR + 0x62 / 32) >> 0x62 % 32 & 1, 1);
	window();
	CHECK_EQ(taken[0x71], 1);
	CHECK_EQ(taken[0x45], 0);
	CHECK_EQ(taken[0x62], 0);
	CHECK(apic_write(APIC_EOI, 0)); /* of 0x62 */
	window();
	CHECK_EQ(taken[0x45], 1);
	CHECK_EQ(count, 2);
	CHECK(apic_write(APIC_SELF_IPI, 0x88));
	window();
	CHECK_EQ(taken[0x88], 1);
	CHECK_EQ(count, 3);
	for (unsigned v = 31; v < 256; v++)
		trap_handler_set((uint8_t)v, NULL);
	apic_disable();
}

/* Runs on the new vCPU, whose vectors go to the handlers of all. */
static void take_one(void *arg)
{
	(void)arg;
	CHECK(!apic_protocol());
	if (!CHECK(apic_enable()))
		return;
	CHECK(apic_write(APIC_SELF_IPI, 0x91));
	window();
	apic_disable();
}

/* Linux starts its other vCPUs after that, if firmware has given the registration back. */
TEST(anew, "takeover-vcpu", "a vCPU that is created afterwards has the hypervisor's APIC",
     "svsm:9:takeover")
{
	uint64_t features = snp_features() & ~SEV_FEAT_ALTERNATE_INJ;
	const struct vmsa *v = (const struct vmsa *)smp_vmsa();

	if (apic_protocol())
		test_skip("this vCPU has emulation");
	trap_handler_set(0x91, on_vector);
	taken[0x91] = 0;
	smp_start_with(features);
	CHECK_EQ(v->sev_features, features);
	smp_run(take_one, NULL);
	CHECK(smp_wait(20));
	CHECK_EQ(taken[0x91], 1);
	CHECK_EQ(v->sev_features, features);
	smp_stop();
	trap_handler_set(0x91, NULL);
}

static void is_gone(void)
{
	static const struct call_row rows[] = {
		{"features", APIC3(QUERY_FEATURES), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"query", APIC3(CONFIGURE), 0, 2, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"deregister", APIC3(CONFIGURE), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"register", APIC3(CONFIGURE), 2, 2, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"read", APIC3(READ_REGISTER), X_ID, 2, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"write", APIC3(WRITE_REGISTER), X_EOI, 0, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"vector", APIC3(CONFIGURE_VECTOR), 0x41, 0, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"call 5", SVSM_CALL(3, 5), 0, 0, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
	};

	calls_run(rows, ARRAY_LEN(rows));
}

/* Also where the launch has asked for no emulation at all: a boot of its own runs this alone. */
TEST(gone, "takeover-gone", "without emulation each call is one of an unknown protocol",
     "svsm:9:takeover svsm:5:protocol")
{
	if (apic_protocol())
		test_skip("this vCPU has emulation");
	is_gone();
}
