/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* TPM commands as hexadecimal text, and what a test reads out of responses. */
#include "tests/native/tpm_client.h"

static unsigned digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/*
 * The text is the test's own, so it is not checked. The header's size is filled in: no command here
 * is longer than 16 bits can say.
 */
struct tpm_bytes tpm_bytes(const char *hex)
{
	struct tpm_bytes b = {0};

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		b.data[b.len++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		hex++;
	}
	b.data[4] = (uint8_t)(b.len >> 8);
	b.data[5] = (uint8_t)b.len;
	return b;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint32_t tpm_code(const struct tpm_bytes *response)
{
	return be32(response->data + offsetof(struct tpm_header, code));
}

bool tpm_well_formed(const struct tpm_bytes *response)
{
	return response->len >= sizeof(struct tpm_header) &&
	       be32(response->data + offsetof(struct tpm_header, size)) == response->len;
}
