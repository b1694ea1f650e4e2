/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The guest's page of a vTPM call: the request is read from it, each byte once, and the response
 * written over it. Results: protocols/vtpm.h. LOCK_PAGESTATE is taken inside.
 */
#include "abi/svsm.h"
#include "abi/vtpm.h"
#include "base/addr.h"

/* A command: what makes two of them the same. */
struct vtpm_command {
	uint8_t locality;
	uint32_t len;
	uint8_t data[VTPM_REQUEST_MAX];
};

/* As the guest sees it: struct vtpm_response with all its room. */
struct vtpm_page_response {
	uint32_t len;
	uint8_t data[VTPM_RESPONSE_MAX];
} PACKED;

/* When the request is refused, *to may hold a part of it. */
enum svsm_result vtpm_page_read(gpa_t at, struct vtpm_command *to);
enum svsm_result vtpm_page_write(gpa_t at, const struct vtpm_page_response *from);
