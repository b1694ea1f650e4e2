/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* TDX partitioning is later work: every operation of this table answers "not supported". */
#include "platform/platform.h"

extern const struct platform_ops tdx_ops;
