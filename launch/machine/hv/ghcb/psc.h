/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* One page to private or shared, as KVM does it for both of the guest's protocols and for itself.
 */
#include "base/addr.h"
#include "abi/snp.h"

/* g is aligned to size, RMP_PG_4K or RMP_PG_2M, and guest RAM, else SNP_FAIL_INPUT. A 2M page may
 * be changed in part when another code comes back. */
enum snp_insn_result psc_change(gpa_t g, int size, bool is_private);
