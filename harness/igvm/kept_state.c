/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/sha.h>
#include <string.h>

#include "harness/igvm/kept_state.h"

/* In the open, here and in each file that is built with it: docs/persistence.md, "The test key". */
static const char test_key[] = "Keelson's test key: no secret at all";

void state_add(const char *owner, struct launch_info *info)
{
	info->flags |= LAUNCH_FLAG_STATE | LAUNCH_FLAG_TEST_KEY;
	SHA256((const uint8_t *)owner, strlen(owner), info->state.identity);
	SHA256((const uint8_t *)test_key, strlen(test_key), info->state.test_key);
}
