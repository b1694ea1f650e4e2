/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A command as any program sends it: one write, one read. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench/way.h"
#include "tools/external.h"

static int tpm = -1;

bool device_open(void)
{
	tpm = open("/dev/tpm0", O_RDWR | O_CLOEXEC);
	if (tpm < 0)
		external_fail(EXTERNAL_HERE, "/dev/tpm0: %s", strerror(errno));
	return tpm >= 0;
}

static uint32_t device_send(const struct message *command, uint8_t response[WAY_RESPONSE_MAX])
{
	ssize_t n = write(tpm, command->data, command->len);

	if (n == (ssize_t)command->len)
		n = read(tpm, response, WAY_RESPONSE_MAX);
	if (n <= 0)
		external_fail(EXTERNAL_HERE, "/dev/tpm0: %s", strerror(errno));
	return n > 0 ? (uint32_t)n : 0;
}

const struct way way_device = {"/dev/tpm0", device_send};
