/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a launch leaves in a guest's context: the digest of what was loaded, the policy, and what an
 * ID block says. */
#include "harness/psp/psp.h"

/*
 * Of that IGVM file, as `keelson igvm measure` has it; then the guest is running. An ID block is
 * that of the file, or made now with the keys of *c; without one the report shows what *c says of
 * SVN and IDs. NULL; else why the launch fails (malloc'ed), perhaps with lines on stderr before it.
 */
char *launched(const char *igvm, const struct psp_config *c, struct psp_guest *g);
/* Can the launch fail by an ID block? Then it is worth to look before the guest starts. */
bool launched_has_id_block(const char *igvm, const struct psp_config *c);
