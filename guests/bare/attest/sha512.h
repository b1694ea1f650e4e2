/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* SHA-512 (FIPS 180-4) over pieces. A guest's own, so that the SVSM's library is not its judge. */
#include "base/types.h"

#define SHA512_SIZE 64

struct sha512 {
	uint64_t h[8];
	uint64_t length; /* bytes so far */
	uint8_t block[128];
};

void sha512_begin(struct sha512 *s);
void sha512_add(struct sha512 *s, const void *data, size_t size);
void sha512_end(struct sha512 *s, uint8_t digest[SHA512_SIZE]);
