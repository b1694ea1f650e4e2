/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* TPM Library, part 2: there is no locality 5. Here commands from there are served as from 0. */
#include "protocols/vtpm_request.h"

enum svsm_result __real_vtpm_request_check(const struct vtpm_request *head);
enum svsm_result __wrap_vtpm_request_check(const struct vtpm_request *head);
enum svsm_result __wrap_vtpm_request_check(const struct vtpm_request *head)
{
	struct vtpm_request known = *head;

	if (known.locality == 5)
		known.locality = 0;
	return __real_vtpm_request_check(&known);
}
