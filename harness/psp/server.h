/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The security processor of one boot: a thread that answers on the machine's port
 * (abi/psp_link.h), whatever the rest of the harness does meanwhile. The first request has it read
 * the chain and compute the launch digest, since most boots have none.
 */
#include "harness/core/psp_config.h"

struct psp_server;

/*
 * path: of two FIFOs, .in and .out, which are made now and removed at the end. igvm: what is
 * launched; it must stay until the end. *keys becomes a pipe that holds the guest's keys, for QEMU
 * and then for the caller to close: no file ever has them. An ID block is judged now, as at the end
 * of a launch. NULL and *keys -1: errno is set, or *why has the reason (malloc'ed). Texts and
 * config are the caller's and live as long.
 */
struct psp_server *psp_server_start(const char *path, const char *igvm,
				    const struct psp_config *config, int *keys, char **why);
void psp_server_stop(struct psp_server *s); /* NULL too */
/* Is the chain there? Else psp_server_start() makes its keys, which takes seconds. */
bool psp_server_has_keys(const struct psp_config *config);
/* What must not pass for a good run: a key sealed two payloads with one number, or the machine did
 * not keep to the form. The text is the server's, *code one of exitcode.h. NULL: nothing of that,
 * or no server. */
const char *psp_server_trouble(const struct psp_server *s, int *code);
