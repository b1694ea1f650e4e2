/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A service's side of abi/service.h: thin wrappers of the system calls. Each returns what the
 * kernel returns, -errno on failure. Unit tests define service_call() themselves.
 */
#include "abi/service.h"

int64_t service_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c);

static inline int64_t service_wait(struct service_head *head)
{
	return service_call(SERVICE_CALL_WAIT, (uint64_t)head, 0, 0);
}

static inline int64_t service_read(void *to, uint64_t offset, uint64_t len)
{
	return service_call(SERVICE_CALL_READ, (uint64_t)to, offset, len);
}

static inline int64_t service_write(const void *from, uint64_t offset, uint64_t len)
{
	return service_call(SERVICE_CALL_WRITE, (uint64_t)from, offset, len);
}

static inline int64_t service_answer(uint32_t status, uint32_t len)
{
	return service_call(SERVICE_CALL_ANSWER, status, len, 0);
}

static inline int64_t service_store(uint32_t slot, const void *from, uint64_t len)
{
	return service_call(SERVICE_CALL_STORE, slot, (uint64_t)from, len);
}

static inline int64_t service_channel_reset(void)
{
	return service_call(SERVICE_CALL_CHANNEL_RESET, 0, 0, 0);
}

static inline int64_t service_channel_send(const void *from, uint64_t len)
{
	return service_call(SERVICE_CALL_CHANNEL_SEND, (uint64_t)from, len, 0);
}

static inline int64_t service_channel_take(void *to, uint64_t room)
{
	return service_call(SERVICE_CALL_CHANNEL_TAKE, (uint64_t)to, room, 0);
}

static inline int64_t service_report(const uint8_t data[64], struct attestation_report *to)
{
	return service_call(SERVICE_CALL_REPORT, (uint64_t)data, (uint64_t)to, 0);
}

static inline int64_t service_load(uint32_t slot, void *to, uint64_t room)
{
	return service_call(SERVICE_CALL_LOAD, slot, (uint64_t)to, room);
}
