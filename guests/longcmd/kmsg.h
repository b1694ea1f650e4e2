/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the kernel complains of when it is held for too long, or given no answer. */
#include "base/types.h"

bool kmsg_start(void); /* from here on; false: there is no /dev/kmsg */
/* Each complaint since then goes to found. */
void kmsg_complaints(void (*found)(const char *line));
