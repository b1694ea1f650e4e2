/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The file of the channel's two slots, one after the other. It is no secret, and what is in it
 * proves nothing; the SVSM seals what it writes.
 */

/* Opens the file, made if need be, of CHANNEL_SLOTS slots, and locks it: two VMs that write one
 * state would spoil it. -1 with *why (malloc'ed). */
int channel_file_open(const char *path, char **why);
