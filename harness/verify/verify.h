/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Is an attestation report one to rely on? Nothing here shares code with what makes reports
 * (harness/psp): structures of the ABI alone. All evidence is a stranger's and may be anything.
 * Layout and rules are AMD's: SEV-SNP firmware ABI (56860), chapter 7, and for certificates the
 * "VCEK Certificate and KDS Interface Specification" (57230).
 */
#include "harness/verify/evidence.h"
#include "harness/verify/verdict.h"

/* All checks in their order, up to the first that refuses. False: refused. */
bool verify(const struct evidence *e, const struct wanted *w, struct verdict *v);
