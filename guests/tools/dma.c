/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A Linux driver's DMA (guests/module/edu.c): what goes by the kernel's DMA interface works, and a
 * private page, handed to the device as it is, is out of its reach. Suite linux-dma; what the
 * monitor says of it tests/integration/test_dma.py reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module/keelson_ioctl.h"
#include "tools/external.h"

#define MODULE_FILE "/modules/keelson.ko"
#define DEVICE      "/dev/keelson-edu"

static bool load(void)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return external_skip("no keelson.ko for this kernel"), false;
	ok = syscall(SYS_finit_module, fd, "", 0) == 0 || errno == EEXIST;
	if (!ok)
		external_fail(EXTERNAL_HERE, "keelson.ko does not load: %s", strerror(errno));
	close(fd);
	return ok;
}

static bool try_dma(struct keelson_dma *dma)
{
	int fd = load() ? open(DEVICE, O_RDWR | O_CLOEXEC) : -1;
	bool ok;

	if (fd < 0)
		return false;
	ok = ioctl(fd, KEELSON_DMA, dma) == 0;
	if (!ok)
		external_fail(EXTERNAL_HERE, "the device did not copy: %s", strerror(errno));
	close(fd);
	return ok;
}

EXTERNAL_TEST(coherent, "dma-coherent", "a device reads and writes a page of dma_alloc_coherent")
{
	struct keelson_dma dma = {.coherent = 1};

	CHECK(try_dma(&dma));
	CHECK_EQ(dma.written, KEELSON_DMA_BYTES);
	CHECK_EQ(dma.read, KEELSON_DMA_BYTES);
}

EXTERNAL_TEST(private, "dma-private",
	      "a device neither reads nor writes a kernel page that the driver forgot to share")
{
	struct keelson_dma dma = {.coherent = 0};

	CHECK(try_dma(&dma));
	CHECK_EQ(dma.written, 0);
	CHECK_EQ(dma.read, 0);
	external_log("private page 0x%llx", (unsigned long long)dma.address);
}

EXTERNAL_TEST(after, "dma-after", "and the device goes on working")
{
	struct keelson_dma dma = {.coherent = 1};

	CHECK(try_dma(&dma));
	CHECK_EQ(dma.written, KEELSON_DMA_BYTES);
	CHECK_EQ(dma.read, KEELSON_DMA_BYTES);
}
