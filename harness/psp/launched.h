/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a launch leaves in a guest's context: the digest of what was loaded, and the policy. */
#include "harness/psp/psp.h"

/* Of that IGVM file, as `keelson igvm measure` has it; then the guest is running. False: it is no
 * file that can be launched, and a line has said why. */
bool launched(const char *igvm, const struct psp_config *c, struct psp_guest *g);
