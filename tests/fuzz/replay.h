/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Runs every input of a file of hex lines through LLVMFuzzerTestOneInput; how many there were. What
 * does not hold ends the program. */
unsigned replay(const char *path);
