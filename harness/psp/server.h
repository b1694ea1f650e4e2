/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The security processor of one boot: a thread that answers on the machine's port
 * (abi/psp_link.h), whatever the rest of the harness does meanwhile. Chain and launch digest are
 * made at the first request, since most boots have none.
 */
#include "harness/core/psp_config.h"

struct psp_server;

/*
 * path: of two FIFOs, .in and .out, which are made now and removed at the end. igvm: what is
 * launched; it must stay until the end. *keys becomes a pipe that holds the guest's keys, for QEMU
 * and then for the caller to close: no file ever has them. NULL with errno set, and *keys -1. Texts
 * and config are the caller's and live as long.
 */
struct psp_server *psp_server_start(const char *path, const char *igvm,
				    const struct psp_config *config, int *keys);
void psp_server_stop(struct psp_server *s); /* NULL too */
