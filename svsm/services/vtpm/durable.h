/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The TPM's permanent state beyond this launch, where the launch asks for it (docs/persistence.md):
 * found at the start, sealed and written after each request that has changed it, before its answer.
 * Where it does not ask, nothing here does anything.
 */
#include "base/types.h"

/* Once, before the TPM has power. False: the launch requires a state, and it cannot be had. */
bool durable_begin(void);
/* The state that was found, at most room bytes; 0: there was none. */
size_t durable_load(void *to, size_t room);
/* The TPM's permanent state is this now; a copy is kept for durable_settle(). */
void durable_changed(const void *state, size_t len);
/* Before an answer. True: what has changed lasts, or this launch keeps nothing. False: it could not
 * be written, and the launch requires that. */
bool durable_settle(void);
