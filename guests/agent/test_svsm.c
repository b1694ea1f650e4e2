/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Raw SVSM calls from Linux, through our module: what the kernel's own driver never sends. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi/svsm.h"
#include "agent/agent.h"
#include "module/keelson_ioctl.h"

static int open_svsm(void)
{
	int fd;

	if (access("/modules/keelson.ko", F_OK) != 0) {
		agent_skip("no keelson.ko for this kernel (KERNEL= was given)");
		return -1;
	}
	if (!agent_load_module("keelson")) {
		agent_fail(AGENT_HERE, "keelson.ko does not load: %s", strerror(errno));
		return -1;
	}
	fd = open("/dev/keelson-svsm", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		agent_fail(AGENT_HERE, "/dev/keelson-svsm: %s", strerror(errno));
	return fd;
}

static struct keelson_call call_on(int fd, unsigned cpu, uint64_t rax, uint64_t rcx)
{
	struct keelson_call c = {.rax = rax, .rcx = rcx, .cpu = cpu, .pending = 1};

	CHECK_EQ(ioctl(fd, KEELSON_CALL, &c), 0);
	CHECK_EQ(c.hv, 0);
	CHECK_EQ(c.pending, 0);
	return c;
}

AGENT_TEST(query, "svsm-query",
	   "QUERY_PROTOCOL answers on each vCPU: core version 1, nothing above")
{
	int fd = open_svsm();

	if (fd < 0)
		return;
	for (unsigned cpu = 0; cpu < agent_cpus_online(); cpu++) {
		struct keelson_call c =
			call_on(fd, cpu, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
				(uint64_t)SVSM_PROTO_CORE << 32 | 1);
		CHECK_EQ(c.rax, SVSM_SUCCESS);
		CHECK_EQ(c.rcx, 1ull << 32 | 1); /* maximum, minimum version */
		c = call_on(fd, cpu, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
			    (uint64_t)SVSM_PROTO_CORE << 32 | 99);
		CHECK_EQ(c.rax, SVSM_SUCCESS);
		CHECK_EQ(c.rcx, 0);
	}
	close(fd);
}

AGENT_TEST(refusals, "svsm-refusals", "unknown calls, protocols and bad addresses get their codes")
{
	static const struct {
		uint64_t rax, rcx, want;
	} table[] = {
		{SVSM_CALL(SVSM_PROTO_CORE, 99), 0, SVSM_ERR_UNSUPPORTED_CALL},
		{SVSM_CALL(77, 0), 0, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_PVALIDATE), 0x123,
		 SVSM_ERR_INVALID_PARAMETER},
		{SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_PVALIDATE), 1ull << 46,
		 SVSM_ERR_INVALID_ADDRESS},
		{SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_REMAP_CA), 0x801, SVSM_ERR_INVALID_PARAMETER},
	};
	int fd = open_svsm();

	if (fd < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct keelson_call c = call_on(fd, 0, table[i].rax, table[i].rcx);

		if (c.rax != table[i].want)
			agent_fail(AGENT_HERE, "call 0x%llx with RCX 0x%llx: 0x%llx, want 0x%llx",
				   (unsigned long long)table[i].rax,
				   (unsigned long long)table[i].rcx, (unsigned long long)c.rax,
				   (unsigned long long)table[i].want);
	}
	close(fd);
}

AGENT_TEST(double_validate, "svsm-double-validate",
	   "validating a page that the kernel already uses is refused")
{
	struct keelson_page page;
	struct {
		struct svsm_pvalidate_list head;
		uint64_t entry;
	} list = {.head = {.count = 1}};
	struct keelson_call c;
	int fd = open_svsm();

	if (fd < 0)
		return;
	CHECK_EQ(ioctl(fd, KEELSON_PAGE, &page), 0);
	list.entry = page.gpa | SVSM_PVALIDATE_ACTION; /* the page the list itself lies in */
	CHECK_EQ(pwrite(fd, &list, sizeof(list), 0), sizeof(list));
	c = call_on(fd, 0, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_PVALIDATE), page.gpa);
	CHECK_EQ(c.rax, SVSM_ERR_PVALIDATE_NO_CHANGE);
	close(fd);
}

AGENT_TEST(not_pending, "svsm-not-pending",
	   "an entry without call_pending serves nothing and changes nothing")
{
	struct keelson_call c = {.rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
				 .rcx = 1};
	int fd = open_svsm();

	if (fd < 0)
		return;
	CHECK_EQ(ioctl(fd, KEELSON_CALL, &c), 0);
	CHECK_EQ(c.rax, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL));
	CHECK_EQ(c.rcx, 1);
	close(fd);
}
