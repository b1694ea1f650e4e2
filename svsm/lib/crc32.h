/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/*
 * CRC-32 as IEEE 802.3 has it (reflected polynomial 0xedb88320), the same as zlib's.
 * Start with crc = 0; the result of one piece is the start of the next: crc("ab") ==
 * crc32_update(crc32_update(0, "a", 1), "b", 1).
 */
uint32_t crc32_update(uint32_t crc, const void *data, size_t size);
