/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Names for VMGEXITs, for the option stats (cpu/exit_cause.h). */
#include "machine/cpu/exit_cause.h"

extern const struct exit_class cause_event;    /* by SW_EXITCODE */
extern const struct exit_class cause_protocol; /* by the request in the GHCB MSR */
