/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Whether an initrd was cut off, as far as that can be told without unpacking it (Linux
 * Documentation/driver-api/early-userspace/buffer-format.rst).
 */
#include "base/types.h"

/*
 * False: the file ends inside an entry of a cpio archive ("newc") at its beginning, or of one that
 * follows that directly. A compressed archive, or what is none, may be cut or not.
 */
bool cpio_whole(const void *data, size_t size);
