/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Which device of the machine's an access to a port reaches, and which writes end the run. Ports
 * that are QEMU's cannot be tried here.
 *
 * sources: launch/machine/dev/ports.c
 */
#include "machine/dev/cmos.h"
#include "machine/dev/debugcon.h"
#include "machine/dev/disk/disk.h"
#include "machine/dev/fwcfg/fwdev.h"
#include "machine/dev/pci/pciconf.h"
#include "machine/dev/pic.h"
#include "machine/dev/pm.h"
#include "machine/dev/ports.h"
#include "machine/dev/uart.h"
#include "tests/native/check.h"

#include <string.h>

static struct {
	const char *who;
	uint16_t port;
	unsigned size;
	uint32_t value;
} noted[8];
static unsigned calls;
static bool off; /* what pm_out() says */

static void note(const char *who, uint16_t port, unsigned size, uint32_t value)
{
	if (CHECK(calls < ARRAY_LEN(noted))) {
		noted[calls].who = who;
		noted[calls].port = port;
		noted[calls].size = size;
		noted[calls].value = value;
	}
	calls++;
}

uint8_t uart_in(uint16_t port)
{
	note("uart", port, 1, 0);
	return 0x11;
}

void uart_out(uint16_t port, uint8_t value)
{
	note("uart", port, 1, value);
}

bool uart_at(uint16_t port)
{
	return port == 0x3f8;
}

void uart_out_string(uint16_t port, const uint8_t *data, size_t n)
{
	note("uart", port, (unsigned)n, data[0]);
}

bool debugcon_at(uint16_t port)
{
	return port == 0x402;
}

void debugcon_out_string(const uint8_t *data, size_t n)
{
	note("debugcon", 0x402, (unsigned)n, data[0]);
}

uint8_t pic_in(uint16_t port)
{
	note("pic", port, 1, 0);
	return (uint8_t)port;
}

void pic_out(uint16_t port, uint8_t value)
{
	note("pic", port, 1, value);
}

uint8_t cmos_in(uint16_t port)
{
	note("cmos", port, 1, 0);
	return (uint8_t)port;
}

void cmos_out(uint16_t port, uint8_t value)
{
	note("cmos", port, 1, value);
}

uint32_t pm_in(uint16_t port, unsigned size)
{
	note("pm", port, size, 0);
	return 0x12345678;
}

bool pm_out(uint16_t port, unsigned size, uint32_t value)
{
	note("pm", port, size, value);
	return off;
}

uint32_t pciconf_in(uint16_t port, unsigned size)
{
	note("pci", port, size, 0);
	return 0;
}

/* What the disk is to hear of comes between these two. */
static int disk_waits;

void disk_begin(void)
{
	disk_waits++;
}

void disk_end(void)
{
	disk_waits--;
}

void pciconf_out(uint16_t port, unsigned size, uint32_t value)
{
	note("pci", port, size, value);
	CHECK_EQ(disk_waits, 1);
}

uint32_t fwdev_in(uint16_t port, unsigned size)
{
	note("fwcfg", port, size, 0);
	return 0x55;
}

void fwdev_out(uint16_t port, unsigned size, uint32_t value)
{
	note("fwcfg", port, size, value);
}

void fwdev_in_string(uint8_t *to, size_t n)
{
	memset(to, 0x55, n);
	note("fwcfg", 0, (unsigned)n, 0);
}

static enum ports_event out(uint16_t port, unsigned size, uint32_t value)
{
	calls = 0;
	return ports_out(port, size, value);
}

static void check_call(unsigned n, const char *who, uint16_t port, unsigned size, uint32_t value)
{
	CHECK_STR(noted[n].who, who);
	CHECK_EQ(noted[n].port, port);
	CHECK_EQ(noted[n].size, size);
	CHECK_EQ(noted[n].value, value);
}

TEST(each_port_has_its_device)
{
	CHECK_EQ(out(0x510, 2, 0x19), PORTS_NOTHING);
	check_call(0, "fwcfg", 0x510, 2, 0x19);
	out(0x518, 4, 0x12345678);
	check_call(0, "fwcfg", 0x518, 4, 0x12345678);
	out(0x604, 2, 1);
	check_call(0, "pm", 0x604, 2, 1);
	out(0xb2, 1, 2);
	check_call(0, "pm", 0xb2, 1, 2);
	out(0x70, 1, 0xd);
	check_call(0, "cmos", 0x70, 1, 0xd);
	out(0xa1, 1, 0xff);
	check_call(0, "pic", 0xa1, 1, 0xff);
	out(0x2f9, 1, 1);
	check_call(0, "uart", 0x2f9, 1, 1);
	CHECK_EQ(calls, 1);
	calls = 0;
	CHECK_EQ(ports_in(0x608, 4), 0x12345678);
	CHECK_EQ(calls, 1);
}

TEST(eight_bits_are_one_access_a_byte)
{
	out(0x70, 2, 0x1234);
	CHECK_EQ(calls, 2);
	check_call(0, "cmos", 0x70, 1, 0x34);
	check_call(1, "cmos", 0x71, 1, 0x12);
	calls = 0;
	CHECK_EQ(ports_in(0x20, 2), 0x2120);
	CHECK_EQ(calls, 2);
	out(0xb2, 2, 0x302); /* no SMI by the back door */
	CHECK_EQ(calls, 2);
	check_call(0, "pm", 0xb2, 1, 2);
	check_call(1, "pm", 0xb3, 1, 3);
	out(0x67e, 2, 0); /* wide ones are not taken apart */
	CHECK_EQ(calls, 1);
}

/* QEMU would take these apart, and its power management would see SLP_EN at 0x605. */
TEST(no_sleep_by_the_register_before)
{
	out(0x602, 4, 0x20000000);
	CHECK_EQ(calls, 4);
	check_call(3, "pm", 0x605, 1, 0x20);
	out(0x605, 2, 0x20);
	check_call(0, "pm", 0x605, 1, 0x20);
}

TEST(configuration)
{
	out(0xcf8, 4, 0x80000060);
	check_call(0, "pci", 0xcf8, 4, 0x80000060);
	out(0xcfe, 2, 1);
	check_call(0, "pci", 0xcfe, 2, 1);
	CHECK_EQ(disk_waits, 0);
}

TEST(writes_that_end_the_run)
{
	CHECK_EQ(out(0xcf9, 1, 6), PORTS_RESET);
	CHECK_EQ(out(0xcf9, 1, 2), PORTS_NOTHING);
	CHECK_EQ(out(0x64, 1, 0xfe), PORTS_RESET_KEYBOARD);
	CHECK_EQ(out(0x92, 1, 3), PORTS_RESET_FAST);
	CHECK_EQ(out(0x92, 1, 2), PORTS_NOTHING);
	CHECK_EQ(calls, 0);
	off = true;
	CHECK_EQ(out(0x604, 2, 0x2000), PORTS_POWER_OFF);
	off = false;
}

TEST(what_is_absent)
{
	calls = 0;
	CHECK_EQ(ports_in(0xcd8, 4), 0xffffffff);
	CHECK_EQ(ports_in(0x60, 1), 0xff);
	CHECK_EQ(ports_in(0x92, 1), 2);
	CHECK_EQ(ports_in(0x404, 1), 0xff);
	CHECK_EQ(out(0xf4, 4, 0x10), PORTS_NOTHING);
	CHECK_EQ(out(0xf2, 4, 0x10101010), PORTS_NOTHING); /* touches it */
	CHECK_EQ(calls, 0);
}

TEST(strings)
{
	uint8_t b[4] = {1};

	calls = 0;
	CHECK(ports_in_string(0x511, b, sizeof(b)));
	CHECK_EQ(b[3], 0x55);
	CHECK(!ports_in_string(0x3f8, b, sizeof(b)));
	CHECK(ports_out_string(0x3f8, b, sizeof(b)));
	CHECK(!ports_out_string(0x511, b, sizeof(b)));
	CHECK_EQ(calls, 2);
}
