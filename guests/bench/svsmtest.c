/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Raw calls to the SVSM. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi/svsm.h"
#include "bench/svsmtest.h"
#include "module/keelson_ioctl.h"
#include "tools/external.h"

static int svsm = -1;
static struct keelson_page page;

bool svsmtest_open(void)
{
	svsm = open("/dev/keelson-svsm", O_RDWR | O_CLOEXEC);
	if (svsm >= 0 && ioctl(svsm, KEELSON_PAGE, &page) == 0)
		return true;
	external_fail(EXTERNAL_HERE, "/dev/keelson-svsm: %s", strerror(errno));
	return false;
}

bool svsmtest_repeat(struct keelson_repeat *r)
{
	if (ioctl(svsm, KEELSON_REPEAT, r) == 0)
		return true;
	external_fail(EXTERNAL_HERE, "repeated call: %s", strerror(errno));
	return false;
}

/* Until it is done: a long request is answered INCOMPLETE and goes on with the next call. */
static bool call(uint32_t number, struct keelson_call *c)
{
	const struct keelson_call in = *c;

	do {
		*c = in;
		c->rax = (uint64_t)SVSM_PROTO_TEST << 32 | number;
		c->pending = 1;
		if (ioctl(svsm, KEELSON_CALL, c) != 0) {
			external_fail(EXTERNAL_HERE, "raw call %u: %s", number, strerror(errno));
			return false;
		}
	} while (c->rax == SVSM_ERR_INCOMPLETE || c->rax == SVSM_ERR_BUSY);
	if (c->rax != SVSM_SUCCESS)
		external_fail(EXTERNAL_HERE, "raw call %u: 0x%llx (is this a test build?)", number,
			      (unsigned long long)c->rax);
	return c->rax == SVSM_SUCCESS;
}

/*
 * Two steps: SAVE makes a blob inside the SVSM, GET copies it out a page at a time. 0: it failed,
 * or there is not enough room.
 */
uint32_t svsmtest_snapshot(uint8_t *to, uint32_t room)
{
	struct keelson_call c = {0};
	uint32_t len;

	if (!call(SVSM_TEST_VTPM_SAVE, &c) || c.rcx > room)
		return 0;
	len = (uint32_t)c.rcx;
	for (uint32_t at = 0; at < len; at += PAGE_SIZE) {
		uint32_t piece = MIN(PAGE_SIZE, len - at);

		c = (struct keelson_call){.rcx = page.gpa, .rdx = at};
		if (!call(SVSM_TEST_VTPM_GET, &c) || pread(svsm, to + at, piece, 0) != piece)
			return 0;
	}
	return len;
}

/* The same backwards: PUT a page at a time, then LOAD makes the blob the TPM's state. */
bool svsmtest_restore(const uint8_t *from, uint32_t len)
{
	struct keelson_call c;

	for (uint32_t at = 0; at < len; at += PAGE_SIZE) {
		uint32_t piece = MIN(PAGE_SIZE, len - at);

		c = (struct keelson_call){.rcx = page.gpa, .rdx = at, .r8 = piece};
		if (pwrite(svsm, from + at, piece, 0) != piece || !call(SVSM_TEST_VTPM_PUT, &c))
			return false;
	}
	c = (struct keelson_call){.rcx = len};
	return call(SVSM_TEST_VTPM_LOAD, &c);
}

bool svsmtest_stats(struct svsmtest_stats *stats)
{
	struct keelson_call c = {0};

	if (!call(SVSM_TEST_STATS, &c))
		return false;
	*stats = (struct svsmtest_stats){c.rcx, c.rdx, c.r8, c.r9};
	return true;
}
