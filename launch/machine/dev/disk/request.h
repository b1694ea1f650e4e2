/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* One request to the disk (virtio 1.2, 5.2.6). */
#include "base/addr.h"

struct disk_part {
	gpa_t at;
	uint32_t length;
	bool write; /* for the device to write */
};

/*
 * parts: a header of 16 bytes, data, one byte for the status, as every driver has them; n at least
 * 1. *length: how many bytes were written. False: it is no request, or header or status lie in
 * memory that is not shared. Reads, writes, flushes and the serial number, which is empty; all else
 * is answered as unsupported, and what cannot be done as an error.
 */
bool request_serve(const struct disk_part *parts, unsigned n, uint32_t *length);
