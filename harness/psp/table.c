/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <string.h>

#include "abi/guest_message.h"
#include "harness/psp/table.h"

/* a8074bc2-a25a-483e-aae6-39c045a0b8a1. Each is in the order of its text. */
static const uint8_t vlek_guid[16] = {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e,
				      0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1};

/* In the order of enum chain_certificate. */
static const uint8_t guids[CHAIN_CERTIFICATES][16] = {
	/* 63da758d-e664-4564-adc5-f4b93be8accd */
	{0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac,
	 0xcd},
	/* 4ab7b379-bbac-4fe4-a02f-05aef327c782: ASK and ASVK alike */
	{0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7,
	 0x82},
	/* c0b406a4-a803-4952-9743-3fb6014cd0ae */
	{0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0,
	 0xae},
};

size_t table_make(const struct psp_chain *chain, enum endorsement which, uint8_t *out, size_t cap)
{
	struct certificate_entry e[CHAIN_CERTIFICATES + 1] = {0};
	size_t at = sizeof(e), size;

	for (unsigned i = 0; i < CHAIN_CERTIFICATES; i++) {
		const uint8_t *der = chain_der(chain, i, &size);

		if (at > cap || size > cap - at)
			return 0;
		memcpy(out + at, der, size);
		memcpy(e[i].guid, guids[i], sizeof(e[i].guid));
		e[i].offset = (uint32_t)at;
		e[i].size = (uint32_t)size;
		at += size;
	}
	if (which == ENDORSEMENT_VLEK)
		memcpy(e[CHAIN_ENDORSEMENT].guid, vlek_guid, sizeof(vlek_guid));
	memcpy(out, e, sizeof(e));
	return at;
}
