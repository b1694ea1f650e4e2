/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/uart.h"
#include "abi/control.h"
#include "abi/q35.h"
#include "lib/spinlock.h"

/* The registers of LCR.DLAB = 1 are the real port's business alone. */
#define IER_ETBEI  BIT(1) /* interrupt when the transmitter is empty */
#define IER_BITS   0xf
#define IIR_FIFOS  (3u << 6)
#define FCR_ENABLE BIT(0)
#define LCR_DLAB   BIT(7)
#define MCR_LOOP   BIT(4)
#define LSR_EMPTY  (3u << 5)   /* THRE and TEMT */
#define LSR_ERRORS (0xfu << 1) /* cleared by reading */

struct uart {
	struct spinlock lock;
	uint16_t base;
	uint8_t ier, lcr, mcr;      /* as the guest wrote them */
	uint8_t kept_lcr, kept_mcr; /* as the SVSM alone wrote them */
	bool fifo;                  /* FCR[0] */
	bool held;                  /* the real port's ETBEI is 0, though the guest's is 1 */
	uint8_t errors;             /* of LSR, read here and not yet by the guest */
	uint8_t from, to;           /* data[from..to) waits; both 0 when nothing does */
	unsigned sender;            /* the CPU that wrote them last, and passes them on */
	uint64_t due;               /* TSC: when the line will have sent them */
	uint8_t data[UART_FIFO];
};

static struct uart uarts[] = {{.base = Q35_CONSOLE_PORT}, {.base = CONTROL_PORT}};

static struct uart *find(uint16_t port)
{
	for (unsigned i = 0; i < ARRAY_LEN(uarts); i++)
		if (port >= uarts[i].base && port < uarts[i].base + UART_PORTS)
			return &uarts[i];
	return NULL;
}

bool uart_at(uint16_t port)
{
	return find(port) != NULL;
}

static uint8_t get(const struct uart *u, unsigned reg)
{
	return uart_host_in((uint16_t)(u->base + reg));
}

static void set(const struct uart *u, unsigned reg, uint8_t value)
{
	uart_host_out((uint16_t)(u->base + reg), value);
}

void uart_init(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(uarts); i++) {
		struct uart *u = &uarts[i];

		u->lcr = get(u, UART_LCR);
		u->mcr = get(u, UART_MCR);
		u->ier = u->lcr & LCR_DLAB ? 0 : get(u, UART_IER);
		u->fifo = (get(u, UART_FCR) & IIR_FIFOS) == IIR_FIFOS;
	}
}

static unsigned room(const struct uart *u)
{
	return u->fifo ? UART_FIFO : 1;
}

static bool paced(const struct uart *u)
{
	return (u->ier & IER_ETBEI) && !(u->mcr & MCR_LOOP);
}

/* Bytes are on their way into the real port: until release() it must not say that it is empty. */
static void hold(struct uart *u)
{
	if (u->held || !(u->ier & IER_ETBEI))
		return;
	u->held = true;
	set(u, UART_IER, (uint8_t)(u->ier & ~IER_ETBEI));
}

/* An interrupt that is enabled while the transmitter is empty comes at once, and one that is
 * enabled earlier when it becomes so: one for all the bytes. */
static void release(struct uart *u)
{
	if (!u->held)
		return;
	u->held = false;
	set(u, UART_IER, u->ier);
}

/* Bytes that wait may see LCR.DLAB = 1, which hides the registers that they and release() need. */
static void pass_on(struct uart *u)
{
	bool hidden = u->to && (u->lcr & LCR_DLAB);

	if (hidden)
		set(u, UART_LCR, (uint8_t)(u->lcr & ~LCR_DLAB));
	while (u->from < u->to) {
		set(u, UART_DATA, u->data[u->from]);
		u->from++; /* only now: uart_end() may find us in between */
	}
	u->from = 0;
	WRITE_ONCE(u->to, 0);
	release(u);
	if (hidden)
		set(u, UART_LCR, u->lcr);
}

/* The real port's LSR; what reading clears there is kept for the guest. */
static uint8_t line_status(struct uart *u)
{
	uint8_t lsr = get(u, UART_LSR);

	u->errors |= lsr & LSR_ERRORS;
	return lsr;
}

/* False: the reader at the other end is slow, and the real port still has bytes. */
static bool pass_on_if_empty(struct uart *u)
{
	if ((line_status(u) & LSR_EMPTY) != LSR_EMPTY)
		return false;
	pass_on(u);
	return true;
}

/* Due from the last byte on: a CPU that is slow to fill the FIFO has the line's time as well. */
static void wait(struct uart *u)
{
	bool another = u->to == 1 || u->sender != uart_host_cpu();

	u->due = uart_host_tsc() + uart_host_ticks(UART_FIFO_US * room(u) / UART_FIFO);
	WRITE_ONCE(u->sender, uart_host_cpu());
	if (another)
		uart_host_alarm();
}

/* A divisor, and what loops back, are no words. */
static void keep(const struct uart *u, const uint8_t *data, size_t n)
{
	if (uart_host_keeps(u->base) && !(u->kept_lcr & LCR_DLAB) && !(u->kept_mcr & MCR_LOOP))
		uart_host_keep(data, n);
}

static void transmit(struct uart *u, uint8_t byte)
{
	if (!paced(u) || u->to == room(u))
		pass_on(u);
	if (!paced(u)) {
		set(u, UART_DATA, byte);
		return;
	}
	hold(u);
	u->data[u->to++] = byte;
	wait(u);
}

/* What waits keeps the real port's interrupt off until it has been passed on. */
static uint8_t write_ier(struct uart *u, uint8_t value)
{
	u->ier = value & IER_BITS;
	u->held = u->to && (value & IER_ETBEI);
	return u->to ? (uint8_t)(value & ~IER_ETBEI) : value;
}

static void write(struct uart *u, unsigned reg, uint8_t value)
{
	switch (reg) {
	case UART_DATA:
		keep(u, &value, 1);
		if (!(u->lcr & LCR_DLAB)) {
			transmit(u, value);
			return;
		}
		break;
	case UART_IER:
		if (!(u->lcr & LCR_DLAB))
			value = write_ier(u, value);
		break;
	case UART_FCR: /* a byte that a reset of the FIFO finds there: the line has been faster */
		pass_on(u);
		u->fifo = value & FCR_ENABLE;
		break;
	case UART_LCR: /* what it sets is for bytes to come */
		if (u->to)
			pass_on_if_empty(u);
		u->lcr = value;
		if (uart_host_keeps(u->base))
			u->kept_lcr = value;
		break;
	case UART_MCR:
		if (value & MCR_LOOP)
			pass_on(u);
		u->mcr = value;
		if (uart_host_keeps(u->base))
			u->kept_mcr = value;
		break;
	default:
		break;
	}
	set(u, reg, value);
}

/* A driver that polls has nothing else to do: it need not wait for the line. */
static uint8_t read_lsr(struct uart *u)
{
	uint8_t lsr = line_status(u);

	if (u->to && (!paced(u) || uart_host_tsc() >= u->due) && pass_on_if_empty(u))
		lsr = line_status(u);
	lsr |= u->errors;
	u->errors = 0;
	return u->to ? (uint8_t)(lsr & ~LSR_EMPTY) : lsr;
}

static uint8_t read(struct uart *u, unsigned reg)
{
	if (reg == UART_LSR)
		return read_lsr(u);
	if (reg == UART_IER && u->held && !(u->lcr & LCR_DLAB))
		return get(u, reg) | IER_ETBEI;
	return get(u, reg);
}

uint8_t uart_in(uint16_t port)
{
	struct uart *u = find(port);
	uint8_t value;

	spin_lock(&u->lock);
	value = read(u, port - u->base);
	spin_unlock(&u->lock);
	return value;
}

void uart_out(uint16_t port, uint8_t value)
{
	struct uart *u = find(port);

	spin_lock(&u->lock);
	write(u, port - u->base, value);
	spin_unlock(&u->lock);
}

static void transmit_string(struct uart *u, const uint8_t *data, size_t n)
{
	keep(u, data, n);
	pass_on(u);
	hold(u);
	uart_host_out_string(u->base, data, n);
	release(u);
}

void uart_out_string(uint16_t port, const uint8_t *data, size_t n)
{
	struct uart *u = find(port);
	unsigned reg = port - u->base;

	spin_lock(&u->lock);
	if (reg == UART_DATA && !(u->lcr & LCR_DLAB))
		transmit_string(u, data, n);
	else
		for (size_t i = 0; i < n; i++)
			write(u, reg, READ_ONCE(data[i]));
	spin_unlock(&u->lock);
}

/* Other CPUs change this under the lock; what is this CPU's stays so until it is passed on. */
static bool is_mine(const struct uart *u)
{
	return READ_ONCE(u->to) && READ_ONCE(u->sender) == uart_host_cpu();
}

uint64_t uart_due(void)
{
	uint64_t first = 0;

	for (unsigned i = 0; i < ARRAY_LEN(uarts); i++) {
		uint64_t due = is_mine(&uarts[i]) ? READ_ONCE(uarts[i].due) : 0;

		if (due && (!first || due < first))
			first = due;
	}
	return first;
}

/* When the real port is not ready: again after another FIFO's time. */
static void service(struct uart *u, bool idle)
{
	uint64_t now = uart_host_tsc();

	if (u->to && (idle || now >= u->due) && !pass_on_if_empty(u))
		u->due = now + uart_host_ticks(UART_FIFO_US);
}

void uart_service(bool idle)
{
	for (unsigned i = 0; i < ARRAY_LEN(uarts); i++) {
		if (!is_mine(&uarts[i]))
			continue;
		spin_lock(&uarts[i].lock);
		service(&uarts[i], idle);
		spin_unlock(&uarts[i].lock);
	}
}

void uart_end(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(uarts); i++)
		pass_on(&uarts[i]);
}
