/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Guest messages from the SVSM's side: a request for a report is sealed, and its answer opened.
 * SEV-SNP firmware ABI (56860), "Guest Messages": AES-256-GCM, whose IV is the sequence number. By
 * libcrypto, with no secret in an index or a branch; portable, without system calls.
 */
#include "abi/guest_message.h"

/* A report of VMPL 0 with those 64 bytes in it, sealed with VMPCK0. False: libcrypto fails. */
bool seal_report_request(struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY],
			 uint64_t seqno, const uint8_t report_data[64]);

/*
 * What the processor said to the request of that number, in plain text: `out`, of which what the
 * message does not fill is 0. False: it is not the answer to that request, or says that it has a
 * report and is too short for one; `out` is all 0.
 */
bool seal_open_report(const struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY],
		      uint64_t request_seqno, struct report_response *out);

/* SHA-512. */
void seal_hash(const void *data, size_t len, uint8_t digest[64]);
