/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The serial ports' model on a fake port and a fake clock: what waits and for how long, when the
 * interrupt comes, the order of bytes, and that none is lost. Expectations: PC16550D data sheet,
 * "Registers" (LSR, IIR, IER, FCR) and "FIFO interrupt mode operation".
 *
 * sources: launch/machine/dev/uart.c
 */
#include "machine/dev/uart.h"
#include "tests/native/check.h"

#include <string.h>

#define COM1  0x3f8
#define COM2  0x2f8
#define US    1000ull /* ticks of the fake clock */

#define ETBEI 0x02
#define ERBFI 0x01
#define FIFOS 0x01
#define DLAB  0x80
#define LOOP  0x10
#define EMPTY 0x60
#define OE    0x02
#define NONE  0xc1 /* IIR: FIFOs, nothing pending */
#define THRE  0xc2

/* A port that sends at once, as QEMU's does; slow: it has bytes that its reader does not take. */
struct real {
	uint8_t reg[UART_PORTS], divisor, errors;
	bool pending, slow;
	unsigned interrupts, sent;
	char line[256];
};

static struct real real1, real2;
static uint64_t now;
static unsigned cpu, alarms;

static struct real *port_of(uint16_t port, unsigned *reg)
{
	*reg = port & 7;
	return (port & ~7) == COM1 ? &real1 : &real2;
}

uint8_t uart_host_in(uint16_t port)
{
	unsigned reg;
	struct real *r = port_of(port, &reg);
	uint8_t value = r->reg[reg];

	if (reg == UART_LSR) {
		value = (r->slow ? 0 : EMPTY) | r->errors;
		r->errors = 0;
	} else if (reg == UART_IIR) {
		value = r->pending ? THRE : NONE;
		r->pending = false;
	}
	return value;
}

/* ETBEI that is set while the transmitter is empty, and an emptied one, raise the interrupt. */
static void empty(struct real *r)
{
	r->pending = !r->slow && (r->reg[UART_IER] & ETBEI);
	r->interrupts += r->pending;
}

void uart_host_out(uint16_t port, uint8_t value)
{
	unsigned reg;
	struct real *r = port_of(port, &reg);
	bool etbei = r->reg[UART_IER] & ETBEI;

	if (reg <= UART_IER && (r->reg[UART_LCR] & DLAB)) {
		r->divisor = value;
		return;
	}
	r->reg[reg] = value;
	if (reg == UART_DATA) {
		r->line[r->sent++] = (char)value;
		empty(r);
	}
	if (reg == UART_IER && etbei != !!(value & ETBEI))
		empty(r);
}

void uart_host_out_string(uint16_t port, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		uart_host_out(port, data[i]);
}

static bool svsm; /* it is the one that writes */
static char said[64];

bool uart_host_keeps(uint16_t base)
{
	return svsm && base == COM1;
}

void uart_host_keep(const uint8_t *data, size_t n)
{
	size_t have = strlen(said);

	for (size_t i = 0; i < n && have < sizeof(said) - 1; i++)
		said[have++] = (char)data[i];
	said[have] = 0;
}

uint64_t uart_host_tsc(void)
{
	return now;
}

uint64_t uart_host_ticks(uint64_t us)
{
	return us * US;
}

unsigned uart_host_cpu(void)
{
	return cpu;
}

void uart_host_alarm(void)
{
	alarms++;
}

/* FIFOs on, 8N1, and these interrupts; nothing has been sent. */
static void begin(uint8_t ier)
{
	now = 1000000;
	cpu = 1;
	for (uint16_t port = COM2; port <= COM1; port += COM1 - COM2) {
		uart_out(port + UART_LCR, 3);
		uart_out(port + UART_MCR, 3);
		uart_out(port + UART_FCR, FIFOS);
		uart_out(port + UART_IER, ier);
		uart_in(port + UART_IIR);
	}
	real1.interrupts = real1.sent = real2.sent = alarms = 0;
	real1.slow = svsm = false;
	memset(real1.line, 0, sizeof(real1.line));
	said[0] = 0;
}

static void say(const char *s)
{
	for (; *s; s++)
		uart_out(COM1, (uint8_t)*s);
}

TEST(a_driver_that_polls_never_waits)
{
	begin(0);
	say("0123456789abcdef");
	CHECK_STR(real1.line, "0123456789abcdef");
	CHECK_EQ(uart_in(COM1 + UART_LSR), EMPTY);
	CHECK_EQ(uart_due(), 0);
	CHECK_EQ(alarms, 0);
}

TEST(a_full_fifo_is_not_empty_until_the_line_has_sent_it)
{
	begin(ETBEI);
	say("0123456789abcdef");
	CHECK_EQ(real1.sent, 0);
	CHECK_EQ(uart_in(COM1 + UART_LSR) & EMPTY, 0);
	CHECK_EQ(uart_in(COM1 + UART_IIR), NONE);
	CHECK_EQ(uart_due(), now + UART_FIFO_US * US);
	CHECK_EQ(alarms, 1);
	now += UART_FIFO_US * US - 1;
	uart_service(false);
	CHECK_EQ(real1.sent, 0);
	CHECK_EQ(real1.interrupts, 0);
	now += 1;
	uart_service(false);
	CHECK_STR(real1.line, "0123456789abcdef");
	CHECK_EQ(uart_in(COM1 + UART_LSR), EMPTY);
	CHECK_EQ(uart_due(), 0);
}

TEST(one_interrupt_says_that_all_has_left)
{
	begin(ETBEI);
	say("0123456789abcdef");
	uart_service(true);
	CHECK_EQ(real1.interrupts, 1);
	CHECK_EQ(uart_in(COM1 + UART_IIR), THRE);
	CHECK_EQ(uart_in(COM1 + UART_IIR), NONE); /* reading it is what clears it */
	say("g");
	CHECK_EQ(real1.interrupts, 1);
	uart_service(true);
	CHECK_EQ(real1.interrupts, 2);
}

TEST(a_cpu_with_nothing_else_to_do_does_not_wait)
{
	begin(ETBEI);
	say("abc");
	uart_service(false);
	CHECK_EQ(real1.sent, 0);
	uart_service(true);
	CHECK_STR(real1.line, "abc");
}

TEST(a_cpu_that_fills_slowly_has_the_time_of_the_line_as_well)
{
	begin(ETBEI);
	for (unsigned i = 0; i < UART_FIFO; i++, now += 900 * US) {
		uart_service(false);
		say("x");
	}
	CHECK_EQ(real1.sent, 0);
	CHECK_EQ(uart_due(), now + 100 * US);
	CHECK_EQ(alarms, 1);
}

TEST(who_begins_to_poll_gets_what_waits_on_its_way)
{
	begin(ETBEI);
	say("abc");
	uart_out(COM1 + UART_IER, 0);
	CHECK_EQ(real1.sent, 0);
	CHECK_EQ(uart_in(COM1 + UART_LSR), EMPTY);
	CHECK_STR(real1.line, "abc");
	CHECK_EQ(real1.interrupts, 0);
}

TEST(bytes_keep_their_order)
{
	begin(ETBEI);
	say("ab");
	cpu = 2;
	say("cd");
	uart_out_string(COM1, (const uint8_t *)"efgh", 4);
	say("i");
	uart_out(COM1 + UART_IER, 0);
	say("j");
	CHECK_STR(real1.line, "abcdefghij");
}

TEST(the_cpu_that_wrote_last_passes_on)
{
	begin(ETBEI);
	say("ab");
	cpu = 2;
	CHECK_EQ(uart_due(), 0);
	uart_service(true);
	CHECK_EQ(real1.sent, 0);
	say("c");
	CHECK_EQ(uart_due(), now + UART_FIFO_US * US);
	cpu = 1;
	CHECK_EQ(uart_due(), 0);
	cpu = 2;
	uart_service(true);
	CHECK_STR(real1.line, "abc");
}

/* Else a guest that waits for the interrupt there, and has no timer, waits for ever. */
TEST(a_cpu_that_adds_to_what_another_wrote_has_an_alarm_of_its_own)
{
	begin(ETBEI);
	say("ab");
	CHECK_EQ(alarms, 1);
	cpu = 2;
	say("cd");
	CHECK_EQ(alarms, 2);
}

TEST(a_string_is_passed_on_at_once_with_one_interrupt)
{
	begin(ETBEI);
	uart_out_string(COM1, (const uint8_t *)"0123456789abcdefghij", 20);
	CHECK_STR(real1.line, "0123456789abcdefghij");
	CHECK_EQ(real1.interrupts, 1);
	CHECK_EQ(uart_in(COM1 + UART_LSR), EMPTY);
}

TEST(a_byte_too_many_is_not_lost)
{
	begin(ETBEI);
	say("0123456789abcdefg");
	CHECK_STR(real1.line, "0123456789abcdef");
	CHECK_EQ(uart_in(COM1 + UART_LSR) & EMPTY, 0);
	uart_service(true);
	CHECK_STR(real1.line, "0123456789abcdefg");
}

TEST(the_divisor_gets_what_is_its_own)
{
	begin(ETBEI);
	say("ab");
	uart_out(COM1 + UART_LCR, 3 | DLAB);
	CHECK_STR(real1.line, "ab");
	uart_out(COM1 + UART_DATA, 12);
	CHECK_EQ(real1.divisor, 12);
	uart_out(COM1 + UART_IER, 0);
	uart_out_string(COM1 + UART_DATA, (const uint8_t *)"\x34", 1);
	CHECK_EQ(real1.divisor, 0x34);
	uart_out(COM1 + UART_LCR, 3);
	CHECK_EQ(uart_in(COM1 + UART_IER), ETBEI);
	CHECK_EQ(real1.sent, 2);
}

TEST(ier_reads_as_it_was_written)
{
	begin(ETBEI);
	say("a");
	CHECK_EQ(uart_in(COM1 + UART_IER), ETBEI);
	uart_out(COM1 + UART_IER, ERBFI);
	CHECK_EQ(uart_in(COM1 + UART_IER), ERBFI);
	CHECK_EQ(real1.reg[UART_IER], ERBFI); /* received bytes interrupt meanwhile */
	uart_out(COM1 + UART_IER, ERBFI | ETBEI);
	CHECK_EQ(uart_in(COM1 + UART_IER), ERBFI | ETBEI);
	CHECK_EQ(real1.interrupts, 0);
	uart_service(true);
	CHECK_EQ(real1.interrupts, 1);
	CHECK_EQ(real1.reg[UART_IER], ERBFI | ETBEI);
}

TEST(enabling_it_while_empty_interrupts_at_once)
{
	begin(0);
	uart_out(COM1 + UART_IER, ETBEI);
	CHECK_EQ(real1.interrupts, 1);
	CHECK_EQ(uart_in(COM1 + UART_IIR), THRE);
}

TEST(loopback_has_no_line)
{
	begin(ETBEI);
	say("a");
	uart_out(COM1 + UART_MCR, LOOP);
	CHECK_STR(real1.line, "a");
	say("b");
	CHECK_STR(real1.line, "ab");
}

TEST(without_fifos_each_byte_has_its_time)
{
	begin(ETBEI);
	uart_out(COM1 + UART_FCR, 0);
	say("a");
	CHECK_EQ(uart_in(COM1 + UART_LSR) & EMPTY, 0);
	CHECK_EQ(uart_due(), now + UART_FIFO_US / UART_FIFO * US);
	now = uart_due();
	uart_service(false);
	CHECK_STR(real1.line, "a");
}

TEST(a_reset_of_the_fifo_leaves_it_empty)
{
	begin(ETBEI);
	say("ab");
	uart_out(COM1 + UART_FCR, FIFOS | 0x04);
	CHECK_EQ(uart_in(COM1 + UART_LSR), EMPTY);
	CHECK_STR(real1.line, "ab");
}

TEST(nothing_is_added_to_what_a_slow_reader_has_not_taken)
{
	begin(ETBEI);
	say("abc");
	real1.slow = true;
	real1.errors = OE;
	uart_service(true);
	CHECK_EQ(real1.sent, 0);
	CHECK_EQ(uart_due(), now + UART_FIFO_US * US);
	real1.slow = false;
	now = uart_due();
	uart_service(false);
	CHECK_STR(real1.line, "abc");
	/* the guest has not seen the overrun yet, and sees it once */
	CHECK_EQ(uart_in(COM1 + UART_LSR), EMPTY | OE);
	CHECK_EQ(uart_in(COM1 + UART_LSR), EMPTY);
}

/* The data sheet has nothing be lost when the line or the modem's is set while bytes wait; a real
 * port whose reader is slow has no room for them. */
TEST(nothing_is_pressed_into_a_slow_reader_by_another_register)
{
	begin(ETBEI);
	say("abc");
	real1.slow = true;
	uart_out(COM1 + UART_MCR, 1);
	uart_out(COM1 + UART_LCR, 3 | DLAB);
	CHECK_EQ(real1.sent, 0);
	CHECK_EQ(real1.reg[UART_MCR], 1);
	uart_out(COM1 + UART_DATA, 12);
	CHECK_EQ(uart_in(COM1 + UART_LSR) & EMPTY, 0);
	real1.slow = false;
	uart_service(true);
	CHECK_STR(real1.line, "abc");
	CHECK_EQ(real1.divisor, 12);
	CHECK_EQ(real1.reg[UART_LCR], 3 | DLAB);
	CHECK_EQ(real1.reg[UART_IER], ETBEI);
	CHECK_EQ(real1.interrupts, 1);
}

TEST(the_end_of_the_run_loses_nothing)
{
	begin(ETBEI);
	say("abc");
	uart_out(COM2, 'z');
	cpu = 3;
	uart_end();
	CHECK_STR(real1.line, "abc");
	CHECK_EQ(real2.sent, 1);
}

TEST(what_firmware_left_is_taken_over)
{
	begin(0);
	real1.reg[UART_IER] = ETBEI;
	uart_init();
	say("a");
	CHECK_EQ(real1.sent, 0);
	uart_service(true);
	CHECK_STR(real1.line, "a");
}

/* Once, when the SVSM writes it, whether it then waits or not; what reaches no line is none. */
TEST(what_the_svsm_sends_is_kept)
{
	begin(0);
	svsm = true;
	say("a");
	uart_out(COM1 + UART_IER, ETBEI);
	say("bc");
	CHECK_STR(said, "abc");
	uart_service(true);
	uart_out_string(COM1, (const uint8_t *)"de", 2);
	uart_out(COM1 + UART_LCR, 3 | DLAB);
	uart_out(COM1, 'x');
	uart_out(COM1 + UART_LCR, 3);
	uart_out(COM1 + UART_MCR, LOOP);
	say("y");
	uart_out_string(COM1, (const uint8_t *)"z", 1);
	uart_out(COM1 + UART_MCR, 3);
	uart_out(COM2, 'o');
	CHECK_STR(said, "abcde");
}

/* The port is one for both, and the guest below could hide what the SVSM says of it. */
TEST(a_guest_cannot_hide_what_the_svsm_says)
{
	begin(0);
	uart_out(COM1 + UART_LCR, 3 | DLAB);
	say("x");
	svsm = true;
	say("a");
	uart_out_string(COM1, (const uint8_t *)"bc", 2);
	svsm = false;
	uart_out(COM1 + UART_LCR, 3);
	uart_out(COM1 + UART_MCR, LOOP);
	say("y");
	uart_out_string(COM1, (const uint8_t *)"z", 1);
	svsm = true;
	say("d");
	uart_out_string(COM1, (const uint8_t *)"ef", 2);
	CHECK_STR(said, "abcdef");
	CHECK_STR(real1.line, "yzdef"); /* which the fake port does not loop back */
}

TEST(eight_ports_each)
{
	CHECK(uart_at(COM1) && uart_at(COM1 + 7) && uart_at(COM2) && uart_at(COM2 + 7));
	CHECK(!uart_at(COM1 - 1) && !uart_at(COM1 + 8) && !uart_at(COM2 - 1) && !uart_at(COM2 + 8));
}
