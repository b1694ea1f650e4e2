/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The output of one command line, in memory. Room doubles, since it comes in small pieces. */
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/session/captured.h"
#include "lib/base64.h"

static const char *const names[][2] = {{"stdout", "stdout_base64"}, {"stderr", "stderr_base64"}};

/* Powers of two from 4 KiB on: the room follows from the size. */
static size_t room(size_t size)
{
	size_t r = 4096;

	while (r < size)
		r *= 2;
	return r;
}

void captured_add(struct captured *c, enum captured_stream s, const void *bytes, size_t n)
{
	size_t have = c->size[s], take = MIN(n, CAPTURED_MOST - have);

	c->cut |= take < n;
	if (!c->bytes[s] || room(have) != room(have + take))
		c->bytes[s] = mem_grow(c->bytes[s], room(have + take));
	memcpy(c->bytes[s] + have, bytes, take);
	c->size[s] += take;
}

void captured_into(const struct captured *c, json_t *o)
{
	for (unsigned s = 0; s < CAPTURED_STREAMS; s++) {
		json_t *text = json_stringn(c->size[s] ? c->bytes[s] : "", c->size[s]);
		char *base64;

		if (text) {
			json_object_set_new(o, names[s][0], text);
			continue;
		}
		base64 = mem_alloc(BASE64_LENGTH(c->size[s]) + 1);
		base64_encode(base64, (const unsigned char *)c->bytes[s], c->size[s]);
		json_object_set_new(o, names[s][1], json_string(base64));
		free(base64);
	}
	if (c->cut)
		json_object_set_new(o, "cut", json_true());
}

void captured_free(struct captured *c)
{
	for (unsigned s = 0; s < CAPTURED_STREAMS; s++)
		free(c->bytes[s]);
	*c = (struct captured){0};
}
