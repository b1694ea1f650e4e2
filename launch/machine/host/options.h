/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "machine/host/host.h"

/* Fill host_options from NATIVE_FW_OPTIONS: words split by spaces or commas; unknown ones are
 * logged. */
void options_read(void);
