/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The guest's APIC at VMPL0 (docs/apic.md) and the world around it: what a host may write into the
 * doorbell page, IPIs between vCPUs, the hand-over to the host, and the start.
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

/* ---- the host ---- */

TEST(host_vectors_need_leave)
{
	begin();
	for (unsigned v = 0; v < 256; v++) {
		host(v);
		again(0);
		CHECK_EQ(presented(0), 0);
	}
	allow_all();
	for (unsigned v = 0; v < 256; v++) {
		check_context("vector %u", v);
		host(v);
		again(0);
		CHECK_EQ(presented(0), v >= 31 ? v : 0);
		if (v < 31)
			continue;
		take(0, v);
		put(0, APIC_EOI, 0);
	}
}

/* Leave for an exception's number makes no exception. */
TEST(host_vectors_below_16_never_come)
{
	begin();
	for (unsigned v = 0; v < 31; v++)
		call(0, SVSM_APIC_CONFIGURE_VECTOR, SVSM_APIC_VECTOR_ENABLE | v, 0);
	for (unsigned v = 0; v < 31; v++) {
		host(v);
		again(0);
		CHECK_EQ(presented(0), v >= 16 ? v : 0);
		if (v >= 16) {
			take(0, v);
			put(0, APIC_EOI, 0);
		}
		host(DOORBELL_VMPL_LEVEL | v);
		again(0);
		CHECK_EQ(presented(0), v >= 16 ? v : 0);
		if (v >= 16) {
			take(0, v);
			put(0, APIC_EOI, 0);
		}
	}
	CHECK_EQ(vmsa(0)->event_inj, 0);
}

TEST(host_vectors_many_at_once)
{
	static const unsigned want[] = {0xff, 0x77, 0x45, 0x20, 31};

	begin();
	allow_all();
	page.vmpl[1].irr[0] = BIT(0);
	page.vmpl[1].irr[1] = BIT(5);
	page.vmpl[1].irr[6] = BIT(31);
	host(DOORBELL_VMPL_MANY | DOORBELL_VMPL_31 | 0x77);
	again(0);
	for (unsigned i = 0; i < ARRAY_LEN(want); i++) {
		take(0, want[i]);
		put(0, APIC_EOI, 0);
	}
	CHECK_EQ(presented(0), 0);
	CHECK_EQ(page.vmpl[1].irr[6], 0);
}

/* irr[] without MANY, other VMPLs' parts, and all bits at once. */
TEST(host_writes_anything)
{
	begin();
	page.vmpl[1].irr[1] = ~0u;
	host(0);
	again(0);
	memset(&page, 0xff, sizeof(page));
	again(0);
	CHECK_EQ(presented(0), 0);
	CHECK_EQ(vmsa(0)->event_inj, 0);
	allow_all();
	for (unsigned round = 0; round < 300; round++) {
		memset(&page, 0xff, sizeof(page));
		again(0);
		CHECK_EQ(presented(0), 0xff);
		take(0, 0xff);
		put(0, APIC_EOI, 0);
		page.per_vmpl_events = 0;
	}
}

TEST(level_triggered_one_ends_at_the_host_once)
{
	begin();
	allow_all();
	host(DOORBELL_VMPL_LEVEL | 0x55);
	again(0);
	take(0, 0x55);
	CHECK_EQ(*no_eoi(0), 0); /* the host waits for the EOI */
	CHECK(get(0, APIC_TMR + 2) >> 0x15 & 1);
	asks = 0;
	put(0, APIC_EOI, 0);
	CHECK_EQ(asks, 1);
	CHECK_EQ(asked[0].code, GHCB_EXIT_SPECIFIC_EOI);
	CHECK_EQ(asked[0].info1, 2u << 16 | 0x55);
	put(0, APIC_EOI, 0);
	again(0);
	CHECK_EQ(asks, 1);
}

/* The host raises it once, so what came too early must not be lost; nor may it come too early. */
TEST(level_triggered_one_waits_for_leave)
{
	begin();
	host(DOORBELL_VMPL_LEVEL | 0x55);
	again(0);
	CHECK_EQ(presented(0), 0);
	CHECK_EQ(asks, 0);
	CHECK_EQ(call(0, SVSM_APIC_CONFIGURE_VECTOR, SVSM_APIC_VECTOR_ENABLE | 0x55, 0),
		 SVSM_SUCCESS);
	take(0, 0x55);
	again(0);
	CHECK_EQ(presented(0), 0);
	CHECK(in_service(0, 0x55));
}

TEST(host_nmi_needs_leave)
{
	begin();
	allow_all();
	host(DOORBELL_VMPL_NMI);
	again(0);
	CHECK_EQ(vmsa(0)->event_inj, 0);
	call(0, SVSM_APIC_CONFIGURE_VECTOR, SVSM_APIC_VECTOR_ENABLE | 2, 0);
	host(DOORBELL_VMPL_NMI);
	again(0);
	CHECK_EQ(vmsa(0)->event_inj, NMI);
}

TEST(own_vectors_are_ended)
{
	begin();
	page.vector = NOTIFY_VECTOR;
	again(0);
	CHECK_EQ(eois, 1);
	again(0);
	CHECK_EQ(eois, 1);
}

/* ---- IPIs ---- */

TEST(ipi_tells_the_host_once_until_it_was_looked_at)
{
	begin();
	put(0, APIC_ICR, 2ull << 32 | 0x51); /* CPU 1 has APIC ID 2 */
	put(0, APIC_ICR, 2ull << 32 | 0x52);
	CHECK_EQ(asks, 1);
	CHECK_EQ(asked[0].code, GHCB_EXIT_HV_IPI);
	CHECK_EQ(asked[0].info1, 2ull << 32 | NOTIFY_VECTOR);
	again(1);
	take(1, 0x52);
	put(1, APIC_EOI, 0);
	take(1, 0x51);
	put(1, APIC_EOI, 0);
	CHECK_EQ(presented(1), 0);
	put(0, APIC_ICR, 2ull << 32 | 0x51);
	CHECK_EQ(asks, 2);
}

/* COCONUT-SVSM sends it as a vector when the destination is physical. */
TEST(nmi_ipi_by_physical_destination_is_an_nmi)
{
	begin();
	put(0, APIC_ICR, 2ull << 32 | 4u << 8 | 0x51);
	again(1);
	CHECK_EQ(vmsa(1)->event_inj, NMI);
	CHECK_EQ(presented(1), 0);
}

TEST(ipi_that_the_host_swallows_comes_with_the_next_exit)
{
	begin();
	refuses = true;
	put(0, APIC_ICR, 2ull << 32 | 0x51);
	again(1);
	CHECK_EQ(presented(1), 0x51);
}

/* The page in which the host tells is shared: a vCPU of the guest may have wiped it out. */
TEST(ipi_of_which_the_cpu_was_not_told_is_told_again)
{
	begin();
	put(0, APIC_ICR, 2ull << 32 | 0x51);
	clock_ns += 9000000;
	put(0, APIC_ICR, 2ull << 32 | 0x51);
	CHECK_EQ(asks, 1);
	clock_ns += 2000000;
	put(0, APIC_ICR, 2ull << 32 | 0x51);
	CHECK_EQ(asks, 2);
	put(0, APIC_ICR, 2ull << 32 | 0x51);
	CHECK_EQ(asks, 2);
	again(1);
	take(1, 0x51);
	put(1, APIC_EOI, 0);
	CHECK_EQ(presented(1), 0);
}

/* CPU 1 is about to begin with a new VMSA: its APIC's fields are half set. */
TEST(ipi_to_a_vcpu_whose_apic_is_being_reset)
{
	begin();
	memset(&second.a, 0, sizeof(second.a));
	put(0, APIC_ICR, 2ull << 32 | 0x51);
	CHECK(second.sent);
	put(0, APIC_ICR, 4ull << 32 | 1u << 11 | 0x52); /* cluster 0, bit 2 */
	CHECK_EQ(second.sent_irr[2], BIT(0x51 - 64) | BIT(0x52 - 64));
	put(0, APIC_ICR, 3ull << 32 | 0x53);
	CHECK_EQ(second.sent_irr[2], BIT(0x51 - 64) | BIT(0x52 - 64));
}

TEST(ipi_to_a_vcpu_without_a_guest)
{
	begin();
	fake_cpus[1].guest.vmsa = GPA_NONE;
	put(0, APIC_ICR, 2ull << 32 | 0x51);
	CHECK_EQ(asks, 0);
	CHECK(!second.sent);
}

/* ---- hand-over ---- */

static unsigned status_bits(void)
{
	return page.vmpl[1].status & ~DOORBELL_VMPL_VECTOR;
}

TEST(hand_over_has_all_of_it)
{
	begin();
	allow_all();
	put(0, APIC_TPR, 0x20);
	put(0, APIC_SELF_IPI, 0x51);
	take(0, 0x51);
	put(0, APIC_SELF_IPI, 0x41);
	put(0, APIC_SELF_IPI, 0x6a);
	put(0, APIC_SELF_IPI, 31);
	become(1);
	put(1, APIC_ICR, 1ull << 32 | 0x71);
	page.vmpl[1].status = 0x99; /* the host's, and nobody has taken it */
	asks = 0;
	vmsa(0)->rflags = RFLAGS_IF | RFLAGS_R1;
	CHECK_EQ(call(0, SVSM_APIC_CONFIGURE, SVSM_APIC_DEREGISTER, 0), SVSM_SUCCESS);
	CHECK_EQ(asks, 1);
	CHECK_EQ(asked[0].code, GHCB_EXIT_DISABLE_ALT_INJ);
	CHECK_EQ(asked[0].info1, 2u << 16 | 0x20u << 8 | GHCB_ALT_INJ_IF);
	CHECK_EQ(vmsa(0)->sev_features, FEATURES);
	CHECK_EQ(status_bits(), DOORBELL_VMPL_MANY | DOORBELL_VMPL_31);
	CHECK_EQ(page.vmpl[1].irr[1], BIT(1));
	CHECK_EQ(page.vmpl[1].irr[2], BIT(0x6a - 96) | BIT(0x71 - 96));
	CHECK_EQ(page.vmpl[1].irr[3], BIT(0x99 - 128));
	CHECK_EQ(page.vmpl[1].isr[2], BIT(0x51 - 64));
	CHECK_EQ(*no_eoi(0), 0);
	CHECK_EQ(call(0, SVSM_APIC_QUERY_FEATURES, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
	CHECK_EQ(vmsa_registry_features(), FEATURES);
	/* the other vCPU goes over by itself */
	CHECK_EQ(call(1, SVSM_APIC_QUERY_FEATURES, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(call(1, SVSM_APIC_CONFIGURE, SVSM_APIC_REGISTER, 0),
		 SVSM_ERR_APIC_CANNOT_REGISTER);
	CHECK_EQ(call(1, SVSM_APIC_CONFIGURE, SVSM_APIC_QUERY, 0), SVSM_SUCCESS);
	CHECK_EQ(call(1, SVSM_APIC_QUERY_FEATURES, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
}

/* The count stays at 0 after that test, so these come behind it. */
TEST(hand_over_that_the_host_refuses_keeps_what_the_host_had)
{
	begin();
	allow_all();
	put(0, APIC_SELF_IPI, 0x51);
	put(0, APIC_SELF_IPI, 31);
	put(0, APIC_ICR, 4u << 8 | 1u << 18);
	refuses = true;
	page.vmpl[1].status = 0x99;
	CHECK_EQ(call(0, SVSM_APIC_CONFIGURE, SVSM_APIC_QUERY, 0), SVSM_SUCCESS);
	CHECK_EQ(page.vmpl[1].status & (DOORBELL_VMPL_31 | DOORBELL_VMPL_NMI), 0);
	CHECK_EQ(vmsa(0)->event_inj, NMI);
	host(page.vmpl[1].status);
	again(0);
	take(0, 0x99);
	put(0, APIC_EOI, 0);
	take(0, 0x51);
	put(0, APIC_EOI, 0);
	take(0, 31);
	put(0, APIC_EOI, 0);
	CHECK_EQ(presented(0), 0);
}

TEST(hand_over_that_the_host_refuses)
{
	begin();
	allow_all();
	put(0, APIC_SELF_IPI, 0x51);
	refuses = true;
	CHECK_EQ(call(0, SVSM_APIC_CONFIGURE, SVSM_APIC_QUERY, 0), SVSM_SUCCESS);
	CHECK(vmsa(0)->sev_features & SEV_FEAT_ALTERNATE_INJ);
	CHECK_EQ(call(0, SVSM_APIC_QUERY_FEATURES, 0, 0), SVSM_SUCCESS);
	take(0, 0x51);
	put(0, APIC_EOI, 0);
	host(page.vmpl[1].status); /* what was in the page for the hand-over comes to nothing */
	again(0);
	CHECK_EQ(presented(0), 0);
	CHECK(!(vmsa(0)->event_inj & VALID));
	refuses = false;
	CHECK_EQ(call(0, SVSM_APIC_CONFIGURE, SVSM_APIC_DEREGISTER, 0), SVSM_SUCCESS);
	CHECK_EQ(call(0, SVSM_APIC_QUERY_FEATURES, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
}

/* CREATE_VCPU after the end of emulation. A host knows of no alternate injection there, so there is
 * nothing that it could be asked to end. */
TEST(vcpu_that_was_made_without)
{
	begin();
	vmsa(1)->sev_features = FEATURES;
	second.serial = 0;
	refuses = true;
	asks = 0;
	again(1);
	CHECK_EQ(asks, 0);
	CHECK_EQ(vmsa(1)->sev_features, FEATURES);
	CHECK_EQ(call(1, SVSM_APIC_QUERY_FEATURES, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
}

TEST(ipi_to_a_vcpu_that_was_handed_over)
{
	begin();
	CHECK_EQ(call(1, SVSM_APIC_CONFIGURE, SVSM_APIC_QUERY, 0), SVSM_SUCCESS);
	asks = 0;
	put(0, APIC_ICR, 2ull << 32 | 0x51);
	CHECK_EQ(asks, 0);
	CHECK(!second.sent);
}

/* ---- the start ---- */

TEST(promised_or_not_started)
{
	begin();
	CHECK(!snp_inject_ops.objection());
	offered = ~GHCB_HV_FEAT_EXT_INTERRUPTS;
	CHECK(snp_inject_ops.objection());
	offered = ~0ull;
	own_features = SEV_FEAT_SNP_ACTIVE;
	CHECK(snp_inject_ops.objection());
	if (!setjmp(over)) {
		guest_apic_init();
		CHECK(!"it must not go on");
	}
	launch_info.flags = 0;
	if (!setjmp(over))
		guest_apic_init();
	else
		CHECK(!"nobody asked for it");
	launch_info.flags = LAUNCH_FLAG_ALT_INJ;
	refuses = true;
	fake_cpus[0].guest.apic = false;
	become(0);
	CHECK(!guest_apic_init_cpu());
	CHECK(!fake_cpus[0].guest.apic);
}
