/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The linear address behind a nested fault. */
#include "machine/cpu/vcpu.h"

/* The linear address whose access led to this guest physical one (a byte of the page, or of a table
 * on the way): the processor under us does not tell. False when the instruction does not show it.
 */
bool linear_find(struct vcpu *v, gpa_t g, bool fetch, uint64_t *linear);
