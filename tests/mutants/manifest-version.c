/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* 58019, 8.3: version 0 of the vTPM's manifest is the RSA key alone. Here it is that of version 1.
 */
#include "protocols/attest/attest_manifest.h"

void __real_attest_manifest_begin(enum attest_manifest_kind kind);
void __wrap_attest_manifest_begin(enum attest_manifest_kind kind);
void __wrap_attest_manifest_begin(enum attest_manifest_kind kind)
{
	__real_attest_manifest_begin(kind == ATTEST_MANIFEST_VTPM_0 ? ATTEST_MANIFEST_VTPM_1
								    : kind);
}
