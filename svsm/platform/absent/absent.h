/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/* Write one line to the debug port that a q35 may have, by plain OUT, and end the machine: ACPI
 * power off of a q35, then halt. For machines whose hypervisor speaks no protocol that this SVSM
 * knows. */
NORETURN void absent_end(const char *line);
