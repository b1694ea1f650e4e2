/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/* One line to the debug port that a q35 may have, as plain OUT, and the end of the machine: ACPI
 * power off of a q35, then halt. For machines without a hypervisor's protocol that we speak. */
NORETURN void absent_end(const char *line);
