/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * KVM's paravirtual EOI (Linux, Documentation/virt/kvm/x86/msr.rst, MSR_KVM_EOI_EN, and cpuid.rst):
 * the guest shares a byte, and where bit 0 is set in it while an interrupt is handled, clearing the
 * bit is the EOI.
 */
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/mem_vmpl0.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/machine/region.h"

#define R              9
#define KVM_FEATURES   0x40000001
#define KVM_PV_EOI     BIT(6)
#define MSR_KVM_PV_EOI 0x4b564d04
#define SHARED         MEM_PAGE(R, 1)
#define PRIVATE        MEM_PAGE(R, 2)
#define AT             4 /* in it: neither the first of its page nor alone in its eight */
#define BYTE           (SHARED + AT)
#define NOWHERE        (1ull << 46)
#define VEC_LOW        0x41
#define VEC_HIGH       0x71
#define ROUNDS         200

static volatile uint8_t *page, *byte;
static volatile uint64_t hits[256], offers, nested_offers;

static bool in_service(uint8_t vector)
{
	return apic_read(APIC_ISR + vector / 32) >> vector % 32 & 1;
}

/* What a driver does: EOI by the byte where it is offered, else by the register. */
static bool eoi(void)
{
	if (*byte & 1) {
		*byte &= (uint8_t)~1u;
		return true;
	}
	apic_write(APIC_EOI, 0);
	return false;
}

static void on_interrupt(struct trap_frame *t)
{
	hits[t->vector]++;
	offers += eoi();
}

static void handlers(trap_handler_fn low, trap_handler_fn high)
{
	trap_handler_set(VEC_LOW, low);
	trap_handler_set(VEC_HIGH, high);
}

static void begin(trap_handler_fn low, trap_handler_fn high)
{
	uint32_t r[4] = {0};

	REQUIRE(ghcb_cpuid(KVM_FEATURES, 0, r));
	REQUIRE(r[0] & KVM_PV_EOI);
	if (!apic_enable())
		test_skip("no x2APIC");
	REQUIRE(region_reset(R));
	REQUIRE_EQ(ghcb_msr_psc(SHARED, GHCB_PSC_SHARED), 0);
	page = paging_shared(SHARED);
	byte = page + AT;
	page[AT - 1] = page[AT + 1] = 0x5a;
	*byte = 0;
	hits[VEC_LOW] = hits[VEC_HIGH] = offers = nested_offers = 0;
	handlers(low, high);
	REQUIRE(ghcb_wrmsr(MSR_KVM_PV_EOI, BYTE | 1));
}

static void end(void)
{
	CHECK_EQ(page[AT - 1], 0x5a);
	CHECK_EQ(page[AT + 1], 0x5a);
	CHECK(ghcb_wrmsr(MSR_KVM_PV_EOI, 0));
	handlers(NULL, NULL);
	apic_disable();
	CHECK(region_reset(R));
}

static void send_self(uint8_t vector)
{
	apic_write(APIC_SELF_IPI, vector);
}

static void window(void)
{
	sti();
	__asm__ volatile("nop; nop");
	cli();
}

/* kvm_lapic_set_pv_eoi(): the address is aligned to 4 bytes and, when enabled, memory. */
TEST(pv_eoi_msr, "pv-eoi-msr", "the MSR keeps what is valid; reserved bit 1 and no memory are #GP",
     "keelson:pv-eoi:msr")
{
	uint64_t v = 0;

	begin(NULL, NULL);
	CHECK(ghcb_rdmsr(MSR_KVM_PV_EOI, &v));
	CHECK_EQ(v, BYTE | 1);
	CHECK(!ghcb_wrmsr(MSR_KVM_PV_EOI, BYTE | 3));
	CHECK(!ghcb_wrmsr(MSR_KVM_PV_EOI, BYTE | 2));
	CHECK(!ghcb_wrmsr(MSR_KVM_PV_EOI, NOWHERE | 1));
	CHECK(ghcb_rdmsr(MSR_KVM_PV_EOI, &v));
	CHECK_EQ(v, BYTE | 1);
	CHECK(ghcb_wrmsr(MSR_KVM_PV_EOI, NOWHERE));
	CHECK(ghcb_rdmsr(MSR_KVM_PV_EOI, &v));
	CHECK_EQ(v, NOWHERE);
	end();
}

TEST(pv_eoi_offered, "pv-eoi", "an edge interrupt that is alone is ended by the byte",
     "keelson:pv-eoi:offered")
{
	begin(on_interrupt, on_interrupt);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		send_self(i & 1 ? VEC_LOW : VEC_HIGH);
		window();
		CHECK_EQ(hits[VEC_LOW] + hits[VEC_HIGH], i);
		CHECK(!in_service(i & 1 ? VEC_LOW : VEC_HIGH));
		CHECK_EQ(*byte, 0);
	}
	CHECK_EQ(offers, ROUNDS);
	end();
}

/* No offer may be seen while another vector waits that the EOI would let through. */
TEST(pv_eoi_waiting, "pv-eoi-waiting", "no offer while another interrupt waits, and none is lost",
     "keelson:pv-eoi:refused")
{
	begin(on_interrupt, on_interrupt);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		offers = 0;
		send_self(VEC_LOW);
		send_self(VEC_HIGH);
		window();
		CHECK_EQ(hits[VEC_HIGH], i);
		CHECK_EQ(hits[VEC_LOW], i);
		CHECK_EQ(offers, 1); /* of the lower one, which came alone */
	}
	end();
}

static void on_outer(struct trap_frame *t)
{
	hits[t->vector]++;
	send_self(VEC_HIGH);
	window();
	offers += eoi();
}

static void on_nested(struct trap_frame *t)
{
	hits[t->vector]++;
	nested_offers += eoi();
}

TEST(pv_eoi_nested, "pv-eoi-nested", "no offer to one that interrupts another; both are ended once",
     "keelson:pv-eoi:refused keelson:pv-eoi:offered")
{
	begin(on_outer, on_nested);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		send_self(VEC_LOW);
		window();
		CHECK_EQ(hits[VEC_LOW], i);
		CHECK_EQ(hits[VEC_HIGH], i);
		CHECK(!in_service(VEC_LOW));
		CHECK(!in_service(VEC_HIGH));
	}
	CHECK_EQ(nested_offers, 0);
	end();
}

static volatile uint64_t served;

/* The exits in between take the offer back, or find it still there. */
static void on_register(struct trap_frame *t)
{
	hits[t->vector]++;
	served += in_service((uint8_t)t->vector);
	apic_write(APIC_EOI, 0);
	served += in_service((uint8_t)t->vector);
}

TEST(pv_eoi_register, "pv-eoi-register", "an EOI by the register counts once, offer or not",
     "keelson:pv-eoi:taken-back")
{
	begin(on_register, on_interrupt);
	served = 0;
	for (unsigned i = 1; i <= ROUNDS; i++) {
		send_self(VEC_LOW);
		window();
		CHECK_EQ(hits[VEC_LOW], i);
		CHECK_EQ(served, i);
		CHECK_EQ(*byte, 0);
	}
	end();
}

TEST(pv_eoi_private, "pv-eoi-private", "a byte that is private is never written",
     "keelson:pv-eoi:private")
{
	volatile uint8_t *p = (volatile uint8_t *)PRIVATE;

	begin(on_register, on_register);
	REQUIRE(region_validate(R, 2, 1));
	*p = 0x5a;
	served = 0;
	CHECK(ghcb_wrmsr(MSR_KVM_PV_EOI, PRIVATE | 1));
	send_self(VEC_LOW);
	window();
	CHECK_EQ(hits[VEC_LOW], 1);
	CHECK_EQ(served, 1);
	CHECK_EQ(*p, 0x5a);
	end();
}

TEST(pv_eoi_reset, "pv-eoi-reset", "an APIC that is disabled and on again offers nothing",
     "keelson:pv-eoi:reset")
{
	uint64_t v = ~0ull;

	begin(on_interrupt, on_interrupt);
	apic_disable();
	CHECK(ghcb_rdmsr(MSR_KVM_PV_EOI, &v));
	CHECK_EQ(v, 0);
	CHECK(apic_enable());
	send_self(VEC_LOW);
	window();
	CHECK_EQ(hits[VEC_LOW], 1);
	CHECK_EQ(offers, 0);
	end();
}
