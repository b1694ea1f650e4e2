/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The platform of a machine that is none of those that this SVSM knows. The hypervisor can read
 * everything there, so there is nothing that an SVSM could do for a guest: one line that says so,
 * and power off.
 */
#include "platform/absent/absent.h"
#include "abi/q35.h"
#include "base/x86.h"
#include "platform/platform.h"

/* Plain port output, which raises no #VC here. There may be nobody who listens. */
static bool console_write(const char *s, size_t len)
{
	while (len--)
		outb(Q35_DEBUGCON_PORT, (uint8_t)*s++);
	return true;
}

NORETURN static void power_off(void)
{
	outw(Q35_POWEROFF_PORT, Q35_POWEROFF_VALUE);
	for (;;)
		__asm__ volatile("cli\n"
				 "hlt");
}

NORETURN static void terminate(unsigned set, unsigned reason)
{
	(void)set;
	(void)reason;
	power_off();
}

void absent_end(const char *line)
{
	size_t len = 0;

	while (line[len])
		len++;
	console_write(line, len);
	power_off();
}

static void early(uint32_t versions)
{
	(void)versions;
	absent_end(
		"Keelson SVSM: this machine is neither an SEV-SNP guest nor a TD; start the IGVM "
		"file on a host that has SEV-SNP, or with build/keelson\n");
}

const struct platform_ops platform_absent = {
	.name = "absent",
	.early = early,
	.console_write = console_write,
	.terminate = terminate,
	.power_off = power_off,
};
