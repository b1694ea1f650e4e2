/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The head of a vTPM request, checked, and a response that is a code only. vtpm_page.c and vtpm.c
 * call it. Pure: it works on the SVSM's own copy and must never see guest memory.
 */
#include "protocols/vtpm_request.h"
#include "abi/svsm.h"
#include "lib/string.h"

/*
 * A TPM has localities 0 to 4. Taking 1 to 4 from the guest is an extension of ours: what the field
 * means between guest and SVSM is not agreed. COCONUT refuses anything but 0, and Linux's and EDK
 * II's drivers send 0. Nothing checks who asks, because all of the guest runs at one VMPL.
 */
#define LOCALITY_MAX 4

enum svsm_result vtpm_request_check(const struct vtpm_request *head)
{
	if (head->command != VTPM_CMD_SEND_COMMAND || head->locality > LOCALITY_MAX ||
	    head->len > VTPM_REQUEST_MAX)
		return SVSM_ERR_INVALID_PARAMETER;
	return SVSM_SUCCESS;
}

uint32_t vtpm_response_code(uint8_t out[sizeof(struct tpm_header)], uint32_t code)
{
	struct tpm_header h = {.tag = __builtin_bswap16(TPM_ST_NO_SESSIONS),
			       .size = __builtin_bswap32(sizeof(h)),
			       .code = __builtin_bswap32(code)};

	memcpy(out, &h, sizeof(h));
	return sizeof(h);
}
