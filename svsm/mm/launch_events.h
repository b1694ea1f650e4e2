/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "abi/launch.h"

/*
 * What is wrong with the launch page's flags, measurement events, words about the TPM's state or
 * padding, as words for a panic; NULL: nothing. Pure.
 */
const char *launch_events_objection(const struct launch_info *l);
