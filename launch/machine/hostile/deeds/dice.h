/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Chance for deeds: the same numbers in each run; who draws which depends on the moment. */
#include "base/types.h"

/* 24 bits. The seed is the deed's own, and any CPU may draw at any time. */
static inline uint32_t dice_draw(uint32_t *seed)
{
	return __atomic_add_fetch(seed, 0x9e3779b9, __ATOMIC_RELAXED) * 0x85ebca6bu >> 8;
}
