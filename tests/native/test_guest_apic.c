/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The guest's APIC at VMPL0 (docs/apic.md) with a processor, a host and a guest of fakes: what a
 * VMSA with alternate injection holds before and after runs (APM vol. 2, 15.20, 15.21, 15.36.16),
 * what a host may write into the doorbell page, and what the guest may write into its calling area.
 * Faults of other SVSMs that were met in public have a test by their name.
 *
 * sources: tests/native/fake.c svsm/mm/pagestate.c svsm/task/vmsa_registry.c
 * sources: svsm/platform/snp/vcpu_state.c svsm/task/vmsa_flush.c svsm/platform/snp/inject_state.c
 * sources: svsm/platform/snp/inject.c svsm/mm/guestpage.c svsm/protocols/dispatch.c
 * sources: svsm/protocols/buffer.c svsm/protocols/core.c svsm/protocols/mem_available.c
 * sources: svsm/protocols/core_memory.c svsm/protocols/core_vcpu.c svsm/protocols/apic.c
 * sources: svsm/apic/guest_apic_start.c svsm/apic/guest_apic_count.c svsm/apic/guest_apic_regs.c
 * sources: svsm/apic/guest_apic_run.c svsm/apic/guest_apic_send.c svsm/apic/guest_apic_take.c
 * sources: svsm/lib/vapic/apic_state.c
 */
#include "tests/native/fake_guest_apic.h"

/* ---- delivery ---- */

TEST(a_vector_that_was_not_taken_is_presented_again_and_once)
{
	begin();
	put(0, APIC_SELF_IPI, 0x51);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(presented(0), 0x51);
		again(0);
	}
	CHECK(!in_service(0, 0x51));
	take(0, 0x51);
	CHECK(in_service(0, 0x51));
	CHECK_EQ(presented(0), 0);
	put(0, APIC_EOI, 0);
	CHECK(!in_service(0, 0x51));
	CHECK_EQ(presented(0), 0);
}

/* COCONUT-SVSM, pull request 881 */
TEST(interrupt_whose_delivery_an_exit_cut_short_is_not_lost)
{
	begin();
	put(0, APIC_SELF_IPI, 0x51);
	take(0, 0x51);
	vmsa(0)->guest_exit_int_info = VALID | 0x51;
	vmsa(0)->vintr_ctrl |= VINTR_BUSY;
	again(0);
	take(0, 0x51);
	again(0);
	CHECK_EQ(presented(0), 0);
	CHECK_EQ(vmsa(0)->event_inj & VALID, 0);
	CHECK(in_service(0, 0x51));
}

TEST(exception_that_an_exit_cut_short_happens_once_more_and_first)
{
	const uint64_t gp = VALID | BIT(11) | 3u << 8 | 13 | 0x18ull << 32;

	begin();
	vmsa(0)->guest_exit_int_info = gp;
	vmsa(0)->vintr_ctrl |= VINTR_BUSY;
	put(0, APIC_ICR, 4u << 8 | 1u << 18); /* an NMI to itself */
	CHECK_EQ(vmsa(0)->event_inj, gp);
	CHECK_EQ(vmsa(0)->guest_exit_int_info, 0);
	again(0); /* refused: it has not run */
	CHECK_EQ(vmsa(0)->event_inj, gp);
	vmsa(0)->event_inj = 0; /* it has happened */
	again(0);
	CHECK_EQ(vmsa(0)->event_inj, NMI);
	vmsa(0)->event_inj = 0;
	again(0);
	CHECK_EQ(vmsa(0)->event_inj, 0);
}

/* COCONUT-SVSM, pull request 1064 */
TEST(vgif_is_set_before_each_run)
{
	begin();
	for (unsigned i = 0; i < CPUS; i++)
		CHECK(vmsa(i)->vintr_ctrl & VINTR_GIF);
	vmsa(0)->vintr_ctrl = 0;
	again(0);
}

TEST(nmi_that_was_not_taken_is_injected_again)
{
	begin();
	put(0, APIC_ICR, 4u << 8 | 1u << 18);
	CHECK_EQ(vmsa(0)->event_inj, NMI);
	again(0);
	CHECK_EQ(vmsa(0)->event_inj, NMI);
	vmsa(0)->event_inj = 0;
	vmsa(0)->guest_exit_int_info = NMI; /* taken, and cut short */
	again(0);
	CHECK_EQ(vmsa(0)->event_inj, NMI);
	vmsa(0)->event_inj = 0;
	again(0);
	CHECK_EQ(vmsa(0)->event_inj, 0);
}

TEST(a_higher_vector_goes_before_one_that_waits)
{
	begin();
	put(0, APIC_TPR, 0xf0);
	put(0, APIC_SELF_IPI, 0x51);
	CHECK_EQ(presented(0), 0x51); /* the processor compares with V_TPR */
	CHECK_EQ(vmsa(0)->vintr_ctrl & 0xf, 0xf);
	put(0, APIC_SELF_IPI, 0x61);
	take(0, 0x61);
	again(0);
	CHECK_EQ(presented(0), 0); /* 0x51 is below what is in service */
	put(0, APIC_EOI, 0);
	CHECK_EQ(presented(0), 0x51);
}

TEST(shadow_is_kept)
{
	begin();
	vmsa(0)->vintr_ctrl |= VINTR_SHADOW;
	again(0);
	CHECK(vmsa(0)->vintr_ctrl & VINTR_SHADOW);
}

/* ---- no_eoi_required ---- */

/* A vCPU's new VMSA may have the calling area of the one before, and that one's offer in it. The
 * new one has nothing in service, so it must not find an offer that nobody would honour. */
TEST(offer_to_the_vcpu_before_is_none_to_the_new_one)
{
	begin();
	guest_apic.serial = 0;
	*no_eoi(0) = 1;
	again(0);
	CHECK_EQ(*no_eoi(0), 0);
}

TEST(eoi_by_memory)
{
	begin();
	put(0, APIC_SELF_IPI, 0x51);
	CHECK_EQ(*no_eoi(0), 1);
	take(0, 0x51);
	*no_eoi(0) = 0;
	again(0);
	CHECK_EQ(*no_eoi(0), 0);
	CHECK(!in_service(0, 0x51));
}

TEST(eoi_by_memory_ends_nothing_that_was_not_taken)
{
	begin();
	put(0, APIC_SELF_IPI, 0x51);
	*no_eoi(0) = 0;
	again(0);
	CHECK_EQ(presented(0), 0x51);
	CHECK_EQ(*no_eoi(0), 1);
}

TEST(eoi_by_memory_with_any_value)
{
	for (unsigned value = 1; value < 256; value++) {
		begin();
		put(0, APIC_SELF_IPI, 0x51);
		take(0, 0x51);
		*no_eoi(0) = (uint8_t)value;
		CHECK(in_service(0, 0x51));
		put(0, APIC_EOI, 0);
		*no_eoi(0) = (uint8_t)value;
		again(0);
		*no_eoi(0) = 0;
		again(0);
		CHECK(!in_service(0, 0x51));
	}
}

TEST(eoi_by_memory_is_not_offered_where_somebody_waits)
{
	begin();
	put(0, APIC_SELF_IPI, 0x51);
	take(0, 0x51);
	put(0, APIC_SELF_IPI, 0x41);
	CHECK_EQ(*no_eoi(0), 0);
	put(0, APIC_EOI, 0);
	CHECK_EQ(presented(0), 0x41);
	CHECK_EQ(*no_eoi(0), 1);
	take(0, 0x41);
	put(0, APIC_SELF_IPI, 0x61);
	CHECK_EQ(*no_eoi(0), 0); /* two in service: whose EOI would it be? */
}

TEST(calling_area_moves_with_an_offer)
{
	begin();
	put(0, APIC_SELF_IPI, 0x51);
	take(0, 0x51);
	*no_eoi(0) = 0;
	become(0);
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, AT(480), 0, 0), SVSM_SUCCESS);
	CHECK_EQ(*no_eoi(0), 0);
	CHECK(!in_service(0, 0x51));
	put(0, APIC_SELF_IPI, 0x51);
	take(0, 0x51);
	become(0);
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, CAA(0), 0, 0), SVSM_SUCCESS);
	CHECK_EQ(((uint8_t *)fake_mem(AT(480)))[2], 0);
	CHECK_EQ(*no_eoi(0), 1);
	CHECK(in_service(0, 0x51));
}
