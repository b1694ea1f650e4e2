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
 * sources: svsm/apic/guest_apic.c svsm/apic/guest_apic_count.c svsm/apic/guest_apic_regs.c
 * sources: svsm/apic/guest_apic_run.c svsm/apic/guest_apic_send.c svsm/apic/guest_apic_take.c
 * sources: svsm/lib/vapic/apic_state.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake.h"
#include "tests/native/gs.h"
#include "abi/doorbell.h"
#include "abi/launch.h"
#include "apic/guest_apic_state.h"
#include "base/assert.h"
#include "cpu/timer.h"
#include "cpu/trap/hv.h"
#include "cpu/vectors.h"
#include "platform/inject.h"
#include "platform/snp/doorbell.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

#define X(reg) (0x800u + (reg))
#define VALID  BIT(31)
#define NMI    (VALID | 2u << 8 | 2)

/* ---- the machine ---- */

struct launch_info launch_info;
static struct guest_apic second; /* of CPU 1: area leads there */
static struct hv_doorbell page;
static struct ghcb ghcb;
static uint64_t own_features, offered;
static struct {
	uint64_t code, info1;
} asked[32];
static unsigned asks, eois;
static bool refuses, no_page;
static jmp_buf over;
static struct platform_ops mine;

struct hv_doorbell *doorbell_page(void)
{
	return no_page ? NULL : &page;
}

bool doorbell_there(void)
{
	return !no_page;
}

uint64_t snp_sev_features(void)
{
	return own_features;
}

bool snp_offers(uint64_t feature)
{
	return offered & feature;
}

struct ghcb *ghcb_begin(void)
{
	return &ghcb;
}

void ghcb_end(struct ghcb *g)
{
	CHECK(g == &ghcb);
}

enum platform_result ghcb_call(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2)
{
	CHECK(g == &ghcb);
	CHECK_EQ(info2, 0);
	if (asks < ARRAY_LEN(asked)) {
		asked[asks].code = exit_code;
		asked[asks].info1 = info1;
	}
	asks++;
	return refuses ? PLATFORM_REFUSED : PLATFORM_OK;
}

uint8_t hv_take_before_run(void)
{
	uint8_t v = page.vector;

	page.vector = 0;
	return v;
}

void timer_expired(void)
{
	eois++;
}

void panic(const char *fmt, ...)
{
	(void)fmt;
	longjmp(over, 1);
}

/* ---- the guest ---- */

static struct vmsa *vmsa(unsigned cpu)
{
	return fake_mem(VMSA(cpu));
}

static uint8_t *no_eoi(unsigned cpu)
{
	return (uint8_t *)fake_mem(fake_cpus[cpu].guest.caa.v) + 2;
}

static void become(unsigned cpu)
{
	gs_become(&fake_cpus[cpu]);
}

/* Two vCPUs with emulation, which have come back once without a call. */
static void begin(void)
{
	static const struct guest_apic none;

	fake_setup();
	mine = *platform;
	mine.inject = &snp_inject_ops;
	platform = &mine;
	own_features = SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ;
	offered = ~0ull;
	refuses = no_page = false;
	launch_info.flags = LAUNCH_FLAG_ALT_INJ;
	memset(&page, 0, sizeof(page));
	guest_apic = second = none;
	asks = eois = 0;
	for (unsigned i = 0; i < CPUS; i++) {
		become(i);
		*no_eoi(i) = 0;
		fake_cpus[i].area = i ? (intptr_t)&second - (intptr_t)&guest_apic : 0;
		vmsa(i)->sev_features = FEATURES | SEV_FEAT_ALTERNATE_INJ;
		vmsa(i)->guest_exit_code = 0x60;
		CHECK(guest_apic_init_cpu());
		CHECK(!svsm_request(&fake_cpus[i]));
	}
	vmsa_registry_set_startup(gpa(VMSA(0)), FEATURES | SEV_FEAT_ALTERNATE_INJ);
	become(0);
	asks = 0;
}

/* The guest is back, for a reason of the host's. */
static void again(unsigned cpu)
{
	become(cpu);
	vmsa(cpu)->guest_exit_code = 0x60;
	CHECK(!svsm_request(&fake_cpus[cpu]));
	CHECK(vmsa(cpu)->vintr_ctrl & VINTR_GIF);
	CHECK(!(vmsa(cpu)->vintr_ctrl & VINTR_BUSY));
}

static uint64_t call(unsigned cpu, uint32_t number, uint64_t rcx, uint64_t rdx)
{
	become(cpu);
	return fake_raw_call(cpu, SVSM_CALL(SVSM_PROTO_APIC, number), rcx, rdx, 0);
}

static uint64_t get(unsigned cpu, unsigned reg)
{
	CHECK_EQ(call(cpu, SVSM_APIC_READ_REGISTER, X(reg), 0), SVSM_SUCCESS);
	return vmsa(cpu)->rdx;
}

static void put(unsigned cpu, unsigned reg, uint64_t value)
{
	CHECK_EQ(call(cpu, SVSM_APIC_WRITE_REGISTER, X(reg), value), SVSM_SUCCESS);
}

/* The vector that the VMSA presents; 0: none. */
static unsigned presented(unsigned cpu)
{
	uint64_t v = vmsa(cpu)->vintr_ctrl;

	if (!(v & VINTR_IRQ))
		return 0;
	CHECK_EQ((v & VINTR_PRIO_MASK) >> 16, (v >> 32 & 0xff) >> 4);
	CHECK(!(v & VINTR_IGN_TPR));
	return v >> 32 & 0xff;
}

static void take(unsigned cpu, unsigned vector)
{
	CHECK_EQ(presented(cpu), vector);
	vmsa(cpu)->vintr_ctrl &= ~VINTR_IRQ;
}

static bool in_service(unsigned cpu, unsigned vector)
{
	return get(cpu, APIC_ISR + vector / 32) >> vector % 32 & 1;
}

static void host(uint32_t status)
{
	page.vmpl[VMPL_GUEST - 1].status = status;
	page.per_vmpl_events |= 1 << (VMPL_GUEST - 1);
}

static void allow_all(void)
{
	CHECK_EQ(call(0, SVSM_APIC_CONFIGURE_VECTOR, SVSM_APIC_VECTOR_ALL | SVSM_APIC_VECTOR_ENABLE,
		      0),
		 SVSM_SUCCESS);
}

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
TEST(hand_over_that_the_host_refuses)
{
	begin();
	put(0, APIC_SELF_IPI, 0x51);
	refuses = true;
	CHECK_EQ(call(0, SVSM_APIC_CONFIGURE, SVSM_APIC_QUERY, 0), SVSM_SUCCESS);
	CHECK(vmsa(0)->sev_features & SEV_FEAT_ALTERNATE_INJ);
	CHECK_EQ(call(0, SVSM_APIC_QUERY_FEATURES, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(presented(0), 0x51);
	refuses = false;
	CHECK_EQ(call(0, SVSM_APIC_CONFIGURE, SVSM_APIC_DEREGISTER, 0), SVSM_SUCCESS);
	CHECK_EQ(call(0, SVSM_APIC_QUERY_FEATURES, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
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
