/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* `keelson igvm inspect --for qemu-N.N`: what a release of QEMU will refuse of a file that is to
 * start as an SEV-SNP guest. */
#include "harness/igvm/open.h"

/* f is checked already. Writes to stdout; an exit code of blob.h: BAD_FILE where it is refused. */
int igvm_fit(const struct igvm_file *f, const char *path, unsigned release, bool json);
