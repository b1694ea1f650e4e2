/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Parts of `keelson doctor`, each of which returns the program's exit code. */
#include "base/types.h"
#include "launch/profiles/profile.h"

/*
 * `doctor --platform snp|tdx`: all that the platform needs of this host, a line a check: what, what
 * was found, what to do. CODE_HOST when something is missing or in doubt. json: a document a line
 * (docs/json.md).
 */
int doctor_platform(const struct profile *p, const char *qemu, bool json);
