/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The GHCB's IOIO event: sizes, strings, and interrupts that a device raises by what was written;
 * and the answer in one exit.
 *
 * sources: launch/machine/hv/ghcb/nae_ioio.c
 */
#include "abi/ghcb.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/dev/ports.h"
#include "machine/hv/ghcb/ghcb.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/irq.h"
#include "machine/hv/stop.h"
#include "tests/native/check.h"

#include <stdlib.h>
#include <string.h>

#define PORT   0x3f8
#define STRING 0x511 /* the port that gives many bytes at once */

static struct vcpu v;
static struct hv_vcpu state;
struct hv_vcpu *hv_states[32] = {&state};
static unsigned outs, ins, windows, windows_at_out, failed_with;
static uint32_t written, device = 0xa5a5a5a5;
static uint8_t buffer[4096];
static unsigned strings;
static bool taken_away; /* the buffer is not shared any more */

uint32_t ports_in(uint16_t port, unsigned size)
{
	CHECK_EQ(port, PORT);
	ins++;
	return size == 4 ? device : device & ((1u << size * 8) - 1);
}

enum ports_event ports_out(uint16_t port, unsigned size, uint32_t value)
{
	(void)size;
	CHECK_EQ(port, PORT);
	outs++;
	written = value;
	windows_at_out = windows;
	return PORTS_NOTHING;
}

bool ports_out_string(uint16_t port, const uint8_t *data, size_t n)
{
	(void)port, (void)data;
	outs += (unsigned)n;
	windows_at_out = windows;
	return true;
}

/* Counts on from call to call, as a device does. */
bool ports_in_string(uint16_t port, uint8_t *data, size_t n)
{
	static uint8_t next;

	if (port != STRING)
		return false;
	next = strings++ ? next : 0;
	while (n--)
		*data++ = next++;
	return true;
}

void irq_take(struct vcpu *who)
{
	CHECK(who == &v);
	windows++;
}

void stop_power_off(struct vcpu *who)
{
	(void)who;
	abort();
}

void stop_reset(struct vcpu *who, const char *how)
{
	(void)who, (void)how;
	abort();
}

void ghcb_fail(struct ghcb_call *c, unsigned reason)
{
	(void)c;
	failed_with = reason;
}

void ghcb_set_rax(struct ghcb_call *c, uint64_t value)
{
	c->rax = value;
}

bool ghcb_needs_met(const struct ghcb_call *c, unsigned needs)
{
	(void)c, (void)needs;
	return true;
}

void *ghcb_scratch(const struct ghcb_call *c, uint64_t len)
{
	(void)c;
	return len <= sizeof(buffer) ? buffer : NULL;
}

bool ghcb_store(const struct ghcb_call *c, void *to, const void *from, size_t n)
{
	(void)c;
	if (!taken_away)
		memcpy(to, from, n);
	return !taken_away;
}

extern const struct nae_handler __start_nae_handlers[], __stop_nae_handlers[];

static struct ghcb_call serve_port(uint64_t port, uint64_t info, uint64_t count, uint64_t rax)
{
	struct ghcb_call c = {.v = &v, .info1 = port << 16 | info, .info2 = count, .rax = rax};

	outs = ins = windows = windows_at_out = failed_with = 0;
	CHECK_EQ(__stop_nae_handlers - __start_nae_handlers, 1);
	__start_nae_handlers->run(&c);
	return c;
}

static struct ghcb_call serve(uint64_t info, uint64_t count, uint64_t rax)
{
	return serve_port(PORT, info, count, rax);
}

TEST(one_access)
{
	serve(IOIO_SZ8, 0, 0x1234);
	CHECK_EQ(outs, 1);
	CHECK_EQ(written, 0x34);
	serve(IOIO_SZ32, 0, 0x123456789aull);
	CHECK_EQ(written, 0x3456789a);
	CHECK_EQ(serve(IOIO_SZ16 | IOIO_IN, 0, 0).rax, 0xa5a5);
	CHECK_EQ(ins, 1);
	serve(IOIO_SZ8 | IOIO_SZ16, 0, 0);
	CHECK_EQ(failed_with, GHCB_ERR_INVALID_INPUT);
	CHECK_EQ(outs, 0);
}

/* The interrupt that an OUT has raised waits in the host's APIC when the device has been told. */
TEST(an_interrupt_of_an_out_is_taken_with_it)
{
	serve(IOIO_SZ8, 0, 1);
	CHECK_EQ(windows_at_out, 0);
	CHECK_EQ(windows, 1);
	serve(IOIO_SZ8 | IOIO_STR | IOIO_REP, 5, 0);
	CHECK_EQ(outs, 5);
	CHECK_EQ(windows_at_out, 0);
	CHECK_EQ(windows, 1);
	serve(IOIO_SZ8 | IOIO_IN, 0, 0); /* a read asks for none */
	CHECK_EQ(windows, 0);
}

/* A kernel of 24 MB comes so: not one access a byte. */
TEST(a_port_may_give_a_whole_buffer)
{
	strings = 0;
	memset(buffer, 0xee, sizeof(buffer));
	serve_port(STRING, IOIO_SZ8 | IOIO_STR | IOIO_REP | IOIO_IN, 3000, 0);
	CHECK_EQ(failed_with, 0);
	CHECK_EQ(ins, 0);
	CHECK(strings <= 3);
	for (unsigned i = 0; i < 3000; i++)
		if (!CHECK_EQ(buffer[i], i & 0xff))
			break;
	CHECK_EQ(buffer[3000], 0xee);
	serve(IOIO_SZ8 | IOIO_STR | IOIO_REP | IOIO_IN, 3, 0);
	CHECK_EQ(ins, 3);
	serve_port(STRING, IOIO_SZ8 | IOIO_STR | IOIO_REP | IOIO_IN, 0, 0);
	CHECK_EQ(failed_with, 0);
}

TEST(a_buffer_that_turns_private_is_refused)
{
	taken_away = true;
	serve_port(STRING, IOIO_SZ8 | IOIO_STR | IOIO_REP | IOIO_IN, 16, 0);
	CHECK_EQ(failed_with, GHCB_ERR_INVALID_SCRATCH);
	serve(IOIO_SZ8 | IOIO_STR | IOIO_REP | IOIO_IN, 3, 0);
	CHECK_EQ(failed_with, GHCB_ERR_INVALID_SCRATCH);
	CHECK_EQ(ins, 1);
	taken_away = false;
}

TEST(answered_at_once)
{
	uint32_t value = 0x1234567, port = (uint32_t)PORT << 16;

	outs = ins = 0;
	CHECK(vmm_fast_ioio(&v, port | IOIO_SZ16, &value));
	CHECK_EQ(written, 0x4567);
	CHECK(vmm_fast_ioio(&v, port | IOIO_SZ8 | IOIO_IN, &value));
	CHECK_EQ(value, 0xa5);
	CHECK(!vmm_fast_ioio(&v, port | IOIO_SZ8 | IOIO_STR, &value));
	CHECK_EQ(outs, 1);
	CHECK_EQ(ins, 1);
	CHECK_EQ(state.count[0][STAT_IOIO_FAST], 2);
}
