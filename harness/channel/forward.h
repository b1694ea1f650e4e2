/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Messages of the SVSM's to a key server, and its answers (docs/key-release.md): they are moved and
 * not looked at. The server listens on a UNIX socket; each message there has its length in front,
 * 64 bits in this machine's byte order. One thread uses it. No call waits.
 */
#include "abi/host/channel.h"

struct forward;

struct forward *forward_new(const char *socket);
void forward_free(struct forward *f); /* NULL too */

/* A part of a message; a part that makes it complete sends it. The status of the answer. */
uint16_t forward_tell(struct forward *f, const struct channel_part *part, const void *bytes,
		      uint32_t n);
/* A part of the answer to message part->number, from part->offset on, CHANNEL_DATA_MAX bytes at
 * most: part->total and *n are set, `to` filled. The status of the answer. */
uint16_t forward_hear(struct forward *f, struct channel_part *part, void *to, uint32_t *n);
