/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* One request of the channel and its answer, for what is built on that: services/lib/channel*.c. */
#include "abi/host/channel.h"

struct channel_reply {
	uint16_t status;
	size_t length;          /* as the host says, CHANNEL_PLAIN_MAX at most */
	const uint8_t *payload; /* until the next request */
};

/* Where a request's payload goes: CHANNEL_PLAIN_MAX bytes. */
uint8_t *channel_request_payload(void);
/* False: no answer for ms, and the channel is closed for good. */
bool channel_request(uint8_t type, size_t len, uint64_t ms, struct channel_reply *r);
/* The same, where an answer has `room` bytes, no more and no less. False: another one, or none. */
bool channel_ask(uint8_t type, size_t len, void *to, size_t room, uint64_t ms);
