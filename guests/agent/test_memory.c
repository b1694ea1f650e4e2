/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Memory: the private kind that the SVSM validated, and the shared kind that devices reach. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "agent/agent.h"
#include "lib/crc32.h"

static uint64_t pattern(uint64_t i)
{
	i ^= 0x9e3779b97f4a7c15ull;
	i *= 0xbf58476d1ce4e5b9ull;
	return i ^ (i >> 29);
}

AGENT_TEST(fill, "memory-fill", "half of the free memory is written and reads back")
{
	struct sysinfo si;
	size_t words, wrong = 0;
	uint64_t *m;

	sysinfo(&si);
	words = si.freeram * si.mem_unit / 2 / sizeof(uint64_t);
	m = mmap(NULL, words * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(m != MAP_FAILED);
	if (m == MAP_FAILED)
		return;
	for (size_t i = 0; i < words; i++)
		m[i] = pattern(i);
	for (size_t i = 0; i < words; i++)
		wrong += m[i] != pattern(i);
	CHECK_EQ(wrong, 0);
	agent_log("%zu MiB", words * 8 >> 20);
	munmap(m, words * 8);
}

enum {
	DISK_CHUNK = 1 << 20
};

static int open_disk(int flags)
{
	int fd;

	/* virtio-blk is a module of Debian's kernel; virtio-pci is built in. */
	if (!agent_load_module("virtio_blk"))
		return -1;
	for (int i = 0; i < 200; i++) {
		fd = open("/dev/vda", flags | O_DIRECT | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		usleep(10000);
	}
	return -1;
}

static uint32_t disk_crc(int fd, void *buf, uint64_t *bytes)
{
	uint32_t crc = 0;
	ssize_t n;

	*bytes = 0;
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, DISK_CHUNK)) > 0) {
		crc = crc32_update(crc, buf, n);
		*bytes += n;
	}
	return crc;
}

/* The harness answers "crc32 disk" with the CRC and size of the file behind the disk. */
static void compare_with_host(int fd, void *buf)
{
	char answer[128], mine[64];
	uint64_t bytes;
	uint32_t crc = disk_crc(fd, buf, &bytes);

	snprintf(mine, sizeof(mine), "%08x %llu", crc, (unsigned long long)bytes);
	if (!agent_host("crc32\tdisk", answer, sizeof(answer)) || strcmp(answer, mine))
		agent_fail(AGENT_HERE, "the guest reads \"%s\", the host has \"%s\"", mine, answer);
}

AGENT_TEST(disk_read, "disk-read", "a virtio disk read through swiotlb equals the host's file")
{
	void *buf = aligned_alloc(4096, DISK_CHUNK);
	int fd = open_disk(O_RDONLY);

	if (fd < 0)
		agent_fail(AGENT_HERE, "no virtio disk: %s", strerror(errno));
	else
		compare_with_host(fd, buf);
	close(fd);
	free(buf);
}

AGENT_TEST(disk_write, "disk-write",
	   "what the guest writes to the disk is what the host's file holds")
{
	uint64_t *buf = aligned_alloc(4096, DISK_CHUNK);
	int fd = open_disk(O_RDWR);

	if (fd < 0) {
		agent_fail(AGENT_HERE, "no virtio disk: %s", strerror(errno));
	} else {
		for (int chunk = 0; chunk < 4; chunk++) {
			for (size_t i = 0; i < DISK_CHUNK / 8; i++)
				buf[i] = pattern(i + chunk * 7919ull);
			CHECK_EQ(pwrite(fd, buf, DISK_CHUNK, (off_t)chunk * DISK_CHUNK),
				 DISK_CHUNK);
		}
		CHECK_EQ(fsync(fd), 0);
		compare_with_host(fd, buf);
	}
	close(fd);
	free(buf);
}

AGENT_TEST(swiotlb, "swiotlb-forced", "the kernel bounces all device traffic through shared pages")
{
	char text[64];
	char *log = agent_dmesg();

	CHECK(strstr(log, "software IO TLB: mapped") != NULL);
	CHECK(agent_read("/sys/kernel/debug/swiotlb/io_tlb_nslabs", text, sizeof(text)) > 0);
	CHECK(atol(text) > 0);
	agent_log("%s slabs", text);
	free(log);
}
