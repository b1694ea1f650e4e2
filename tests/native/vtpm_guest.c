/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* The guest's side of the vTPM protocol: 58019, 8. */
#include "tests/native/vtpm_guest.h"
#include <string.h>
#include "abi/svsm.h"
#include "tests/native/check.h"

uint64_t vtpm_guest_call(unsigned cpu, uint32_t number, uint64_t rcx)
{
	return fake_raw_call(cpu, SVSM_CALL(SVSM_PROTO_VTPM, number), rcx, 0, 0);
}

void vtpm_guest_write(uint64_t at, uint8_t locality, const struct tpm_bytes *b)
{
	struct vtpm_request *r = fake_mem(at);

	r->command = VTPM_CMD_SEND_COMMAND;
	r->locality = locality;
	r->len = b->len;
	memcpy(r->data, b->data, b->len);
}

struct tpm_bytes vtpm_guest_read(uint64_t at)
{
	const struct vtpm_response *r = fake_mem(at);
	struct tpm_bytes b = {.len = r->len};

	if (CHECK(b.len <= VTPM_RESPONSE_MAX))
		memcpy(b.data, r->data, b.len);
	return b;
}

uint32_t vtpm_guest_try(unsigned cpu, uint8_t locality, const char *hex, struct tpm_bytes *response)
{
	struct tpm_bytes command = tpm_bytes(hex);
	uint64_t page = VTPM_GUEST_PAGE + cpu * 2 * PAGE_SIZE;

	vtpm_guest_write(page, locality, &command);
	if (!CHECK_EQ(vtpm_guest_call(cpu, SVSM_VTPM_COMMAND, page), SVSM_SUCCESS))
		return ~0u;
	*response = vtpm_guest_read(page);
	return CHECK(tpm_well_formed(response)) ? tpm_code(response) : ~0u;
}
