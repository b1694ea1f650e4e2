/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* An EOI without a call: no_eoi_required of the calling area, draft 1.01 of 58019, table 2. */
#include "bare/apic/driver.h"

static uint8_t area_byte(void)
{
	return __atomic_load_n(&percpu()->caa->no_eoi_required, __ATOMIC_SEQ_CST);
}

TEST(alone, "lazy-eoi", "an interrupt that is alone needs no EOI by a call", "svsm:9:no-eoi")
{
	apic_begin(END_LAZY);
	for (unsigned i = 0; i < 10; i++) {
		apic_self(0x51);
		apic_window();
		CHECK(!apic_in(X_ISR, 0x51));
	}
	CHECK_EQ(apic_log[0].taken, 10);
	CHECK_EQ(apic_log[0].spared + apic_log[0].calls, 10);
	if (!apic_log[0].spared)
		test_log("never offered");
	apic_end();
}

static uint8_t seen;

static void look(uint8_t vector)
{
	if (vector == 0x61)
		seen = area_byte();
}

/* The lower one waits for this EOI, so a write to memory must not be all that ends it. */
TEST(waiting, "lazy-eoi-waiting", "it is not offered while another interrupt is requested",
     "svsm:9:no-eoi")
{
	apic_begin(END_LAZY);
	apic_log[0].hook = look;
	seen = 0xff;
	apic_self(0x61);
	apic_self(0x51);
	apic_window();
	apic_window();
	CHECK_EQ(seen, 0);
	CHECK_EQ(apic_log[0].order[0], 0x61);
	CHECK_EQ(apic_log[0].count[0x51], 1);
	CHECK_GE(apic_log[0].calls, 1);
	apic_end();
}

/* Both ways at once end one interrupt, not two. */
TEST(both, "lazy-eoi-and-call", "an offer that was not taken is withdrawn by an EOI by call",
     "svsm:9:no-eoi")
{
	apic_begin(END_NOT);
	apic_self(0x51);
	apic_window();
	apic_self(0x61);
	apic_window();
	CHECK(apic_in(X_ISR, 0x51) && apic_in(X_ISR, 0x61));
	CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
	CHECK(apic_in(X_ISR, 0x51) && !apic_in(X_ISR, 0x61));
	CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
	CHECK(!apic_in(X_ISR, 0x51));
	apic_end();
}

/* The area is the guest's: what it writes there without having been asked ends nothing. */
TEST(forged, "lazy-eoi-forged", "other values than the answer to an offer mean nothing",
     "svsm:9:no-eoi")
{
	static const uint8_t value[] = {0, 1, 2, 0x80, 0xff};

	apic_begin(END_NOT);
	for (unsigned i = 0; i < ARRAY_LEN(value); i++) {
		test_case("0x%x while nothing is in service", value[i]);
		__atomic_store_n(&percpu()->caa->no_eoi_required, value[i], __ATOMIC_SEQ_CST);
		CHECK_EQ(apic_get(X_PPR), 0);
	}
	for (unsigned i = 1; i < ARRAY_LEN(value); i++) {
		test_case("0x%x while one is", value[i]);
		apic_self(0x51);
		apic_window();
		__atomic_store_n(&percpu()->caa->no_eoi_required, value[i], __ATOMIC_SEQ_CST);
		CHECK(apic_in(X_ISR, 0x51));
		CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
		CHECK(!apic_in(X_ISR, 0x51));
	}
	apic_end();
}

/* The requests of the handler's own calls come between the offer and its answer. */
TEST(moved, "lazy-eoi-remap", "an offer does not outlive a change of the calling area",
     "svsm:9:no-eoi svsm:6.1:remap")
{
	struct svsm_caa *area = percpu()->caa;

	apic_begin(END_NOT);
	apic_self(0x51);
	apic_window();
	CHECK_EQ(svsm(SVSM_CALL(0, SVSM_CORE_REMAP_CA), (uint64_t)area, 0, 0, 0), SVSM_SUCCESS);
	CHECK(apic_in(X_ISR, 0x51));
	CHECK_EQ(apic_put(X_EOI, 0), SVSM_SUCCESS);
	CHECK(!apic_in(X_ISR, 0x51));
	apic_end();
}
