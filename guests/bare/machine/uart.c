/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The console's serial port as a 16550A: PC16550D data sheet (National Semiconductor), whose
 * sections are named after the registers. A burst is a FIFO's worth that an interrupt-driven driver
 * sends. What lasts as long as a line needs may be over before a slow host lets us look, so that is
 * tried again.
 */
#include "abi/q35.h"
#include "abi/uart.h"
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define IER_RDI   BIT(0)
#define IER_THRI  BIT(1)
#define IER_RLSI  BIT(2)
#define FCR_ON    BIT(0)
#define FCR_RESET (3u << 1)
#define LCR_8N1   3
#define LCR_DLAB  BIT(7)
#define MCR_RTS   BIT(1)
#define MCR_OUT2  BIT(3)
#define MCR_LOOP  BIT(4)
#define LSR_OE    BIT(1)
#define LSR_EMPTY (3u << 5) /* THRE and TEMT */

/* IIR with FIFOs on, in the order of priority of "Interrupt Identification Register" */
#define IIR_LINE    0xc6
#define IIR_DATA    0xc4
#define IIR_TIMEOUT 0xcc /* the same priority */
#define IIR_THRE    0xc2
#define IIR_NONE    0xc1

#define ROUNDS      100
#define IOAPIC      0xfec00000ull
#define IOAPIC_DATA (IOAPIC + 0x10)
#define PIN         4
#define MASKED      BIT(16)
#define VEC_SERIAL  0x50

static uint32_t get(unsigned reg)
{
	uint32_t v = 0;

	CHECK(ghcb_in((uint16_t)(Q35_CONSOLE_PORT + reg), 1, &v));
	return v;
}

static void put(unsigned reg, uint32_t value)
{
	CHECK(ghcb_out((uint16_t)(Q35_CONSOLE_PORT + reg), 1, value));
}

/* FIFOs on and empty, 8N1, no interrupt pending but what ier asks for. */
static void begin(uint32_t ier)
{
	put(UART_LCR, LCR_8N1);
	put(UART_MCR, MCR_RTS | MCR_OUT2);
	put(UART_IER, 0);
	put(UART_FCR, FCR_ON | FCR_RESET);
	get(UART_LSR);
	get(UART_IIR);
	put(UART_IER, ier);
}

static void end(void)
{
	begin(0);
}

static void burst(void)
{
	for (unsigned i = 0; i < UART_FIFO; i++)
		put(UART_DATA, 'u');
}

static bool wait_empty(void)
{
	uint64_t limit = rdtsc() + smp_ticks(10);

	while ((get(UART_LSR) & LSR_EMPTY) != LSR_EMPTY)
		if (rdtsc() > limit)
			return false;
	return true;
}

TEST(uart_registers, "uart-registers", "scratch, divisor and IER read as they were written",
     "keelson:uart:registers")
{
	static const uint8_t values[] = {0x00, 0x55, 0xaa, 0xff};

	begin(0);
	for (unsigned i = 0; i < ARRAY_LEN(values); i++) {
		put(UART_SCR, values[i]);
		CHECK_EQ(get(UART_SCR), values[i]);
	}
	put(UART_LCR, LCR_8N1 | LCR_DLAB);
	CHECK(ghcb_out(Q35_CONSOLE_PORT, 2, 0x0134)); /* both halves of the divisor */
	CHECK_EQ(get(UART_DATA), 0x34);
	CHECK_EQ(get(UART_IER), 0x01);
	put(UART_DATA, 1);
	put(UART_IER, 0);
	put(UART_LCR, LCR_8N1);
	CHECK_EQ(get(UART_IER), 0);
	put(UART_IER, IER_THRI | IER_RLSI);
	put(UART_DATA, 'u');
	CHECK_EQ(get(UART_IER), IER_THRI | IER_RLSI); /* the same while it sends */
	end();
}

/* Linux's 8250 driver takes a port for real by this: drivers/tty/serial/8250, autoconfig(). */
TEST(uart_loopback, "uart-loopback", "in loopback the modem lines and the data come back",
     "keelson:uart:loopback")
{
	begin(0);
	put(UART_MCR, MCR_LOOP | MCR_OUT2 | MCR_RTS);
	CHECK_EQ(get(UART_MSR) & 0xf0, 0x90);
	put(UART_IER, IER_THRI);
	for (unsigned i = 0; i < UART_FIFO; i++)
		put(UART_DATA, 'a' + i);
	for (unsigned i = 0; i < UART_FIFO; i++)
		CHECK_EQ(get(UART_DATA), 'a' + i);
	end();
}

/* Line status, received data, transmitter empty; each is cleared in its own way. */
TEST(uart_priority, "uart-priority", "IIR names the most urgent interrupt, and each is cleared",
     "keelson:uart:iir")
{
	uint32_t iir;

	begin(0);
	put(UART_MCR, MCR_LOOP);
	put(UART_IER, IER_RDI | IER_THRI | IER_RLSI);
	for (unsigned i = 0; i < UART_FIFO + 1; i++) /* one more than the receiver holds */
		put(UART_DATA, 'x');
	CHECK_EQ(get(UART_IIR), IIR_LINE);
	CHECK_EQ(get(UART_LSR) & LSR_OE, LSR_OE);
	CHECK_EQ(get(UART_LSR) & LSR_OE, 0);
	iir = get(UART_IIR);
	CHECK(iir == IIR_DATA || iir == IIR_TIMEOUT);
	for (unsigned i = 0; i < UART_FIFO; i++)
		CHECK_EQ(get(UART_DATA), 'x');
	CHECK_EQ(get(UART_IIR), IIR_THRE);
	CHECK_EQ(get(UART_IIR), IIR_NONE);
	end();
}

/* While its bytes are on the line the port is not empty and asks for no more. */
TEST(uart_line, "uart-line", "a FIFO that was filled is empty when the line has sent it",
     "keelson:uart:paced keelson:uart:iir")
{
	bool seen = false;

	begin(IER_THRI);
	for (unsigned i = 0; i < ROUNDS && !seen; i++) {
		uint32_t before, iir, after;

		burst();
		before = get(UART_LSR);
		iir = get(UART_IIR);
		after = get(UART_LSR);
		seen = !(before & LSR_EMPTY) && !(after & LSR_EMPTY);
		if (seen)
			CHECK_EQ(iir, IIR_NONE);
		REQUIRE(wait_empty());
	}
	CHECK(seen);
	CHECK_EQ(get(UART_IIR), IIR_THRE);
	CHECK_EQ(get(UART_IIR), IIR_NONE);
	put(UART_IER, 0);
	put(UART_IER, IER_THRI); /* enabled while empty */
	CHECK_EQ(get(UART_IIR), IIR_THRE);
	end();
}

TEST(uart_polled, "uart-polled", "a driver that polls finds the port empty at once",
     "keelson:uart:polled")
{
	begin(0);
	for (unsigned i = 0; i < 4 * UART_FIFO; i++) {
		put(UART_DATA, 'p');
		CHECK_EQ(get(UART_LSR) & LSR_EMPTY, LSR_EMPTY);
	}
	put(UART_IER, IER_THRI);
	burst();
	put(UART_IER, 0); /* what the FIFO holds is not waited for either */
	CHECK_EQ(get(UART_LSR) & LSR_EMPTY, LSR_EMPTY);
	end();
}

static volatile unsigned hits;

static void on_interrupt(struct trap_frame *t)
{
	(void)t;
	hits++;
	apic_write(APIC_EOI, 0);
}

static void route(uint32_t low)
{
	CHECK(ghcb_mmio_write(IOAPIC, 4, 0x11 + 2 * PIN));
	CHECK(ghcb_mmio_write(IOAPIC_DATA, 4, (uint32_t)percpu()->apic_id << 24));
	CHECK(ghcb_mmio_write(IOAPIC, 4, 0x10 + 2 * PIN));
	CHECK(ghcb_mmio_write(IOAPIC_DATA, 4, low));
}

/* Takes what is pending. The GHCB is used with interrupts off only. */
static void window(void)
{
	sti();
	__asm__ volatile("nop; nop");
	cli();
}

/* How many interrupts a burst brought. Each byte is followed by a window, to have them all. */
static unsigned interrupts_of_a_burst(void)
{
	uint64_t limit = rdtsc() + smp_ticks(10);

	hits = 0;
	for (unsigned i = 0; i < UART_FIFO; i++) {
		put(UART_DATA, 'i');
		window();
	}
	while (!hits && rdtsc() < limit)
		window();
	CHECK(wait_empty());
	window();
	CHECK_EQ(get(UART_IIR), IIR_THRE);
	return hits;
}

TEST(uart_interrupt, "uart-interrupt", "one interrupt says that the FIFO is empty",
     "keelson:uart:paced")
{
	unsigned n = 0;

	if (!apic_enable())
		test_skip("no x2APIC");
	trap_handler_set(VEC_SERIAL, on_interrupt);
	begin(0);
	route(VEC_SERIAL);
	put(UART_IER, IER_THRI);
	get(UART_IIR);
	window();
	for (unsigned i = 0; i < ROUNDS && n != 1; i++) {
		n = interrupts_of_a_burst();
		CHECK_GE(n, 1);
	}
	CHECK_EQ(n, 1);
	route(MASKED);
	end();
	apic_disable();
	trap_handler_set(VEC_SERIAL, NULL);
}
