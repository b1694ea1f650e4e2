/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* 58019, 5: a misaligned parameter is INVALID_PARAMETER. Here REMAP_CA takes it for a bad address.
 */
#include "base/types.h"
#include "protocols/core.h"

enum svsm_result __real_core_remap_ca(struct svsm_call *call);
enum svsm_result __wrap_core_remap_ca(struct svsm_call *call);
enum svsm_result __wrap_core_remap_ca(struct svsm_call *call)
{
	if (call->rcx & PAGE_MASK)
		return SVSM_ERR_INVALID_ADDRESS;
	return __real_core_remap_ca(call);
}
