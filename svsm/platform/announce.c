/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "platform/announce.h"
#include "abi/machine.h"
#include "log/log.h"
#include "lib/string.h"
#include "platform/platform.h"

/* Twelve bytes of EBX, ECX, EDX; unprintable ones become dots. */
static void signature(uint32_t leaf, char out[13])
{
	uint32_t r[4];

	platform->cpuid(leaf, 0, r);
	memcpy(out, &r[1], 12);
	for (unsigned i = 0; i < 12; i++)
		if (out[i] < ' ' || out[i] > '~')
			out[i] = '.';
	out[12] = 0;
}

void platform_announce(void)
{
	char sig[13];

	signature(MACHINE_SIGNATURE_LEAF, sig);
	if (!memcmp(sig, "KeelsonNativ", 12)) {
		log_info(
			"platform: %s, native: a machine in software, nothing here is confidential",
			platform->name);
		return;
	}
	signature(0x40000000, sig);
	log_info("platform: %s, hypervisor %s", platform->name, sig);
}
