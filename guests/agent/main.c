/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* PID 1: mount what the tests read, tell the harness what runs here, serve it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/port.h"

static void mounts(void)
{
	mkdir("/proc", 0555);
	mkdir("/sys", 0555);
	mkdir("/dev", 0755);
	mkdir("/tmp", 0777);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
}

/* What programs of the tools image expect. */
static void environment(void)
{
	clearenv();
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "vt100", 1);
	/* tpm2-tools and libtss2 would look for a resource manager daemon first. */
	setenv("TPM2TOOLS_TCTI", "device:/dev/tpmrm0", 1);
	setenv("TCTI", "device:/dev/tpmrm0", 1);
}

static const char *tpm(void)
{
	static char text[64];

	if (agent_read("/sys/class/tpm/tpm0/tpm_version_major", text, sizeof(text)) <= 0)
		return "none";
	snprintf(text + strlen(text), sizeof(text) - strlen(text), ".0, /dev/tpm0 and /dev/tpmrm0");
	return text;
}

/*
 * For the harness; and a line on the console, for a person who reads console.log. No more: each
 * byte there is two exits, and each write a dozen.
 */
static void facts(double init_at, bool pvpanic)
{
	struct utsname u;
	char vmpl[64];

	uname(&u);
	if (agent_read("/sys/devices/system/cpu/sev/vmpl", vmpl, sizeof(vmpl)) < 0)
		snprintf(vmpl, sizeof(vmpl), "none");
	printf("keelson: Linux %s, VMPL %s, %u vCPUs, TPM %.3s\n", u.release, vmpl,
	       agent_cpus_online(), tpm());
	agent_info("kernel", "%s", u.release);
	agent_info("vmpl", "%s", vmpl);
	agent_info("vcpus", "%u", agent_cpus_online());
	agent_info("tpm", "%s", tpm());
	agent_info("pvpanic", "%s", pvpanic ? "yes" : "none");
	/* Seconds since the kernel's own clock started; the harness adds the phases before it. */
	agent_info("kernel_seconds", "%.3f", init_at);
	agent_info("ready_seconds", "%.3f", agent_uptime());
}

/* `quiet` keeps the kernel's own words off the console; these are what people look for there. */
static void kernel_words(void)
{
	static const char *const wanted[] = {"Memory Encryption Features active",
					     "SEV: SNP running at", "SNP SVSM vTPM"};
	char *log = agent_dmesg(), *save = NULL;

	for (char *line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
			if (strstr(line, wanted[i]))
				printf("%s\n", line + strcspn(line, "["));
	free(log);
}

/* What init is told by poweroff and reboot (busybox). */
static void asked(int signal)
{
	agent_asked(signal == SIGTERM ? RB_AUTOBOOT : RB_POWER_OFF);
}

int main(void)
{
	double init_at;
	bool pvpanic;

	mounts();
	init_at = agent_uptime();
	environment();
	signal(SIGUSR1, asked);
	signal(SIGUSR2, asked);
	signal(SIGTERM, asked);
	pvpanic = agent_tell_panics();
	/* The TPM's driver; a kernel that is no SNP guest refuses it, and then there is none. */
	agent_load_module("keelson");
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ); /* a write for all these lines */
	port_open();
	kernel_words();
	facts(init_at, pvpanic);
	fflush(stdout);
	setvbuf(stdout, NULL, _IOLBF, 0);
	agent_serve();
}
