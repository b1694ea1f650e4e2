/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson.ko for the agent's tests: load it, unload it, and make raw calls by it. test_module.c and
 * test_svsm.c call it. A guest image may lack the module, because it is built for one kernel; then
 * the test is skipped, never passed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/module.h"

#define MODULE_FILE "/modules/keelson.ko"

bool module_there(void)
{
	bool there = access(MODULE_FILE, F_OK) == 0;

	if (!there)
		agent_skip("no keelson.ko for this kernel (KERNEL= was given)");
	return there;
}

int module_load(void)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return errno;
	rc = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return rc;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "keelson", O_NONBLOCK) ? errno : 0;
}

int module_open(void)
{
	int fd, rc;

	if (!module_there())
		return -1;
	rc = module_load();
	if (rc && rc != EEXIST) {
		agent_fail(AGENT_HERE, "keelson.ko does not load: %s", strerror(rc));
		return -1;
	}
	fd = open("/dev/keelson-svsm", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		agent_fail(AGENT_HERE, "/dev/keelson-svsm: %s", strerror(errno));
	return fd;
}

/*
 * A failed CHECK here means that the SVSM did not take the call: the hypervisor answered an error,
 * or call_pending is still set. RAX is for the caller to judge.
 */
struct keelson_call module_call(int fd, unsigned cpu, uint64_t rax, uint64_t rcx)
{
	struct keelson_call c = {.rax = rax, .rcx = rcx, .cpu = cpu, .pending = 1};

	CHECK_EQ(ioctl(fd, KEELSON_CALL, &c), 0);
	CHECK_EQ(c.hv, 0);
	CHECK_EQ(c.pending, 0);
	return c;
}
