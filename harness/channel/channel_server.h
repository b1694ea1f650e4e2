/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The host's end of the channel of one boot (abi/host/channel.h): a thread that answers whatever
 * the rest of the harness does meanwhile.
 */
#include "base/types.h"

struct channel_server;

/*
 * path: of two FIFOs, .in and .out, which are made now and removed at the end. state: the file that
 * keeps a TPM's state (channel/channel_file.h). keys: a key server's socket, or NULL. NULL with
 * *why (malloc'ed).
 */
struct channel_server *channel_server_start(const char *path, const char *state, const char *keys,
					    char **why);
void channel_server_stop(struct channel_server *s); /* NULL too */
