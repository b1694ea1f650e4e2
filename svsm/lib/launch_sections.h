/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The launch page's list for a guest that is firmware. */
#include "abi/launch.h"

/*
 * NULL: image, sections and parameters are what a firmware can be started with, or the guest is
 * none and nothing is said of any. Otherwise what is wrong. Whether it all lies in guest RAM is
 * not asked here.
 */
const char *launch_sections_objection(const struct launch_info *l);
