/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * WRMSR of the GHCB's MSR, VMGEXIT and RDMSR behind one another: each is an instruction of its own,
 * with what may come between two of them, however the machine carries them out (GHCB, MSR Protocol;
 * APM vol. 2, 8.2.2 and 13.1.4 for the trap, 8.5 for the interrupt).
 */
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/machine/region.h"
#include "lib/string.h"

#define R       15
#define FIRST   MEM_PAGE(R, 1)
#define SECOND  MEM_PAGE(R, 2)
#define BORDER  (PAGING_WINDOW + PAGE_SIZE)
#define VEC     0x52
#define REQUEST GHCB_MSR_SEV_INFO_REQ

/* The offsets of the three instructions, and of the RET behind them. */
enum {
	AT_WRMSR = 0,
	AT_VMGEXIT = 2,
	AT_RDMSR = 6,
	AT_RET = 8
};
static const uint8_t code[] = {0x0f, 0x30, 0xf3, 0x0f, 0x01, 0xd9, 0x0f, 0x32, 0xc3};

static uint64_t call(uint64_t at)
{
	uint32_t low = REQUEST, high = 0;

	__asm__ volatile("call *%[at]"
			 : "+a"(low), "+d"(high)
			 : [at] "r"(at), "c"(MSR_GHCB)
			 : "memory", "cc");
	return (uint64_t)high << 32 | low;
}

static void write_code(unsigned before)
{
	for (unsigned i = 0; i < sizeof(code); i++) {
		unsigned at = PAGE_SIZE - before + i;

		*(volatile uint8_t *)((at < PAGE_SIZE ? FIRST : SECOND) + (at & PAGE_MASK)) =
			code[i];
	}
}

/* The code, that many bytes of it in the first page, both pages in the window. */
static uint64_t build(unsigned before)
{
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 2));
	write_code(before);
	paging_map(0, FIRST, PAGING_RW | paging_cbit);
	paging_map(1, SECOND, PAGING_RW | paging_cbit);
	return BORDER - before;
}

static void remove(void)
{
	paging_unmap(0);
	paging_unmap(1);
	CHECK(region_reset(R));
}

TEST(fused_border, "fused-border", "GHCB MSR and VMGEXIT across a page border answer as ever",
     "keelson:fused")
{
	uint64_t answer = ghcb_msr(REQUEST);

	for (unsigned before = 1; before <= sizeof(code); before++) {
		uint64_t at = build(before), seen = 0;

		for (unsigned i = 0; i < 3; i++)
			seen += call(at) == answer;
		remove();
		test_case("%u bytes before the border", before);
		CHECK_EQ(seen, 3);
	}
}

static void no_page(void)
{
	paging_unmap(1);
}

static void not_validated(void)
{
	pvalidate(SECOND, RMP_PG_4K, 0, NULL);
}

static void check_fault(unsigned before, void (*spoil)(void), uint8_t vector)
{
	volatile uint64_t at = build(before), msr;
	uint64_t answer = ghcb_msr(REQUEST), rip;
	struct fault f;

	spoil();
	wrmsr(MSR_GHCB, GHCB_MSR_SEV_INFO_RESP);
	if (FAULT_CATCH(&f)) {
		call(at);
		fault_release();
	}
	msr = rdmsr(MSR_GHCB);
	remove();
	rip = before <= AT_VMGEXIT - 1 ? AT_WRMSR
	      : before <= AT_RDMSR - 1 ? AT_VMGEXIT
	      : before <= AT_RET - 1   ? AT_RDMSR
				       : AT_RET;
	test_case("%u bytes before the border, vector %u", before, vector);
	CHECK_EQ(f.vector, vector);
	CHECK_EQ(f.rip, at + rip);
	CHECK_EQ(f.cr2, BORDER);
	CHECK_EQ(msr, rip == AT_WRMSR     ? GHCB_MSR_SEV_INFO_RESP
		      : rip == AT_VMGEXIT ? REQUEST
					  : answer);
}

/* The instruction that cannot be fetched faults, and the ones before it have been executed. */
TEST(fused_fetch, "fused-fetch", "an instruction of them that cannot be fetched faults itself",
     "keelson:fused")
{
	for (unsigned before = 1; before < sizeof(code); before++) {
		check_fault(before, no_page, VEC_PF);
		check_fault(before, not_validated, VEC_VC);
	}
}

static volatile uint64_t rips[8], rip_n, end;

static void note(const struct trap_frame *t)
{
	if (rip_n < ARRAY_LEN(rips))
		rips[rip_n++] = t->rip;
}

static void on_step(struct trap_frame *t)
{
	note(t);
	if (t->rip == end)
		t->rflags &= ~RFLAGS_TF;
}

/* The first instruction that is stepped is the one behind POPF. */
TEST(fused_step, "fused-step", "a single step ends behind each of them", "keelson:fused")
{
	uint64_t first;

	rip_n = 0;
	trap_handler_set(VEC_DB, on_step);
	__asm__ volatile("lea 2f(%%rip), %%rax\n\t"
			 "mov %%rax, %[end]\n\t"
			 "lea 1f(%%rip), %[first]\n\t"
			 "xor %%edx, %%edx\n\t"
			 "mov %[request], %%eax\n\t"
			 "pushfq\n\t"
			 "orl %[tf], (%%rsp)\n\t"
			 "popfq\n"
			 "1:\twrmsr\n\t"
			 "rep; vmmcall\n\t"
			 "rdmsr\n"
			 "2:\tnop"
			 : [first] "=&r"(first), [end] "=m"(end)
			 : [tf] "i"(RFLAGS_TF), [request] "i"(REQUEST), "c"(MSR_GHCB)
			 : "rax", "rdx", "memory", "cc");
	trap_handler_set(VEC_DB, NULL);
	CHECK_EQ(rip_n, 3);
	CHECK_EQ(rips[0], first + AT_VMGEXIT);
	CHECK_EQ(rips[1], first + AT_RDMSR);
	CHECK_EQ(rips[2], first + AT_RET);
}

/* The MSR is the test's here, so the EOI comes later. */
static void on_interrupt(struct trap_frame *t)
{
	note(t);
}

static uint64_t sti_before_wrmsr(void)
{
	uint64_t first;

	__asm__ volatile("lea 1f(%%rip), %[first]\n\t"
			 "xor %%edx, %%edx\n\t"
			 "mov %[request], %%eax\n\t"
			 "sti\n"
			 "1:\twrmsr\n\t"
			 "rep; vmmcall\n\t"
			 "rdmsr\n\t"
			 "cli"
			 : [first] "=&r"(first)
			 : [request] "i"(REQUEST), "c"(MSR_GHCB)
			 : "rax", "rdx", "memory", "cc");
	return first + AT_VMGEXIT;
}

static uint64_t sti_before_vmgexit(void)
{
	uint64_t first;

	__asm__ volatile("lea 1f(%%rip), %[first]\n\t"
			 "xor %%edx, %%edx\n\t"
			 "mov %[request], %%eax\n\t"
			 "wrmsr\n\t"
			 "sti\n\t"
			 "rep; vmmcall\n"
			 "1:\trdmsr\n\t"
			 "cli"
			 : [first] "=&r"(first)
			 : [request] "i"(REQUEST), "c"(MSR_GHCB)
			 : "rax", "rdx", "memory", "cc");
	return first;
}

/* An interrupt that waits is taken when the shadow of STI is over, behind one instruction. */
static void check_interrupt(const char *name, uint64_t (*fn)(void))
{
	uint64_t want;

	test_case("%s", name);
	ghcb_select();
	apic_write(APIC_SELF_IPI, VEC);
	rip_n = 0;
	want = fn();
	ghcb_select();
	apic_write(APIC_EOI, 0);
	CHECK_EQ(rip_n, 1);
	CHECK_EQ(rips[0], want);
}

TEST(fused_interrupt, "fused-interrupt", "an interrupt that waits comes between them",
     "keelson:fused")
{
	if (!apic_enable())
		test_skip("no x2APIC");
	trap_handler_set(VEC, on_interrupt);
	check_interrupt("before VMGEXIT", sti_before_wrmsr);
	check_interrupt("before RDMSR", sti_before_vmgexit);
	trap_handler_set(VEC, NULL);
	apic_disable();
}
