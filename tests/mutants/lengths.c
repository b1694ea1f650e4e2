/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* 58019, 7: a buffer that is too small is answered with the lengths that are needed. Here it is not
 * said which one was too small. */
#include "protocols/attest/attest_operation.h"

bool __real_attest_operation_fits(const struct attest_request *r, const struct attest_answer *a,
				  struct svsm_call *call);
bool __wrap_attest_operation_fits(const struct attest_request *r, const struct attest_answer *a,
				  struct svsm_call *call);
bool __wrap_attest_operation_fits(const struct attest_request *r, const struct attest_answer *a,
				  struct svsm_call *call)
{
	struct svsm_call untouched = *call;

	return __real_attest_operation_fits(r, a, &untouched);
}
