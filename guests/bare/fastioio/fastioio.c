/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The monitor's option fast-ioio: IN and OUT by single accesses do what they do on a processor
 * without #VC (APM vol. 3, IN and OUT), the string forms still raise it. The port is the scratch
 * register of the console's UART, with its modem status below.
 */
#include "abi/ghcb.h"
#include "abi/q35.h"
#include "abi/uart.h"
#include "bare/lib/bare.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define SCRATCH (Q35_CONSOLE_PORT + UART_SCR)

static uint64_t in8(uint64_t rax)
{
	__asm__ volatile("inb %%dx, %%al" : "+a"(rax) : "d"(SCRATCH) : "memory");
	return rax;
}

static uint64_t in16(uint64_t rax)
{
	__asm__ volatile("inw %%dx, %%ax" : "+a"(rax) : "d"(SCRATCH - 1) : "memory");
	return rax;
}

static uint64_t in32(uint64_t rax)
{
	__asm__ volatile("inl %%dx, %%eax" : "+a"(rax) : "d"(SCRATCH - 3) : "memory");
	return rax;
}

TEST(single, "fast-ioio", "IN and OUT without #VC: what they read, write and leave of RAX",
     "keelson:fast-ioio")
{
	const uint64_t rax = 0x1122334455667788;
	uint32_t v = 0;

	outb(SCRATCH, 0xa5);
	CHECK(ghcb_in(SCRATCH, 1, &v));
	CHECK_EQ(v, 0xa5);
	CHECK(ghcb_out(SCRATCH, 1, 0x5a));
	CHECK_EQ(in8(rax), (rax & ~0xffull) | 0x5a);
	CHECK_EQ(in16(rax) & ~0xffull, (rax & ~0xffffull) | 0x5a00);
	CHECK_EQ(in32(rax) >> 24, 0x5a);
}

static void outs_byte(void *arg)
{
	(void)arg;
	__asm__ volatile("outsb" : : "S"("x"), "d"(SCRATCH) : "memory");
}

static void user_out(void)
{
	__asm__ volatile("outb %%al, %%dx" : : "a"(0), "d"(SCRATCH));
}

static uint8_t user_stack[0x1000] ALIGNED(16);

TEST(refused, "fast-ioio-refused", "the string forms raise #VC; at CPL 3 IN and OUT raise #GP",
     "keelson:fast-ioio")
{
	struct fault f;

	CHECK_EQ(fault_call(&f, outs_byte, NULL), VEC_VC);
	CHECK_EQ(f.error, GHCB_EXIT_IOIO);
	outb(SCRATCH, 0xa5);
	if (FAULT_CATCH(&f)) {
		trap_enter_user(user_out, (uint64_t)user_stack + sizeof(user_stack) - 8);
		fault_release();
	}
	CHECK_EQ(f.vector, VEC_GP);
	CHECK_EQ(in8(0), 0xa5);
}

static volatile uint64_t traps, trap_rip;

static void on_trap(struct trap_frame *t)
{
	traps++;
	trap_rip = t->rip;
	t->rflags &= ~RFLAGS_TF;
}

TEST(stepped, "fast-ioio-step", "a single step ends behind OUT", "keelson:fast-ioio")
{
	uint64_t behind;

	traps = 0;
	trap_handler_set(VEC_DB, on_trap);
	__asm__ volatile("lea 1f(%%rip), %[behind]\n\t"
			 "pushfq\n\t"
			 "orl %[tf], (%%rsp)\n\t"
			 "popfq\n\t"
			 "outb %%al, %%dx\n"
			 "1:\tnop"
			 : [behind] "=&r"(behind)
			 : [tf] "i"(RFLAGS_TF), "a"(0), "d"(SCRATCH)
			 : "memory", "cc");
	trap_handler_set(VEC_DB, NULL);
	CHECK_EQ(traps, 1);
	CHECK_EQ(trap_rip, behind);
}

void bare_main(void)
{
	test_main("fast-ioio");
}
