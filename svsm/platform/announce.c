/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The log line that names the machine the SVSM runs on. boot/main.c prints it with the banner. The
 * answers of CPUID are the hypervisor's own, so this is for people to read and nothing may be
 * decided by it.
 */
#include "platform/announce.h"
#include "abi/machine.h"
#include "log/log.h"
#include "lib/string.h"
#include "platform/platform.h"

/* The twelve bytes that a hypervisor puts into EBX, ECX and EDX of such a leaf. Unprintable ones
 * become dots, so that they cannot forge log lines. */
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
