/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/* What an image supplies: entered with traps, page tables, GHCB and control port working, IF=0. */
NORETURN void bare_main(void);
