/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Which QEMU it is, to the byte: what a machine does follows from the program and from the ROMs
 * that it loads, not from its version alone.
 */

/* A line for each: the program and its ROMs with their SHA-256, and the version (malloc'ed). NULL:
 * one of these files cannot be read. */
char *qemu_identity(const char *qemu);
