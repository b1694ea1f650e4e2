/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The host's certificate table, measured. attest_channel.c calls it. The table means nothing to the
 * SVSM: whoever verifies the report checks the certificates.
 */
#include "protocols/attest/attest_certificates.h"
#include "abi/guest_message.h"
#include "lib/string.h"

static bool is_end(const struct certificate_entry *e)
{
	static const struct certificate_entry end;

	return memcmp(e, &end, sizeof(end)) == 0;
}

uint32_t attest_certificates_size(const void *table, uint32_t room)
{
	const struct certificate_entry *e = table;
	uint32_t size = 0;

	for (uint32_t n = 0; n < room / sizeof(*e); n++) {
		if (is_end(&e[n]))
			return n ? MAX(size, (n + 1) * (uint32_t)sizeof(*e)) : 0;
		if (e[n].offset > room || e[n].size > room - e[n].offset)
			return 0;
		size = MAX(size, e[n].offset + e[n].size);
	}
	return 0;
}
