/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "services/lib/service.h"

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	int64_t r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return r;
}

int64_t service_wait(struct service_head *head)
{
	return call(SERVICE_CALL_WAIT, (uint64_t)head, 0, 0);
}

int64_t service_read(void *to, uint64_t offset, uint64_t len)
{
	return call(SERVICE_CALL_READ, (uint64_t)to, offset, len);
}

int64_t service_write(const void *from, uint64_t offset, uint64_t len)
{
	return call(SERVICE_CALL_WRITE, (uint64_t)from, offset, len);
}

int64_t service_answer(uint32_t status, uint32_t len)
{
	return call(SERVICE_CALL_ANSWER, status, len, 0);
}

int64_t service_store(uint32_t slot, const void *from, uint64_t len)
{
	return call(SERVICE_CALL_STORE, slot, (uint64_t)from, len);
}

int64_t service_load(uint32_t slot, void *to, uint64_t room)
{
	return call(SERVICE_CALL_LOAD, slot, (uint64_t)to, room);
}
