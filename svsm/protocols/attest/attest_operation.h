/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A call's operation: what the guest asks for is read and checked, and the answer written into its
 * buffers. Results: protocols/attest/attest.h. LOCK_PAGESTATE is taken inside.
 */
#include "abi/attest.h"
#include "protocols/attest/attest_manifest.h"
#include "protocols/dispatch.h"

struct attest_request {
	enum attest_manifest_kind manifest;
	struct attest_operation op;
	uint8_t nonce[ATTEST_NONCE];
};

struct attest_answer {
	const void *manifest, *certificates, *report;
	uint32_t manifest_size, certificates_size, report_size;
	bool certificates_known; /* else certificates_size is not */
};

/* The number of the call is one of the two. When it is refused, *to may hold a part of it. */
enum svsm_result attest_operation_read(const struct svsm_call *call, struct attest_request *to);
/* Does the answer, as far as it is known, fit into the buffers? The lengths go to the registers. */
bool attest_operation_fits(const struct attest_request *r, const struct attest_answer *a,
			   struct svsm_call *call);
/* It fits. On INVALID_ADDRESS a part of it may be written. */
enum svsm_result attest_operation_write(const struct attest_request *r,
					const struct attest_answer *a);
