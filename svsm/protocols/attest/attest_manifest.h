/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the services say of themselves (abi/attest.h): the list of services, and the vTPM's public
 * keys. The vTPM's program makes the keys when they are first wanted, which takes seconds, keeps
 * them, and drops them with the seed that they come from: so they are asked for each time anew, and
 * none is kept here. LOCK_ATTEST is held in all functions, which may give it back in between.
 */
#include "base/types.h"

#define ATTEST_MANIFEST_MAX 2048

enum attest_manifest_kind {
	ATTEST_MANIFEST_SERVICES,
	ATTEST_MANIFEST_VTPM_0,
	ATTEST_MANIFEST_VTPM_1,
};

enum attest_progress {
	ATTEST_GOES_ON,
	ATTEST_DONE,
	ATTEST_FAILED,
};

/* Begin another manifest; what was made of the last one is dropped. */
void attest_manifest_begin(enum attest_manifest_kind kind);
/* Go on with it, lending this CPU for at most ns. */
enum attest_progress attest_manifest_step(uint64_t ns);
/* After ATTEST_DONE, until the next begin. */
const void *attest_manifest_data(uint32_t *size);
