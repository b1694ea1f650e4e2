/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Files from the host to a test program: the verb `file get` (docs/test-control.md), in pieces. */
#include <stdio.h>
#include <string.h>

#include "abi/control.h"
#include "lib/base64.h"
#include "tools/external.h"

/* The bytes of one answer, "ok" or "ok BASE64"; -1: refused, or more than room. */
static long piece(const char *name, size_t offset, uint8_t *to, size_t room)
{
	char request[128], answer[CONTROL_MAX];

	snprintf(request, sizeof(request), "file\tget %.64s %zu", name, offset);
	if (!external_host(request, answer, sizeof(answer)))
		return -1;
	return strncmp(answer, "ok ", 3) ? 0 : base64_decode(to, room, answer + 3);
}

long external_get(const char *name, void *bytes, size_t room)
{
	uint8_t *to = bytes;
	size_t have = 0;
	long n;

	while ((n = piece(name, have, to + have, room - have)) > 0)
		have += (size_t)n;
	return n < 0 ? -1 : (long)have;
}
