/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "machine/load/source.h"

/* Every rule that depends on this machine; comes back only if the launch will succeed. */
void loader_check(const struct loader *l);
