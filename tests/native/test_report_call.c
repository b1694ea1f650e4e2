/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The system call by which a service gets a report: who may, and what it can be made to read and
 * write. User pointers are host pointers into one array.
 *
 * sources: svsm/user/service/report_call.c svsm/user/syscall.c
 */
#include <errno.h>
#include <string.h>
#include "tests/native/check.h"
#include "log/log.h"
#include "user/service/service.h"
#include "user/syscall.h"

static uint8_t user_memory[0x2000];
static struct service service;
static unsigned reports;
static enum service_report says;

#define USER(offset) ((uint64_t)user_memory + (offset))

static bool mapped(uint64_t va, size_t len)
{
	return va >= USER(0) && len <= sizeof(user_memory) &&
	       va - USER(0) <= sizeof(user_memory) - len;
}

bool user_copy_in(void *to, uint64_t va, size_t len)
{
	if (mapped(va, len))
		memcpy(to, (const void *)va, len);
	return mapped(va, len);
}

bool user_copy_out(uint64_t va, const void *from, size_t len)
{
	if (mapped(va, len))
		memcpy((void *)va, from, len);
	return mapped(va, len);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static enum service_report give_report(const uint8_t data[64], struct attestation_report *to)
{
	reports++;
	memset(to, 0x66, sizeof(*to));
	memcpy(to->report_data, data, 64);
	return says;
}

static int64_t call(struct service *s, uint64_t data, uint64_t to)
{
	struct process p = {.name = "test", .service = s};
	struct syscall_args args = {.a = {data, to}};

	syscall_serve(&p, SERVICE_CALL_REPORT, &args);
	return args.result;
}

static void begin(void)
{
	syscall_init();
	reports = 0;
	says = SERVICE_REPORT_READY;
	service = (struct service){.name = "test", .report = give_report};
	memset(user_memory, 0x12, sizeof(user_memory));
}

TEST(it_is_for_whom_the_owner_lets_ask)
{
	begin();
	CHECK_EQ(call(NULL, USER(0), USER(64)), -EPERM);
	service.report = NULL;
	CHECK_EQ(call(&service, USER(0), USER(64)), -EPERM);
	CHECK_EQ(reports, 0);
	begin();
	CHECK_EQ(call(&service, USER(0), USER(64)), 0);
	CHECK_EQ(reports, 1);
}

TEST(bytes_go_in_and_a_report_comes_out)
{
	struct attestation_report *r = (void *)USER(64);

	begin();
	memset(user_memory, 0x13, 64);
	says = SERVICE_REPORT_LATER;
	CHECK_EQ(call(&service, USER(0), USER(64)), -EAGAIN);
	says = SERVICE_REPORT_DENIED;
	CHECK_EQ(call(&service, USER(0), USER(64)), -EPERM);
	says = SERVICE_REPORT_NONE;
	CHECK_EQ(call(&service, USER(0), USER(64)), -EIO);
	CHECK_EQ(r->vmpl, 0x12121212); /* an error tells nothing */
	says = SERVICE_REPORT_READY;
	CHECK_EQ(call(&service, USER(0), USER(64)), 0);
	CHECK_EQ(r->vmpl, 0x66666666);
	CHECK_MEM(r->report_data, user_memory, 64);
	CHECK_EQ(*(uint8_t *)(r + 1), 0x12);
}

TEST(bad_pointers)
{
	const uint64_t end = USER(sizeof(user_memory)), size = sizeof(struct attestation_report);

	begin();
	CHECK_EQ(call(&service, 0, USER(64)), -EFAULT);
	CHECK_EQ(call(&service, ~0ull, USER(64)), -EFAULT);
	CHECK_EQ(call(&service, end - 63, USER(64)), -EFAULT);
	CHECK_EQ(reports, 0);
	CHECK_EQ(call(&service, USER(0), 0), -EFAULT);
	CHECK_EQ(call(&service, USER(0), ~0ull), -EFAULT);
	CHECK_EQ(call(&service, USER(0), end - size + 1), -EFAULT);
	for (unsigned i = 0; i < sizeof(user_memory); i++)
		CHECK_EQ(user_memory[i], 0x12);
	CHECK_EQ(call(&service, end - 64, end - size), 0);
}
