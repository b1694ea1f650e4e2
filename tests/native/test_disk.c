/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The disk of a run that can be repeated, as a driver finds it (virtio 1.2, 2.7 and 5.2.6):
 * requests, what is refused, and when it sends a message.
 *
 * sources: launch/machine/dev/disk/disk.c launch/machine/dev/disk/driver.c launch/machine/dev/disk/function.c
 * sources: launch/machine/dev/disk/image.c launch/machine/dev/disk/memory.c launch/machine/dev/disk/queue.c
 * sources: launch/machine/dev/disk/request.c tests/native/fake_disk.c
 */
#include "machine/dev/disk/disk.h"
#include "machine/dev/disk/register.h"
#include "tests/native/check.h"
#include "tests/native/fake_disk.h"

#include <string.h>

static uint16_t issued; /* available.index */

static void put(uint32_t at, uint64_t value, unsigned len)
{
	memcpy(guest + at, &value, len);
}

static uint64_t got(uint32_t at, unsigned len)
{
	uint64_t value = 0;

	memcpy(&value, guest + at, len);
	return value;
}

static void describe(unsigned n, uint64_t at, uint32_t len, unsigned flags, unsigned next)
{
	put(DESCRIPTORS + n * 16, at, 8);
	put(DESCRIPTORS + n * 16 + 8, len, 4);
	put(DESCRIPTORS + n * 16 + 12, flags, 2);
	put(DESCRIPTORS + n * 16 + 14, next, 2);
}

/* A write of the guest's to a device. */
static bool kick(uint64_t a, unsigned len, uint64_t value)
{
	bool taken;

	disk_begin();
	taken = disk_kick(a, len, value);
	disk_end();
	return taken;
}

/* One to registers that the disk does not take. */
static void settle(void)
{
	CHECK(!kick(NOTIFY + 4, 4, 0));
}

static void make_available(uint16_t head)
{
	put(AVAILABLE + 4 + issued % ENTRIES * 2, head, 2);
	put(AVAILABLE + 2, ++issued, 2);
}

static void offer(void)
{
	make_available(0);
	CHECK(kick(NOTIFY, 2, 0));
}

/* A request of one part of data; its status, 0xee where the device has answered nothing. */
static uint8_t request(uint32_t type, uint64_t sector, uint64_t at, uint32_t len)
{
	bool in = type != 1;

	put(HEADER, type, 8);
	put(HEADER + 8, sector, 8);
	guest[STATUS] = 0xee;
	describe(0, HEADER, 16, 1, len ? 1 : 2);
	describe(1, at, len, in ? 3 : 1, 2);
	describe(2, STATUS, 1, 2, 0);
	offer();
	return guest[STATUS];
}

static uint64_t status(void)
{
	return disk_reg_read(REGISTERS + 0x14, 1);
}

/* As QEMU does it: no vector stays (hw/virtio/virtio.c, virtio_reset()). */
static void reset(void)
{
	disk_begin();
	memset(registers, 0, sizeof(registers));
	disk_reg_write(REGISTERS + 0x10, 2, 0xffff);
	disk_reg_write(REGISTERS + 0x1a, 2, 0xffff);
	disk_end();
}

static void set_up(void)
{
	issued = 0;
	memset(guest, 0, DATA);
	disk_reg_write(REGISTERS + 0x14, 1, 0xf); /* DRIVER_OK among them */
	disk_reg_write(REGISTERS + 0x18, 2, ENTRIES);
	disk_reg_write(REGISTERS + 0x1c, 2, 1);
	disk_reg_write(REGISTERS + 0x20, 8, DESCRIPTORS);
	disk_reg_write(REGISTERS + 0x28, 8, AVAILABLE);
	disk_reg_write(REGISTERS + 0x30, 8, USED);
	disk_reg_write(REGISTERS + 0x10, 2, 1);
	disk_reg_write(REGISTERS + 0x1a, 2, 0);
}

static void start(void)
{
	static bool once;

	memset(guest, 0, sizeof(guest));
	for (unsigned i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7 + i / 256);
	if (!once)
		disk_init();
	once = true;
	pages_left = 100;
	command = MASTER | 2;
	msix_control = 1u << 31 | 1u << 16; /* on, two vectors */
	entry[0] = entry[4] = 0xfee01000;
	entry[2] = 0x31;
	entry[6] = 0x32;
	entry[3] = entry[7] = 0;
	reset();
	set_up();
	messages = config_messages = lines = refused.n = 0;
}

TEST(a_read_gives_what_the_file_has)
{
	start();
	CHECK_EQ(request(0, 3, DATA + 100, 2 * PAGE_SIZE), 0);
	CHECK_MEM(guest + DATA + 100, file + 3 * 512, 2 * PAGE_SIZE);
	CHECK_EQ(got(USED + 2, 2), 1);
	CHECK_EQ(got(USED + 4 + 4, 4), 2 * PAGE_SIZE + 1); /* with the status */
	CHECK_EQ(messages, 1);
}

TEST(what_is_written_is_read_and_the_file_stays)
{
	static uint8_t before[sizeof(file)];

	start();
	memcpy(before, file, sizeof(file));
	memset(guest + DATA, 0x5a, 1024);
	CHECK_EQ(request(1, 7, DATA, 1024), 0); /* over the end of a page */
	CHECK_EQ(got(USED + 4 + 4, 4), 1);
	CHECK_EQ(request(4, 0, 0, 0), 0);
	CHECK_EQ(request(0, 6, DATA + 1024, 2048), 0);
	CHECK_MEM(guest + DATA + 1024, before + 6 * 512, 512);
	CHECK_MEM(guest + DATA + 1536, guest + DATA, 1024);
	CHECK_MEM(guest + DATA + 2560, before + 9 * 512, 512);
	CHECK_MEM(file, before, sizeof(file));
}

TEST(the_last_sector_and_what_lies_behind_it)
{
	uint64_t last = sizeof(file) / 512 - 1;

	start();
	CHECK_EQ(request(1, last, DATA, 512), 0);
	CHECK_EQ(request(0, last, DATA, 512), 0);
	CHECK_EQ(request(0, last, DATA, 1024), 1);
	CHECK_EQ(request(0, last + 1, DATA, 512), 1);
	CHECK_EQ(request(0, ~0ull / 512 + 1, DATA, 512), 1); /* times 512 it is 0 */
	CHECK_EQ(request(0, 0, DATA, 100), 1);               /* no whole sector */
	CHECK_EQ(request(11, 0, DATA, 512), 2);              /* discard, which is not offered */
}

TEST(memory_that_is_not_shared)
{
	start();
	CHECK_EQ(request(0, 0, SHARED - 512, 1024), 1);
	CHECK_EQ(request(1, 0, SHARED, 512), 1);
	CHECK_EQ(request(0, 0, ~0ull - 511, 1024), 1);
	put(HEADER, 0, 8);
	describe(0, SHARED, 16, 1, 2); /* the header: no request that could be answered */
	guest[STATUS] = 0xee;
	offer();
	CHECK_EQ(guest[STATUS], 0xee);
	CHECK_EQ(got(USED + 2, 2), 3);
	CHECK_EQ(status(), 0x4f);
}

/* As of any device behind the IOMMU: APM vol. 2, 15.36.10. */
TEST(what_is_refused_is_told_as_of_other_devices)
{
	start();
	request(0, 0, SHARED - 512, 1024);
	CHECK_EQ(refused.n, 1);
	CHECK_EQ(refused.device, FUNCTION);
	CHECK_EQ(refused.at, SHARED);
	CHECK(refused.write);
	request(1, 0, SHARED, 512);
	CHECK_EQ(refused.n, 2);
	CHECK(!refused.write);
}

/* One request of a single chain of descriptors; true: the device finds it broken. */
static bool breaks(void)
{
	uint64_t before = got(USED + 2, 2);
	unsigned told = config_messages;

	offer();
	if (!(status() & 0x40))
		return false;
	CHECK_EQ(got(USED + 2, 2), before);
	CHECK_EQ(messages, 0);
	CHECK_EQ(config_messages, told + 1);
	reset();
	set_up();
	return true;
}

/* virtio 1.2, 2.1.2: a device in error sets DEVICE_NEEDS_RESET, and sends a notification of a
 * change of configuration. 2.7.4.2: what the device writes comes last. 5.2.6: a header of 16. */
TEST(chains_that_are_none_break_it)
{
	start();
	describe(0, HEADER, 16, 1, 0); /* a ring */
	CHECK(breaks());
	describe(0, HEADER, 16, 1, ENTRIES); /* out of the table */
	CHECK(breaks());
	describe(0, HEADER, 16, 4, 0); /* indirect */
	CHECK(breaks());
	describe(0, HEADER, 16, 0, 0); /* a header alone */
	CHECK(breaks());
	describe(0, HEADER, 15, 1, 1); /* less than one */
	describe(1, STATUS, 1, 2, 0);
	CHECK(breaks());
	describe(0, STATUS, 1, 3, 1); /* the wrong way round */
	describe(1, HEADER, 16, 0, 0);
	CHECK(breaks());
	put(AVAILABLE + 2, ENTRIES,
	    2); /* with the one that breaks() adds: more than there can be */
	issued = ENTRIES;
	CHECK(breaks());
	CHECK_EQ(request(0, 0, DATA, 512), 0);
}

TEST(broken_it_does_nothing_until_a_reset)
{
	start();
	describe(0, HEADER, 16, 0, 0);
	offer();
	CHECK_EQ(status(), 0x4f);
	CHECK_EQ(request(0, 0, DATA, 512), 0xee);
	CHECK_EQ(config_messages, 1);
	reset();
	CHECK_EQ(status(), 0);
	set_up();
	CHECK_EQ(request(0, 0, DATA, 512), 0);
}

/* 2.7.4: how a buffer is cut into descriptors says nothing. */
TEST(any_framing_of_a_request)
{
	start();
	put(HEADER, 0, 8); /* read: header in three, data and status in one, and an empty one */
	put(HEADER + 8, 2, 8);
	describe(0, HEADER, 3, 1, 1);
	describe(1, HEADER + 3, 12, 1, 2);
	describe(2, HEADER + 15, 1, 1, 3);
	describe(3, DATA, 1024 + 1, 3, 4);
	describe(4, 0, 0, 2, 0);
	offer();
	CHECK_EQ(status(), 0xf);
	CHECK_MEM(guest + DATA, file + 2 * 512, 1024);
	CHECK_EQ(guest[DATA + 1024], 0);
	CHECK_EQ(got(USED + 4 + 4, 4), 1024 + 1);

	put(DATA, 1, 8); /* write: header and data in one */
	put(DATA + 8, 4, 8);
	memset(guest + DATA + 16, 0x3c, 512);
	guest[STATUS] = 0xee;
	describe(0, DATA, 16 + 512, 1, 1);
	describe(1, STATUS, 1, 2, 0);
	offer();
	CHECK_EQ(guest[STATUS], 0);
	CHECK_EQ(request(0, 4, DATA, 512), 0);
	CHECK_EQ(guest[DATA], 0x3c);
	CHECK_EQ(guest[DATA + 511], 0x3c);
}

/* 2.7.8.2: the device wrote so many bytes from the first on. */
TEST(bytes_that_were_not_written_are_not_counted)
{
	start();
	CHECK_EQ(request(0, ~0ull / 1024, DATA, 512), 1);
	CHECK_EQ(got(USED + 4 + 4, 4), 0);
	CHECK_EQ(request(0, 0, SHARED - 512, 1024), 1);
	CHECK_EQ(got(USED + 12 + 4, 4), 512);
}

/* A guest of one CPU waits for its request; others wait for that CPU. */
TEST(one_visit_does_so_much)
{
	start();
	CHECK_EQ(request(0, 24, DATA, 3u << 20), 0xee);
	CHECK(disk_busy());
	CHECK_MEM(guest + DATA, file + 24 * 512, (1u << 20) - 2 * PAGE_SIZE);
	CHECK_EQ(guest[DATA + (1u << 20) + 1], 0);
	CHECK_EQ(got(USED + 2, 2), 0);
	disk_turn();
	disk_turn();
	CHECK(disk_busy());
	disk_turn();
	CHECK(!disk_busy());
	CHECK_EQ(guest[STATUS], 0);
	CHECK_MEM(guest + DATA, file + 24 * 512, 3u << 20);
	CHECK_EQ(messages, 1);
}

/* The queue full of large ones: two a visit, less what they cost besides. */
TEST(many_requests_take_their_visits)
{
	unsigned visits = 0;

	start();
	put(HEADER, 0, 8);
	put(HEADER + 8, 0, 8);
	describe(0, HEADER, 16, 1, 1);
	describe(1, DATA, 512u << 10, 3, 2);
	describe(2, STATUS, 1, 2, 0);
	for (unsigned i = 0; i < ENTRIES; i++)
		make_available(0);
	CHECK(kick(NOTIFY, 2, 0));
	for (; disk_busy() && visits < 100; visits++)
		disk_turn();
	CHECK_EQ(got(USED + 2, 2), ENTRIES);
	CHECK_EQ(visits, 4);
}

/* virtio 1.2, 2.4.1: after a reset the device writes no buffer of its driver's. */
TEST(a_reset_ends_a_request)
{
	start();
	CHECK_EQ(request(0, 0, DATA, 3u << 20), 0xee);
	reset();
	CHECK(!disk_busy());
	memset(guest, 0, sizeof(guest));
	set_up();
	disk_turn();
	settle();
	CHECK_EQ(guest[DATA + (2u << 20)], 0);
	CHECK_EQ(got(USED + 2, 2), 0);
	CHECK_EQ(request(0, 1, DATA, 512), 0);
	CHECK_MEM(guest + DATA, file + 512, 512);
}

/* PCI Local Bus 3.0, 6.2.2: what is no bus master makes no access. */
TEST(no_bus_master)
{
	start();
	command = 2;
	CHECK_EQ(request(0, 0, DATA, 512), 0xee);
	CHECK(!disk_busy());
	command |= MASTER;
	CHECK(kick(NOTIFY, 2, 0));
	CHECK_EQ(guest[STATUS], 0);
	CHECK_EQ(messages, 1);
}

TEST(a_message_waits_for_the_bus)
{
	start();
	entry[3] = 1;
	request(0, 0, DATA, 512);
	entry[3] = 0;
	command = 2;
	settle();
	CHECK_EQ(messages, 0);
	command |= MASTER;
	settle();
	CHECK_EQ(messages, 1);
}

TEST(no_memory_is_left)
{
	start();
	pages_left = 0;
	CHECK_EQ(request(1, 16, DATA, 512), 1);
}

TEST(messages_wait_while_they_are_masked)
{
	start();
	entry[3] = 1;
	request(0, 0, DATA, 512);
	settle();
	CHECK_EQ(messages, 0);
	entry[3] = 0;
	settle();
	settle();
	CHECK_EQ(messages, 1);
	put(AVAILABLE, 1, 2); /* the driver polls */
	request(0, 0, DATA, 512);
	CHECK_EQ(messages, 1);
}

TEST(a_message_does_not_outlive_a_reset)
{
	start();
	entry[3] = 1;
	request(0, 0, DATA, 512);
	reset();
	set_up();
	entry[3] = 0;
	settle();
	CHECK_EQ(messages, 0);
}

TEST(a_bad_entry_is_told_once)
{
	start();
	entry[2] = 0x33; /* what lapic_message() refuses here */
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(request(0, 0, DATA, 512), 0);
	CHECK_EQ(lines, 1);
	CHECK_EQ(messages, 0);
}

/* virtio 1.2, 4.1.4.9: a write to the capability's last dword is one to the registers. */
static bool by_window(uint16_t function, uint16_t reg, uint32_t offset, uint32_t length)
{
	const struct pci_write w = {function, reg, 4, 0};
	bool taken;

	window_offset = offset;
	window_length = length;
	disk_begin();
	taken = watcher(&w);
	disk_end();
	return taken;
}

TEST(the_window_in_configuration_notifies_the_machine)
{
	start();
	CHECK_EQ(request(0, 0, DATA, 512), 0);
	make_available(0);
	guest[STATUS] = 0xee;
	CHECK(!by_window(FUNCTION, WINDOW + 16, 0x14, 1));       /* the status, say */
	CHECK(!by_window(FUNCTION, WINDOW + 12, 0x3000, 2));     /* not the data */
	CHECK(!by_window(FUNCTION + 1, WINDOW + 16, 0x3000, 2)); /* somebody else's */
	CHECK(!by_window(FUNCTION, WINDOW + 16, 0x3004, 2));
	CHECK(by_window(FUNCTION, WINDOW + 16, 0x2fff, 4));
	CHECK(by_window(FUNCTION, WINDOW + 16, 0x3003, 1));
	CHECK_EQ(guest[STATUS], 0xee);
	CHECK(by_window(FUNCTION, WINDOW + 16, 0x3000, 2));
	CHECK_EQ(guest[STATUS], 0);
}

/* QEMU takes any write to the notification's four bytes for one (hw/virtio/virtio-pci.c,
 * virtio_pci_notify_write()), and would serve the queue on the user's file. */
TEST(qemu_sees_no_notification)
{
	start();
	CHECK_EQ(request(0, 0, DATA, 512), 0);
	put(AVAILABLE + 4 + issued % ENTRIES * 2, 0, 2);
	put(AVAILABLE + 2, ++issued, 2);
	CHECK(kick(NOTIFY, 4, 0));
	CHECK(kick(NOTIFY, 1, 0));
	CHECK(kick(NOTIFY + 3, 1, 0));
	CHECK(kick(NOTIFY - 4, 8, 0));
	CHECK_EQ(got(USED + 2, 2), (uint16_t)(issued - 1));
	CHECK(kick(NOTIFY, 2, 0));
	CHECK_EQ(got(USED + 2, 2), issued);
}

TEST(what_is_no_notification)
{
	start();
	CHECK(!kick(NOTIFY + 4, 2, 0));
	CHECK(!kick(NOTIFY - 2, 2, 0));
	disk_reg_write(REGISTERS + 0x14, 1, 0xb); /* all but DRIVER_OK */
	CHECK_EQ(request(0, 0, DATA, 512), 0xee);
}
