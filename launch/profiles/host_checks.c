/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The checks of a host that AMD's and Intel's platforms share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch/profiles/ask.h"
#include "launch/profiles/host.h"
#include "launch/profiles/host_checks.h"
#include "launch/profiles/words.h"

void host_check_kernel(struct checks *c, unsigned major, unsigned minor, const char *todo)
{
	char *release = host_kernel();
	unsigned is_major = 0, is_minor = 0;
	bool enough = sscanf(release, "%u.%u", &is_major, &is_minor) == 2 &&
		      (is_major > major || (is_major == major && is_minor >= minor));

	checks_add(c, "kernel", enough ? CHECK_OK : CHECK_MISSING, str("Linux %s", release),
		   enough ? NULL : str("Linux %u.%u or newer is needed: %s", major, minor, todo));
	free(release);
}

void host_check_cpu(struct checks *c, const struct host_cpu_need *n)
{
	char *vendor = host_cpu("vendor_id"), *model = host_cpu("model name");
	const char *todo = NULL;

	if (!vendor || strcmp(vendor, n->vendor) != 0)
		todo = n->other_vendor;
	else if (host_cpu_has("flags", "hypervisor"))
		todo = n->virtual;
	else if (!host_cpu_has("flags", n->flag))
		todo = n->no_flag;
	checks_add(c, n->what, todo ? CHECK_MISSING : CHECK_OK,
		   str("%s", model ? model : "unknown"), todo ? str_dup(todo) : NULL);
	free(vendor);
	free(model);
}

void host_check_log(struct checks *c, const char *what, const char *log,
		    const struct host_log_word *words, size_t n)
{
	if (!log) {
		checks_add(c, what, CHECK_UNKNOWN, str("you may not read the kernel's log"),
			   str("run this with sudo, or sysctl kernel.dmesg_restrict=0"));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		char *line = host_log_line(log, words[i].words);

		if (!line)
			continue;
		checks_add(c, what, words[i].todo ? CHECK_MISSING : CHECK_OK, line,
			   words[i].todo ? str_dup(words[i].todo) : NULL);
		return;
	}
	checks_add(c, what, CHECK_UNKNOWN, str("the kernel's log says nothing of it"),
		   str("look at the log of the boot: journalctl -k"));
}

void host_check_parameter(struct checks *c, const char *what, const char *module, const char *name,
			  const char *todo)
{
	char is = host_parameter(module, name);

	if (is == 'Y')
		checks_add(c, what, CHECK_OK, str("on"), NULL);
	else if (is)
		checks_add(c, what, CHECK_MISSING, str("it is off"), str_dup(todo));
	else
		checks_add(c, what, CHECK_MISSING, str("there is no such parameter"),
			   str("modprobe %s; if it is loaded, its kernel is built without that",
			       module));
}

void host_check_device(struct checks *c, const char *path, const char *absent, const char *denied)
{
	switch (host_device(path)) {
	case HOST_DEVICE_OK:
		checks_add(c, path, CHECK_OK, str("you may read and write it"), NULL);
		break;
	case HOST_DEVICE_ABSENT:
		checks_add(c, path, CHECK_MISSING, str("there is none"), str_dup(absent));
		break;
	case HOST_DEVICE_DENIED:
		checks_add(c, path, CHECK_MISSING, str("you may not read and write it"),
			   str_dup(denied));
		break;
	}
}

bool host_check_qemu(struct checks *c, const char *qemu, unsigned least, const char *why)
{
	char *text;
	unsigned version = ask_qemu_version(qemu, &text);

	if (version >= least) {
		checks_add(c, "QEMU", CHECK_OK, text, NULL);
		return true;
	}
	if (!version)
		text = str("%s does not run", qemu);
	checks_add(c, "QEMU", CHECK_MISSING, text,
		   str("QEMU %u.%u or newer %s; name it by --qemu", least / 100, least % 100, why));
	return false;
}

void host_check_object(struct checks *c, const char *what, const char *qemu, const char *type,
		       const char *todo)
{
	bool has = ask_qemu_object(qemu, type);

	checks_add(c, what, has ? CHECK_OK : CHECK_MISSING,
		   str("-object %s is %s", type, has ? "there" : "unknown to it"),
		   has ? NULL : str_dup(todo));
}
