/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A kernel's version, read before it boots: one that is too old for an SVSM ends itself so early
 * that it cannot say a word.
 */
#include "harness/igvm/linux_version.h"

#include <stdio.h>

#define KERNEL_VERSION 0x20e /* boot.rst, "kernel_version": offset of the text, less 0x200 */
#define SETUP_SECTS    0x1f1
#define SECTOR         512u
#define FIRST_MAJOR    6u
#define FIRST_MINOR    11u

/* 0 of them means 4. */
size_t linux_setup_size(const struct blob *k)
{
	return ((k->data[SETUP_SECTS] ? k->data[SETUP_SECTS] : 4u) + 1) * SECTOR;
}

/* The text is bounded by the setup sectors, in which boot.rst wants it. */
bool linux_version(const struct blob *k, char text[LINUX_VERSION_MAX])
{
	size_t at, end, n = 0;

	if (k->size < KERNEL_VERSION + 2)
		return false;
	at = (size_t)k->data[KERNEL_VERSION] | (size_t)k->data[KERNEL_VERSION + 1] << 8;
	end = linux_setup_size(k);
	if (!at)
		return false;
	for (at += 0x200; at < MIN(end, k->size) && n < LINUX_VERSION_MAX - 1; at++) {
		if (k->data[at] < ' ' || k->data[at] > '~')
			break;
		text[n++] = (char)k->data[at];
	}
	text[n] = 0;
	return n > 0;
}

bool linux_knows_svsm(const char *version)
{
	unsigned major, minor;

	if (sscanf(version, "%4u.%4u", &major, &minor) != 2)
		return true;
	return major > FIRST_MAJOR || (major == FIRST_MAJOR && minor >= FIRST_MINOR);
}
