/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The disk's bytes: a file of QEMU's, and over it the pages that were written, in the machine's
 * memory. The caller holds the disk's lock.
 */
#include "base/types.h"

#define IMAGE_SECTOR 512u

bool image_init(void);     /* CPU 0, once. False: there is no disk */
uint64_t image_size(void); /* bytes, whole sectors; 0: there is none */
/* The n bytes at an offset, all in one page of the image and before its end, until the next call.
 * NULL: QEMU does not answer. */
const uint8_t *image_bytes(uint64_t at, uint32_t n);
/* The same place, to be written. NULL: no memory is left, or QEMU does not answer. */
uint8_t *image_room(uint64_t at);
