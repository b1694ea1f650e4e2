/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the SVSM's loader tells a bare guest (RSI at entry). */
#include "abi/cc_blob.h"

const struct bare_info *vmpl2_info(void);
