/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The SVSM bus as user space sees it, and our module coming and going. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/svsm.h"
#include "abi/vtpm.h"
#include "agent/agent.h"
#include "agent/module.h"
#include "module/svsm_numbers.h"

#define BUS_DEVICES "/sys/bus/svsm/devices"

/* The module's copy of the numbers agrees with the firmware's; svsm_numbers.h says why it has one.
 */
#define SAME(ours, theirs) _Static_assert((ours) == (theirs), "58019: " #ours " is not " #theirs)

SAME(SVSM_BUS_CORE, SVSM_PROTO_CORE);
SAME(SVSM_BUS_CORE_QUERY_PROTOCOL, SVSM_CORE_QUERY_PROTOCOL);
SAME(SVSM_BUS_VTPM, SVSM_PROTO_VTPM);
SAME(SVSM_BUS_VTPM_QUERY, SVSM_VTPM_QUERY);
SAME(SVSM_BUS_VTPM_COMMAND, SVSM_VTPM_COMMAND);
SAME(SVSM_BUS_VTPM_SEND_COMMAND, VTPM_CMD_SEND_COMMAND);
SAME(SVSM_BUS_SUCCESS, SVSM_SUCCESS);
SAME(SVSM_BUS_ERR_INCOMPLETE, SVSM_ERR_INCOMPLETE);
SAME(SVSM_BUS_ERR_UNSUPPORTED_PROTOCOL, SVSM_ERR_UNSUPPORTED_PROTOCOL);
SAME(SVSM_BUS_ERR_UNSUPPORTED_CALL, SVSM_ERR_UNSUPPORTED_CALL);
SAME(SVSM_BUS_ERR_BUSY, SVSM_ERR_BUSY);
SAME(SVSM_BUS_CALL(SVSM_BUS_VTPM, SVSM_BUS_VTPM_COMMAND),
     SVSM_CALL(SVSM_PROTO_VTPM, SVSM_VTPM_COMMAND));

static unsigned entries(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

/* An attribute of a protocol's device; ~0: no such file. */
static unsigned attribute(uint32_t protocol, const char *name)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), BUS_DEVICES "/svsm0:%u/%s", protocol, name);
	return agent_read(path, text, sizeof(text)) > 0 ? (unsigned)strtoul(text, NULL, 10) : ~0u;
}

/* RCX of QUERY_PROTOCOL for version 1: highest version << 32 | lowest; 0: not offered. */
static uint64_t offered(int fd, uint32_t protocol)
{
	return module_call(fd, 0, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
			   (uint64_t)protocol << 32 | 1)
		.rcx;
}

AGENT_TEST(bus, "svsm-bus",
	   "the bus has a device for each protocol that QUERY_PROTOCOL offers, no other")
{
	int fd = module_open();
	unsigned count = 0;

	if (fd < 0)
		return;
	for (uint32_t p = 0; p < KEELSON_PROTOCOLS; p++) {
		uint64_t versions = offered(fd, p);

		count += versions != 0;
		CHECK_EQ(attribute(p, "protocol"), versions ? p : ~0u);
		CHECK_EQ(attribute(p, "min_version"), versions ? (uint32_t)versions : ~0u);
		CHECK_EQ(attribute(p, "max_version"), versions ? versions >> 32 : ~0u);
	}
	CHECK_EQ(entries(BUS_DEVICES), count);
	CHECK(count > 0);
	close(fd);
}

/* The kernel says whether it is a guest under an SVSM, and the module must agree. */
AGENT_TEST(place, "module-place", "the module loads under an SVSM, and says ENODEV anywhere else")
{
	char text[16];
	bool under = agent_read("/sys/devices/system/cpu/sev/vmpl", text, sizeof(text)) > 0 &&
		     strcmp(text, "0") != 0;
	int rc;

	if (!module_there())
		return;
	rc = module_load();
	CHECK_EQ(rc == EEXIST ? 0 : rc, under ? 0 : ENODEV);
	CHECK_EQ(access("/sys/bus/svsm", F_OK) == 0, under);
	CHECK_EQ(access("/dev/keelson-svsm", F_OK) == 0, under);
}

AGENT_TEST(in_use, "module-in-use",
	   "an open raw device keeps the module, and nothing of it stays afterwards")
{
	int fd = module_open();

	if (fd < 0)
		return;
	CHECK_EQ(module_unload(), EWOULDBLOCK);
	CHECK_EQ(attribute(SVSM_PROTO_CORE, "protocol"), SVSM_PROTO_CORE);
	close(fd);
	CHECK_EQ(module_unload(), 0);
	CHECK(access("/sys/bus/svsm", F_OK) != 0);
	CHECK(access("/sys/devices/svsm0", F_OK) != 0);
	CHECK(access("/dev/keelson-svsm", F_OK) != 0);
	CHECK_EQ(module_load(), 0);
	CHECK(access("/dev/keelson-svsm", F_OK) == 0);
}

/* ---- again and again ---- */

enum {
	CYCLES = 100,
	WARM_UP = 10, /* caches fill, once */
};

/* kB of a line of /proc/meminfo. */
static long meminfo(const char *key)
{
	char text[4096], *at;

	agent_read("/proc/meminfo", text, sizeof(text));
	at = strstr(text, key);
	return at ? strtol(at + strlen(key) + 1, NULL, 10) : 0;
}

/* Memory that nobody can reclaim, in kB: slabs, page tables, vmalloc, and per CPU. */
static long held(void)
{
	agent_write("/proc/sys/vm/drop_caches", "3");
	return meminfo("SUnreclaim") + meminfo("Percpu") + meminfo("VmallocUsed");
}

static bool cycle(void)
{
	int out = module_unload(), in = module_load();

	if (out || in)
		agent_fail(AGENT_HERE, "unload: %s, load: %s", strerror(out), strerror(in));
	return !out && !in;
}

AGENT_TEST(cycles, "module-cycles",
	   "the module can be unloaded and loaded 100 times, and keeps no memory")
{
	long before = 0, after;
	int fd = module_open();

	if (fd < 0)
		return;
	close(fd);
	for (int i = 0; i < WARM_UP + CYCLES; i++) {
		if (i == WARM_UP)
			before = held();
		if (!cycle())
			return;
	}
	after = held();
	agent_log("%ld kB before, %ld kB after, free %ld kB", before, after, meminfo("MemFree"));
	CHECK(before > 0);
	CHECK(after - before < 2 * CYCLES); /* kB: no page a time */
	fd = module_open();
	CHECK_EQ(offered(fd, SVSM_PROTO_CORE), 1ull << 32 | 1);
	close(fd);
}
