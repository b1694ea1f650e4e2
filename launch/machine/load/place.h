/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "machine/load/source.h"

/* Page data, parameter areas and the VMSA, in the file's order. */
void loader_place(const struct loader *l);
