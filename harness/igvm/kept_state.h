/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The launch page's words about a TPM's state that outlives the VM (docs/persistence.md). */
#include "abi/launch.h"

/* Asks for the state of `owner`, whose SHA-256 the page has, with the test key. */
void state_add(const char *owner, struct launch_info *info);
