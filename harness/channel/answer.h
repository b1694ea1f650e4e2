/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the host answers on the channel (abi/host/channel.h). The SVSM is not trusted with the file:
 * ranges are checked.
 */
#include "harness/channel/bond.h"
#include "harness/channel/forward.h"

/* What a host has for its SVSM. */
struct channel_host {
	int file;             /* -1: none, and no slots are granted */
	struct forward *keys; /* NULL: no key server */
	struct channel_bond bond;
};

/* The answer to the request in d, a good frame, into out (CHANNEL_FRAME_MAX bytes); its size. 0: it
 * is not the SVSM's, and gets none; out is as it was. */
size_t channel_answer(struct channel_host *host, const struct channel_decoder *d, uint8_t *out);
