/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Without --strict the registers of IOAPIC and HPET are answered in one exit: an access by MOV
 * raises no #VC (one that nobody waits for ends the test) and does what the GHCB's event does. All
 * other accesses raise it.
 */
#include "abi/ghcb.h"
#include "bare/fastmmio/forms.h"
#include "bare/lib/bare.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define IOAPIC     0xfec00000ull
#define HPET       0xfed00000ull
#define COMPARATOR (HPET + 0x108) /* of timer 0, 64 bits: IA-PC HPET 1.0a, 2.3.9 */
#define OLD        0xfedcba9876543210ull

static uint64_t asked(uint64_t at, unsigned size)
{
	uint64_t v = 0;

	CHECK(ghcb_mmio_read(at, size, &v));
	return size == 8 ? v : v & (BIT(8 * size) - 1);
}

/* What a register holds afterwards: APM vol. 3, 1.8. */
static uint64_t merged(unsigned width, uint64_t value)
{
	switch (width) {
	case 1:
		return (OLD & ~0xffull) | value;
	case 2:
		return (OLD & ~0xffffull) | value;
	case HIGH:
		return (OLD & ~0xff00ull) | value << 8;
	default:
		return value;
	}
}

static void check_loads(uint64_t at, uint64_t same)
{
	for (unsigned i = 0; i < load_count; i++) {
		const struct load *l = &loads[i];

		test_case("%s at 0x%lx", l->name, (unsigned long)at);
		CHECK_EQ(l->run(at, OLD), merged(l->width, asked(same, l->size)));
	}
}

TEST(reads, "fast-mmio-read",
     "loads from IOAPIC and HPET without #VC, as the GHCB's event has them", "keelson:fast-mmio")
{
	uint64_t here = paging_map(0, HPET, PAGING_RW);

	CHECK(ghcb_mmio_write(IOAPIC, 4, 0xa7));
	check_loads(IOAPIC, IOAPIC);
	check_loads(HPET, HPET);
	CHECK_EQ(asked(HPET, 4), 0x8086a201); /* QEMU 7.2, hw/timer/hpet.c */
	CHECK_EQ(asked(IOAPIC, 1), 0xa7);
	test_case("at another linear address");
	CHECK_EQ(READ_ONCE(*(uint32_t *)here), 0x8086a201);
	paging_unmap(0);
}

TEST(offsets, "fast-mmio-offset", "RAX and an address in the instruction", "keelson:fast-mmio")
{
	uint64_t rax = OLD;

	CHECK(ghcb_mmio_write(IOAPIC, 4, 0xa7));
	__asm__ volatile("movabsb 0xfec00000, %%al" : "+a"(rax) : : "memory");
	CHECK_EQ(rax, (OLD & ~0xffull) | 0xa7);
	__asm__ volatile("movabsl 0xfed00000, %%eax" : "+a"(rax) : : "memory");
	CHECK_EQ(rax, 0x8086a201);
	__asm__ volatile("movabsq %%rax, 0xfed00108" : : "a"(STORED) : "memory");
	CHECK_EQ(asked(COMPARATOR, 8), STORED);
	__asm__ volatile("movabsl %%eax, 0xfed00108" : : "a"(0x4321) : "memory");
	CHECK_EQ(asked(COMPARATOR, 4), 0x4321);
}

/* The same bytes by event leave the same behind, also those that the device does not take. */
TEST(writes, "fast-mmio-write", "stores to the HPET without #VC, as the GHCB's event has them",
     "keelson:fast-mmio")
{
	for (unsigned i = 0; i < store_count; i++) {
		const struct store *s = &stores[i];
		uint64_t by_event;

		test_case("%s", s->name);
		CHECK(ghcb_mmio_write(COMPARATOR, 8, OLD));
		CHECK(ghcb_mmio_write(COMPARATOR + s->offset, s->size, s->value));
		by_event = asked(COMPARATOR, 8);
		CHECK(ghcb_mmio_write(COMPARATOR, 8, OLD));
		s->run(COMPARATOR);
		CHECK_EQ(asked(COMPARATOR, 8), by_event);
		if (s->size >= 4)
			CHECK_EQ(asked(COMPARATOR + s->offset, s->size), s->value);
		else
			CHECK_EQ(by_event, OLD);
	}
	CHECK(ghcb_mmio_write(COMPARATOR, 8, ~0ull));
}

TEST(ioapic, "fast-mmio-ioapic",
     "the IOAPIC by index and window; what could hit the monitor stays masked",
     "keelson:fast-mmio keelson:ioapic")
{
	volatile uint32_t *index = (uint32_t *)IOAPIC, *window = (uint32_t *)(IOAPIC + 0x10);

	*index = 1;
	CHECK_EQ(*index, 1);
	CHECK_EQ(*window, asked(IOAPIC + 0x10, 4));
	CHECK_EQ(*window >> 16, 23); /* redirection entries, less one */
	*index = 0x10 + 2 * 23;
	*window = 0x40;
	CHECK_EQ(*window & BIT(16), 0);
	*window = 2 << 8 | 0x40; /* SMI */
	CHECK_EQ(*window & BIT(16), BIT(16));
}

/* ---- what raises #VC all the same ---- */

static void add(void *at)
{
	__asm__ volatile("addl $0, (%0)" : : "r"(at) : "memory", "cc");
}

static void exchange(void *at)
{
	__asm__ volatile("xchgl %%eax, (%0)" : : "r"(at), "a"(0) : "memory");
}

static void sign_extended(void *at)
{
	__asm__ volatile("movsbl (%0), %%eax" : : "r"(at) : "memory", "eax");
}

static void string(void *at)
{
	uint32_t here;

	__asm__ volatile("movsl" : "+S"(at) : "D"(&here) : "memory");
}

static void load(void *at)
{
	__asm__ volatile("movl (%0), %%eax" : : "r"(at) : "memory", "eax");
}

static void store(void *at)
{
	__asm__ volatile("movl %%eax, (%0)" : : "r"(at), "a"(0) : "memory");
}

static void check_vc(void (*fn)(void *at), uint64_t at)
{
	struct fault f;

	CHECK_EQ(fault_call(&f, fn, (void *)at), VEC_VC);
	CHECK_EQ(f.error, VC_NPF);
}

TEST(others, "fast-mmio-others", "other instructions and other pages raise #VC",
     "keelson:fast-mmio")
{
	void (*const fns[])(void *at) = {add, exchange, sign_extended, string};

	for (unsigned i = 0; i < ARRAY_LEN(fns); i++) {
		test_case("instruction %u", i);
		check_vc(fns[i], HPET);
	}
	test_case("a page that is none of the two");
	check_vc(load, HPET + PAGE_SIZE);
	check_vc(store, HPET - 4);
	test_case("with the C-bit");
	check_vc(load, paging_map(0, HPET, PAGING_RW | paging_cbit));
	paging_unmap(0);
}

TEST(crossing, "fast-mmio-crossing",
     "an access that crosses into the page, or out of it, raises #VC", "keelson:fast-mmio")
{
	static uint8_t ram[PAGE_SIZE] ALIGNED(4096);
	uint64_t from = paging_map(0, (uint64_t)ram, PAGING_RW | paging_cbit);
	uint64_t to = paging_map(1, HPET, PAGING_RW);

	CHECK_EQ(from + PAGE_SIZE, to);
	CHECK_EQ(READ_ONCE(*(uint32_t *)to), 0x8086a201);
	check_vc(load, to - 2);
	check_vc(store, to - 2);
	check_vc(load, to + PAGE_SIZE - 2);
	paging_unmap(0);
	paging_unmap(1);
}

static void user_load(void)
{
	__asm__ volatile("movl (%0), %%eax" : : "r"(HPET) : "memory", "eax");
}

static uint8_t user_stack[0x1000] ALIGNED(16);

TEST(user, "fast-mmio-user", "an access at CPL 3 raises #VC", "keelson:fast-mmio")
{
	struct fault f;

	if (FAULT_CATCH(&f)) {
		trap_enter_user(user_load, (uint64_t)user_stack + sizeof(user_stack) - 8);
		fault_release();
	}
	CHECK_EQ(f.vector, VEC_VC);
	CHECK_EQ(f.error, VC_NPF);
}

static volatile uint64_t traps, trap_rip;

static void on_trap(struct trap_frame *t)
{
	traps++;
	trap_rip = t->rip;
	t->rflags &= ~RFLAGS_TF;
}

TEST(stepped, "fast-mmio-step", "a single step ends behind the access", "keelson:fast-mmio")
{
	uint64_t behind;

	traps = 0;
	trap_handler_set(VEC_DB, on_trap);
	__asm__ volatile("lea 1f(%%rip), %[behind]\n\t"
			 "pushfq\n\t"
			 "orl %[tf], (%%rsp)\n\t"
			 "popfq\n\t"
			 "movl (%[at]), %%eax\n"
			 "1:\tnop"
			 : [behind] "=&r"(behind)
			 : [tf] "i"(RFLAGS_TF), [at] "r"(HPET)
			 : "memory", "cc", "eax");
	trap_handler_set(VEC_DB, NULL);
	CHECK_EQ(traps, 1);
	CHECK_EQ(trap_rip, behind);
}

void bare_main(void)
{
	test_main("fast-mmio");
}
