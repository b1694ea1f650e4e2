/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the host answers on the channel (abi/host/channel.h), and the file behind it: the two slots,
 * one after the other. The SVSM is not trusted with the file: ranges are checked. The file is no
 * secret, and what is in it proves nothing; the SVSM seals what it writes.
 */
#include "lib/channel/channel_frame.h"

/* Opens the file, made if need be, of CHANNEL_SLOTS slots, and locks it: two VMs that write one
 * state would spoil it. -1 with *why (malloc'ed). */
int channel_file_open(const char *path, char **why);

/*
 * The answer to the request in d, a good frame, into out (CHANNEL_FRAME_MAX bytes); its size. fd:
 * the file; -1: there is none, and no slots are granted.
 */
size_t channel_answer(int fd, const struct channel_decoder *d, uint8_t *out);
