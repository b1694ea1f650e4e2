/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * One request to the disk (virtio 1.2, 5.2.6): what the device reads is a header of 16 bytes and
 * data to be written, what it writes is data and one byte of status, the last. How these are cut
 * into descriptors is the driver's choice (2.7.4). Reads, writes, flushes and the serial number,
 * which is empty; all else is answered as unsupported, and what cannot be done as an error.
 */
#include "base/addr.h"

struct disk_part {
	gpa_t at;
	uint32_t length;
	bool write; /* for the device to write */
};

struct disk_request {
	const struct disk_part *parts;
	unsigned n, readable; /* the first ones of them */
	uint32_t type;
	uint8_t status;

	unsigned part; /* where the next byte of data is: this one's */
	uint32_t offset;
	uint64_t left;  /* bytes of data that are still to be moved */
	uint64_t image; /* where in the disk the next one is */

	uint64_t room; /* bytes of data that the device could write */
	uint64_t written;
};

/* parts stay until the end, n at least 1. False: it is no request, or the header lies in memory
 * that is not shared. */
bool request_begin(struct disk_request *r, const struct disk_part *parts, unsigned n);
/* Move data, *budget bytes at most, less what it did. True: all is moved that can be. */
bool request_serve(struct disk_request *r, uint32_t *budget);
/* The status. *length: how many bytes were written from the first on. False: it lies in memory that
 * is not shared. */
bool request_end(const struct disk_request *r, uint32_t *length);
