/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "harness/igvm/blob.h"
#include "lib/igvm/igvm.h"

/* Opens and checks a whole file in memory; says what is wrong and where. */
bool igvm_open_blob(struct igvm_file *f, const struct blob *b, const char *path);
