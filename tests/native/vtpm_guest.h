/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A guest of fake.h that sends TPM commands through the vTPM protocol. */
#include "tests/native/fake.h"
#include "tests/native/tpm_client.h"

#define VTPM_GUEST_PAGE AT(100) /* vCPU n uses the n-th two pages from here */

/* A vTPM call on a vCPU: RAX. */
uint64_t vtpm_guest_call(unsigned cpu, uint32_t number, uint64_t rcx);
/* A request at that address, any alignment; the response that is there. */
void vtpm_guest_write(uint64_t at, uint8_t locality, const struct tpm_bytes *b);
struct tpm_bytes vtpm_guest_read(uint64_t at);
/* One attempt: the response's code, ~0 when RAX says no. */
uint32_t vtpm_guest_try(unsigned cpu, uint8_t locality, const char *hex,
			struct tpm_bytes *response);
