/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the machine's last words mean for the person who reads them. */

#include "harness/session/symbols.h"

/* line, with the SVSM's function names (symbols.h) and what is known of this end (malloc'ed). */
char *hints_explain(const char *line, const struct symbol_source *svsm);
