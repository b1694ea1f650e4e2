/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a run's guest asked its security processor, a line for each request: psp.log in the run's
 * folder, which is there from the first request on. */
#include <stdio.h>

#include "abi/guest_message.h"
#include "abi/psp_link.h"

/* *f is NULL at first and becomes the file's; for the caller to close. ms: since the start. A file
 * that cannot be written changes nothing but that it is not there. */
void journal_note(FILE **f, const char *path, uint64_t ms, const struct psp_link_request *q,
		  const struct guest_message *m, const struct psp_link_reply *r);
