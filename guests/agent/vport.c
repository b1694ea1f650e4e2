/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Looks in sysfs for a virtio-serial port: no udev makes links by its name here. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/vport.h"

#define PORTS   "/sys/class/virtio-ports"
#define DEVICES "/sys/bus/virtio/drivers/virtio_console"

enum {
	LOOK_MS = 5
};

/* Does the driver hold a device? Without one no port will ever come. */
static bool has_device(void)
{
	DIR *d = opendir(DEVICES);
	bool found = false;

	for (struct dirent *e; d && !found && (e = readdir(d));)
		found = strncmp(e->d_name, "virtio", 6) == 0;
	if (d)
		closedir(d);
	return found;
}

/* The port's device, "vport0p1"; the name comes in a message of its own, after the port. */
static bool find(const char *name, char *device, size_t size)
{
	DIR *d = opendir(PORTS);
	char path[sizeof(PORTS) + 300], text[128];
	bool found = false;

	for (struct dirent *e; d && !found && (e = readdir(d));) {
		snprintf(path, sizeof(path), PORTS "/%s/name", e->d_name);
		if (agent_read(path, text, sizeof(text)) <= 0 || strcmp(text, name))
			continue;
		found = snprintf(device, size, "%s", e->d_name) < (int)size;
	}
	if (d)
		closedir(d);
	return found;
}

int vport_open(const char *name)
{
	char device[64], path[sizeof(device) + 5];
	double until = agent_uptime() + VPORT_WAIT;

	agent_load_module("virtio_console");
	if (!has_device())
		return -1;
	while (!find(name, device, sizeof(device))) {
		if (agent_uptime() > until)
			return -1;
		usleep(LOOK_MS * 1000);
	}
	snprintf(path, sizeof(path), "/dev/%s", device);
	return open(path, O_RDWR | O_CLOEXEC);
}
