/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* clang-format off
 *
 * Attestation protocol (1), version 1: SVSM specification (58019), chapter 7. RAX of each call:
 *
 * every call       UNSUPPORTED_CALL   no such call in the protocol
 * SERVICES,        INVALID_PARAMETER  operation or nonce: crosses a multiple of 4 KiB; an MBZ field is
 * SINGLE_SERVICE                      set; nonce of 0 bytes; a buffer not page aligned
 *                  INVALID_ADDRESS    operation, nonce or a buffer: not validated guest memory; a VMSA;
 *                                     deposited memory; a buffer, but neither operation nor nonce:
 *                                     a calling area
 *                  INVALID_PARAMETER  a buffer is too small: RCX, RDX and R8 are what manifest,
 *                                     certificates and report take. RDX stays where the certificates
 *                                     are not known yet
 *                  INCOMPLETE         not done yet: the same call goes on; nothing has changed
 *                  0x80001000         no report: no security processor, it or the host refuses, or
 *                                     nothing came of it in ATTEST_LIMIT
 *                  SUCCESS            RCX, RDX, R8: bytes of manifest, certificates (0: the host has
 *                                     none, more than the SVSM has room for, or none were wanted)
 *                                     and report, each in its buffer
 * SINGLE_SERVICE   INVALID_PARAMETER  service or version of its manifest not known
 *
 * Services: the vTPM (ATTEST_GUID_VTPM), manifest version 0 and 1. The report is one of VMPL 0 over
 * SHA-512(nonce || manifest). A buffer of size 0 is too small, and its address does not count; for
 * certificates it means that none are wanted.
 *
 * clang-format on */

/* Linux repeats a call that is INCOMPLETE at once, with interrupts off: what it can bear in all. */
#define ATTEST_LIMIT_MS 8000
/* And for keys and other clients as well: the keys that were made stay. */
#define ATTEST_ALL_MS 120000

/* As at the launch: unit tests. */
void attest_reset(void);
