/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "harness/igvm/digests.h"
#include "harness/igvm/blob.h"

/*
 * Adds to d what firmware hashes of a PE/COFF image before it starts it: all of the file but its
 * checksum and its signatures ("Windows Authenticode Portable Executable Signature Format",
 * "Calculating the PE Image Hash"; TCG PC Client Platform Firmware Profile, PCR 4). False: it is no
 * PE image, or a damaged one; d then holds anything.
 */
bool authenticode_add(struct digests *d, const struct blob *image);
