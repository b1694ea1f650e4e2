/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What libcrypto's objects want from below where there is no C library: their memory, which is one
 * block, and what the processor can do. Unit tests link the whole library instead.
 */
#include "base/types.h"

/* Once, first of all. False: the processor lacks SSSE3 or PCLMULQDQ, without which AES and GHASH
 * would look secrets up in tables, whose cache lines the host can watch. */
bool runtime_start(void);
