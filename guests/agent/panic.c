/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How the host learns of a panic of this kernel: QEMU's pvpanic device, whose driver tells it.
 * Where there is none the agent shows now and then that it still runs.
 */
#include <dirent.h>
#include <string.h>
#include <time.h>

#include "abi/control.h"
#include "agent/agent.h"

enum {
	ALIVE_MS = 2000 /* control.h */
};

static bool told_by_device;

/* Has a device of its own: a driver without one would tell nobody. */
static bool bound(const char *driver)
{
	DIR *d = opendir(driver);
	struct dirent *e;
	bool found = false;

	/* A link named by the device's address, 0000:00:03.0. */
	while (d && !found && (e = readdir(d)))
		found = strchr(e->d_name, ':');
	if (d)
		closedir(d);
	return found;
}

/*
 * A panic with a crash kernel loaded would tell the device nothing: Linux starts that kernel before
 * it calls anybody (6.12, kernel/panic.c), unless it is asked to do otherwise.
 */
bool agent_tell_panics(void)
{
	agent_load_module("pvpanic");
	agent_load_module("pvpanic-pci");
	told_by_device = bound("/sys/bus/pci/drivers/pvpanic-pci");
	if (told_by_device)
		agent_write("/sys/module/kernel/parameters/crash_kexec_post_notifiers", "1");
	return told_by_device;
}

void agent_alive(void)
{
	static time_t last;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	if (told_by_device || t.tv_sec - last < ALIVE_MS / 1000)
		return;
	last = t.tv_sec;
	agent_send(CONTROL_ALIVE, "%s", "");
}
