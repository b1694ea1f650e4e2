/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * What the harness has behind the channel (docs/channel.md): the file of the slots, and messages
 * for a key server.
 *
 * sources: harness/channel/channel_file.c harness/channel/forward.c
 * sources: launch/profiles/words.c harness/core/exitcode.c harness/core/util.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "harness/channel/channel_file.h"
#include "harness/channel/forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char state_path[64];

TEST(one_file_is_one_machines)
{
	char *why = NULL;
	int fd;

	snprintf(state_path, sizeof(state_path), "/tmp/test_channel.%d", getpid());
	fd = channel_file_open(state_path, &why);
	CHECK(fd >= 0);
	CHECK_EQ(channel_file_open(state_path, &why), (uint64_t)-1);
	CHECK_STR(why, "another machine uses it");
	free(why);
	CHECK_EQ(lseek(fd, 0, SEEK_END), CHANNEL_SLOTS * CHANNEL_SLOT_SIZE);
	CHECK_EQ(pwrite(fd, "x", 1, CHANNEL_SLOTS * CHANNEL_SLOT_SIZE), 1);
	close(fd);
	CHECK_EQ(channel_file_open(state_path, &why), (uint64_t)-1); /* longer: not one of ours */
	free(why);
	unlink(state_path);
}

/* ---- messages for a key server: a hostile SVSM, or a guest that writes to the port ---- */

static uint16_t tell(struct forward *f, uint32_t number, uint32_t offset, uint32_t total,
		     uint32_t n)
{
	static const uint8_t bytes[CHANNEL_DATA_MAX];

	return forward_tell(f, &(struct channel_part){number, offset, total}, bytes, n);
}

/* What a later part says of the length does not count, nor does what is longer than a message. */
TEST(parts_that_do_not_fit_are_refused)
{
	struct forward *f = forward_new("/nowhere/at/all");
	struct channel_part part = {1, 0, 0};
	uint8_t to[CHANNEL_DATA_MAX];
	uint32_t n = 0;

	CHECK_EQ(tell(f, 1, 4096, 16384, 4096), CHANNEL_REFUSED); /* no beginning */
	CHECK_EQ(tell(f, 1, 0, 16385, 4096), CHANNEL_REFUSED);
	CHECK_EQ(tell(f, 1, 0, ~0u, 4096), CHANNEL_REFUSED);
	CHECK_EQ(tell(f, 1, 0, 16384, 0), CHANNEL_REFUSED);
	CHECK_EQ(tell(f, 1, 0, 10, 11), CHANNEL_REFUSED);
	CHECK_EQ(tell(f, 1, 0, 16384, 4096), CHANNEL_OK);
	for (uint32_t total = 0; total < 4200; total += 10)
		CHECK_EQ(tell(f, 1, 4096, total, 4096), CHANNEL_REFUSED);
	CHECK_EQ(tell(f, 1, 4096, ~0u, 4096), CHANNEL_REFUSED);
	CHECK_EQ(tell(f, 2, 4096, 16384, 4096), CHANNEL_REFUSED);
	CHECK_EQ(tell(f, 1, 8192, 16384, 4096), CHANNEL_REFUSED);
	for (uint32_t at = 4096; at < 12288; at += 4096)
		CHECK_EQ(tell(f, 1, at, 16384, 4096), CHANNEL_OK);
	CHECK_EQ(forward_hear(f, &part, to, &n), CHANNEL_REFUSED); /* it is not complete */
	CHECK_EQ(tell(f, 1, 12288, 16384, 4096), CHANNEL_FAILED);  /* it is, and nobody listens */
	CHECK_EQ(tell(f, 1, 16384, 16384, 1), CHANNEL_REFUSED);
	CHECK_EQ(tell(f, 1, 16384, 32768, 4096), CHANNEL_REFUSED);
	forward_free(f);
}
