/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/* The flattened device tree of devices that are the SVSM's own: here there are none. Returns its
 * size, and writes it when p is not NULL. */
uint32_t make_device_tree(uint8_t *p);
