/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Random numbers from the processor, the one source that no hypervisor can see or change. */
#include "base/types.h"

/* False: the processor gave none, and `to` is not to be used. Nothing weaker stands in for it. */
bool random_fill(void *to, size_t len);
