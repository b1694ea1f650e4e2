/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/* An ACPI MADT with all vCPUs; returns its size, and writes it when p is not NULL. */
uint32_t make_madt(uint8_t *p);
