/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Random numbers from the processor: the only source that no hypervisor can see or change. */
#include "base/types.h"

/* False: the processor gave none, and `to` must not be used. */
bool random_fill(void *to, size_t len);
