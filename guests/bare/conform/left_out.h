/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A test that an image has no use for, although its rules are the specification's. */
struct left_out {
	const char *name, *why;
};
/* The image's list, which ends with name NULL. */
extern const struct left_out left_out[];
