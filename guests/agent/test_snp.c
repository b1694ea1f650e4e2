/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What the unmodified kernel itself says about where it runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/machine.h"
#include "agent/agent.h"
#include "base/x86.h"

static void expect_in_dmesg(const char *text)
{
	char *log = agent_dmesg();

	if (!strstr(log, text))
		agent_fail(AGENT_HERE, "the kernel log lacks \"%s\"", text);
	free(log);
}

AGENT_TEST(snp_active, "dmesg-snp-active", "the kernel reports SEV, SEV-ES and SEV-SNP as active")
{
	expect_in_dmesg("Memory Encryption Features active: AMD SEV SEV-ES SEV-SNP");
}

AGENT_TEST(running_vmpl, "dmesg-vmpl", "the kernel found itself at VMPL2, under an SVSM")
{
	expect_in_dmesg("SNP running at VMPL2.");
}

AGENT_TEST(sysfs_vmpl, "sysfs-vmpl", "sysfs shows VMPL 2")
{
	char text[16];

	CHECK(agent_read("/sys/devices/system/cpu/sev/vmpl", text, sizeof(text)) > 0);
	if (strcmp(text, "2"))
		agent_fail(AGENT_HERE, "vmpl is \"%s\", not \"2\"", text);
}

AGENT_TEST(clock_source, "clock-source",
	   "the kernel keeps time by kvm-clock or the TSC, nothing slower")
{
	char text[64];

	CHECK(agent_read("/sys/devices/system/clocksource/clocksource0/current_clocksource", text,
			 sizeof(text)) > 0);
	CHECK(!strcmp(text, "kvm-clock") || !strcmp(text, "tsc"));
	agent_log("clock source %s", text);
}

/* From user space: CPUID is a #VC at CPL 3, which the kernel answers from its CPUID page. */
AGENT_TEST(honest, "native-says-so", "CPUID 0x40000100 says that this is Keelson's native platform")
{
	uint32_t r[4];
	char name[13] = "", platform[32];

	if (!agent_host("platform", platform, sizeof(platform)) || strcmp(platform, "native")) {
		agent_skip("this is platform %s", platform);
		return;
	}
	cpuid(MACHINE_SIGNATURE_LEAF, 0, r);
	memcpy(name, &r[1], 4);
	memcpy(name + 4, &r[2], 4);
	memcpy(name + 8, &r[3], 4);
	if (strcmp(name, "KeelsonNativ"))
		agent_fail(AGENT_HERE, "it says \"%s\"", name);
}

/* Anything here means that the kernel met something a sound machine would not show it. */
static const char *const complaints[] = {
	"WARNING: CPU",          "BUG:",        "rcu: INFO",
	"soft lockup",           "hard LOCKUP", "Unknown NMI",
	"unchecked MSR",         "Oops",        "general protection fault",
	"Unsupported exit-code", "hung task",   "tsc: Marking TSC unstable",
	"Failed to validate",
};

/* Last, so that it sees what the other tests have made of the kernel. */
AGENT_TEST_LAST(no_complaints, "dmesg-clean",
		"the kernel log holds no warning, stall or unexpected #VC")
{
	char *log = agent_dmesg();

	for (size_t i = 0; i < ARRAY_LEN(complaints); i++) {
		const char *at = strstr(log, complaints[i]);

		if (at)
			agent_fail(AGENT_HERE, "\"%.120s\"", at);
	}
	free(log);
}
