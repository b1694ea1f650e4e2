/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What an image asks for. The suites of this project ask for all that their tests hold. A
 * conformance image asks an SVSM that may be anybody's, on a machine that may be anybody's, for
 * what AMD's specification says (guests/bare/conform). The linker takes one of the two.
 */
#include "base/types.h"

/* May tests ask for promises of the project's own, which no specification makes? */
bool scope_own(void);
/* Why this image has not got the test; NULL: it has. rule: the test's rules. */
const char *scope_left_out(const char *name, const char *rule);
