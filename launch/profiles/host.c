/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Reads what the host's kernel tells in /proc, /sys, /dev, by dmesg(1) and by KVM. */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "launch/profiles/ask.h"
#include "launch/profiles/host.h"
#include "launch/profiles/words.h"

/* arch/x86/include/uapi/asm/kvm.h of Linux 6.10; older headers lack them. */
#define GROUP_SEV     1
#define VMSA_FEATURES 0

static char *path_of(const char *path)
{
	const char *root = getenv("KEELSON_HOST_ROOT");

	return str("%s%s", root ? root : "", path);
}

static FILE *open_host(const char *path)
{
	char *real = path_of(path);
	FILE *f = fopen(real, "re");

	free(real);
	return f;
}

/* "field<tabs>: value" */
static char *value_of(char *line, const char *field)
{
	size_t n = strlen(field);
	char *colon = strchr(line, ':');

	if (!colon || strncmp(line, field, n) != 0 || line[n + strspn(line + n, " \t")] != ':')
		return NULL;
	colon[1 + strcspn(colon + 1, "\n")] = 0;
	return str_dup(colon + 1 + strspn(colon + 1, " "));
}

char *host_cpu(const char *field)
{
	FILE *f = open_host("/proc/cpuinfo");
	char *line = NULL, *found = NULL;
	size_t room = 0;

	while (f && !found && getline(&line, &room, f) > 0)
		found = value_of(line, field);
	free(line);
	if (f)
		fclose(f);
	return found;
}

bool host_cpu_has(const char *field, const char *word)
{
	char *list = host_cpu(field), *rest = NULL;
	bool found = false;

	for (char *w = list ? strtok_r(list, " ", &rest) : NULL; w && !found;
	     w = strtok_r(NULL, " ", &rest))
		found = strcmp(w, word) == 0;
	free(list);
	return found;
}

char *host_kernel(void)
{
	FILE *f = open_host("/proc/sys/kernel/osrelease");
	char line[256] = "";

	if (f && !fgets(line, sizeof(line), f))
		*line = 0;
	if (f)
		fclose(f);
	line[strcspn(line, "\n")] = 0;
	return str_dup(line);
}

char host_parameter(const char *module, const char *name)
{
	char *path = str("/sys/module/%s/parameters/%s", module, name);
	FILE *f = open_host(path);
	int first = f ? fgetc(f) : EOF;

	if (f)
		fclose(f);
	free(path);
	if (first == EOF)
		return 0;
	return first == 'Y' || (first >= '1' && first <= '9') ? 'Y' : 'N';
}

enum host_device host_device(const char *path)
{
	char *real = path_of(path);
	enum host_device is = access(real, F_OK) < 0          ? HOST_DEVICE_ABSENT
			      : access(real, R_OK | W_OK) < 0 ? HOST_DEVICE_DENIED
							      : HOST_DEVICE_OK;

	free(real);
	return is;
}

char *host_log(void)
{
	static const char *const words[] = {"dmesg", NULL};
	int status;
	char *text = ask_program(words, &status);

	if (status == 0 && *text)
		return text;
	free(text);
	return NULL;
}

char *host_log_line(const char *log, const char *words)
{
	const char *at = strstr(log, words);
	char *line;

	if (!at)
		return NULL;
	while (at > log && at[-1] != '\n')
		at--;
	line = str_dup(at);
	line[strcspn(line, "\n")] = 0;
	return line;
}

bool host_sev_features(uint64_t *mask)
{
	struct kvm_device_attr a = {.group = GROUP_SEV, .attr = VMSA_FEATURES};
	char *path = path_of("/dev/kvm");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool told;

	*mask = 0;
	a.addr = (uintptr_t)mask;
	told = fd >= 0 && ioctl(fd, KVM_GET_DEVICE_ATTR, &a) == 0;
	if (fd >= 0)
		close(fd);
	free(path);
	return told;
}
