/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What was sent since the last reset, in the file that $FUZZ_HISTORY names (none: nothing is kept).
 * The file is shared memory, so that it survives any death. */
#include "base/types.h"

void history_reset(void);
void history_add(const uint8_t *data, size_t size);
