/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Raw SVSM calls from Linux, through our module: what the kernel's own driver never sends. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi/svsm.h"
#include "agent/agent.h"
#include "agent/module.h"

static struct keelson_call ask_for_core(int fd, unsigned cpu, uint32_t version)
{
	return module_call(fd, cpu, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
			   (uint64_t)SVSM_PROTO_CORE << 32 | version);
}

AGENT_TEST(query, "svsm-query",
	   "QUERY_PROTOCOL answers on each vCPU: core version 1, nothing above")
{
	int fd = module_open();

	if (fd < 0)
		return;
	for (unsigned cpu = 0; cpu < agent_cpus_online(); cpu++) {
		struct keelson_call c = ask_for_core(fd, cpu, 1);
		CHECK_EQ(c.rax, SVSM_SUCCESS);
		CHECK_EQ(c.rcx, 1ull << 32 | 1); /* maximum, minimum version */
		c = ask_for_core(fd, cpu, 99);
		CHECK_EQ(c.rax, SVSM_SUCCESS);
		CHECK_EQ(c.rcx, 0);
	}
	close(fd);
}

/* Behind cpu-off-on: what the module knows of a CPU is asked anew when it comes back. */
AGENT_TEST_LAST(query_again, "svsm-query-after-hotplug",
		"each vCPU's calls are answered, also after it was offline")
{
	int fd = module_open();

	if (fd < 0)
		return;
	for (unsigned cpu = 0; cpu < agent_cpus_online(); cpu++) {
		struct keelson_call c = ask_for_core(fd, cpu, 1);

		CHECK_EQ(c.rax, SVSM_SUCCESS);
		CHECK_EQ(c.rcx, 1ull << 32 | 1);
		CHECK_EQ(c.pending, 0);
		CHECK_EQ(c.hv, 0);
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
	int fd = module_open();

	if (fd < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct keelson_call c = module_call(fd, 0, table[i].rax, table[i].rcx);

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
	int fd = module_open();

	if (fd < 0)
		return;
	CHECK_EQ(ioctl(fd, KEELSON_PAGE, &page), 0);
	list.entry = page.gpa | SVSM_PVALIDATE_ACTION; /* the page the list itself lies in */
	CHECK_EQ(pwrite(fd, &list, sizeof(list), 0), sizeof(list));
	c = module_call(fd, 0, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_PVALIDATE), page.gpa);
	CHECK_EQ(c.rax, SVSM_ERR_PVALIDATE_NO_CHANGE);
	close(fd);
}

AGENT_TEST(not_pending, "svsm-not-pending",
	   "an entry without call_pending serves nothing and changes nothing")
{
	struct keelson_call c = {.rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
				 .rcx = 1};
	int fd = module_open();

	if (fd < 0)
		return;
	CHECK_EQ(ioctl(fd, KEELSON_CALL, &c), 0);
	CHECK_EQ(c.rax, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL));
	CHECK_EQ(c.rcx, 1);
	close(fd);
}

/* ---- the kernel's calling area ---- */

/* Calls of every outcome; none of them changes what the kernel relies on. */
static void assorted_calls(int fd, unsigned cpu)
{
	for (uint32_t i = 0; i < 50; i++) {
		module_call(fd, cpu, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL), i % 4);
		module_call(fd, cpu, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_PVALIDATE), 0x123);
		module_call(fd, cpu, SVSM_CALL(77, i), i);
	}
}

/* The kernel may make calls of its own between the two readings: one quiet round is enough. */
static bool area_untouched(int fd, unsigned cpu)
{
	static struct keelson_caa before, after;
	bool same = false;

	for (int round = 0; round < 5 && !same; round++) {
		before.cpu = after.cpu = cpu;
		CHECK_EQ(ioctl(fd, KEELSON_CAA, &before), 0);
		assorted_calls(fd, cpu);
		CHECK_EQ(ioctl(fd, KEELSON_CAA, &after), 0);
		CHECK_EQ(before.gpa, after.gpa);
		CHECK_EQ(after.bytes[offsetof(struct svsm_caa, call_pending)], 0);
		same = !memcmp(before.bytes, after.bytes, sizeof(after.bytes));
	}
	return same;
}

AGENT_TEST(caa, "svsm-caa-untouched",
	   "raw calls leave each vCPU's calling area as the kernel left it, byte for byte")
{
	uint64_t gpa[2] = {0};
	int fd = module_open();

	if (fd < 0)
		return;
	for (unsigned cpu = 0; cpu < agent_cpus_online(); cpu++) {
		struct keelson_caa where = {.cpu = cpu};

		if (!area_untouched(fd, cpu))
			agent_fail(AGENT_HERE, "the area of CPU %u changes with each call", cpu);
		CHECK_EQ(ioctl(fd, KEELSON_CAA, &where), 0);
		CHECK(where.gpa && where.gpa % PAGE_SIZE == 0);
		gpa[cpu % 2] = where.gpa;
	}
	if (agent_cpus_online() > 1)
		CHECK(gpa[0] != gpa[1]);
	close(fd);
}

AGENT_TEST(repeated, "svsm-repeat", "10,000 raw calls in a row have one and the same answer")
{
	struct keelson_repeat r = {
		.call = {.rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
			 .rcx = 1,
			 .pending = 1},
		.times = KEELSON_REPEAT_MAX,
	};
	int fd = module_open();

	if (fd < 0)
		return;
	CHECK_EQ(ioctl(fd, KEELSON_REPEAT, &r), 0);
	CHECK_EQ(r.different, 0);
	CHECK_EQ(r.call.rax, SVSM_SUCCESS);
	CHECK_EQ(r.call.rcx, 1ull << 32 | 1);
	close(fd);
}

/* ---- NMIs ---- */

/* How many NMIs the CPU has taken, by /proc/interrupts. */
static unsigned long nmis(unsigned cpu)
{
	static char text[32768];
	unsigned long n = 0;
	char *p;

	agent_read("/proc/interrupts", text, sizeof(text));
	p = strstr(text, "NMI:");
	if (!p)
		return 0;
	p += 4;
	for (unsigned i = 0; i <= cpu; i++)
		n = strtoul(p, &p, 10);
	return n;
}

enum {
	NMIS = 8 /* each leaves a backtrace in the kernel log */
};

/* From the other CPU; `done` ends the calls. */
static void *send_nmis(void *done)
{
	agent_pin(0);
	for (int i = 0; i < NMIS; i++) {
		agent_write("/proc/sysrq-trigger", "l");
		usleep(20000);
	}
	WRITE_ONCE(*(bool *)done, true);
	return NULL;
}

/*
 * While a CPU is in the SVSM its NMIs wait and come before the next instruction: their handler
 * moves the GHCB MSR away under the call.
 */
AGENT_TEST(under_nmis, "svsm-nmi",
	   "raw calls give right answers while NMIs hit the vCPU that makes them")
{
	int fd = agent_cpus_online() > 1 ? module_open() : -1;
	const struct keelson_call query = {
		.rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
		.rcx = 1,
		.cpu = 1,
		.pending = 1,
	};
	struct keelson_repeat r = {.times = 2000};
	unsigned long before, calls = 0;
	bool done = false;
	pthread_t sender;

	if (agent_cpus_online() < 2)
		agent_skip("one vCPU");
	if (fd < 0)
		return;
	before = nmis(1);
	if (pthread_create(&sender, NULL, send_nmis, &done)) {
		agent_fail(AGENT_HERE, "no thread");
		close(fd);
		return;
	}
	for (; !READ_ONCE(done); calls += r.times) {
		r.call = query;
		CHECK_EQ(ioctl(fd, KEELSON_REPEAT, &r), 0);
		CHECK_EQ(r.different, 0);
		CHECK_EQ(r.call.hv, 0);
		CHECK_EQ(r.call.pending, 0);
		CHECK_EQ(r.call.rax, SVSM_SUCCESS);
		CHECK_EQ(r.call.rcx, 1ull << 32 | 1);
	}
	pthread_join(sender, NULL);
	agent_log("%lu calls, %lu NMIs", calls, nmis(1) - before);
	CHECK(nmis(1) - before >= NMIS);
	close(fd);
}
