/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* 58019, 7: the report is over all of the nonce and the manifest. Here it is over half of the
 * nonce. */
#include "protocols/attest/attest_channel.h"

bool __real_attest_channel_begin(const void *a, uint32_t a_size, const void *b, uint32_t b_size,
				 bool certificates);
bool __wrap_attest_channel_begin(const void *a, uint32_t a_size, const void *b, uint32_t b_size,
				 bool certificates);
bool __wrap_attest_channel_begin(const void *a, uint32_t a_size, const void *b, uint32_t b_size,
				 bool certificates)
{
	return __real_attest_channel_begin(a, MIN(a_size, 64u), b, b_size, certificates);
}
