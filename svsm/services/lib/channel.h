/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A service's end of the channel to the VMM (abi/host/channel.h, docs/channel.md). What the host
 * answers is its word: bytes of the length that was asked for, or nothing. Waits are bounded
 * (docs/waits.md), and after one that was in vain the channel is closed for good: what came later
 * could belong to it.
 */
#include "abi/host/channel.h"

#define CHANNEL_HELLO_MS 5000  /* of silence, until the host says that it is there */
#define CHANNEL_ASK_MS   20000 /* of silence before an answer: a disk may be slow */
#define CHANNEL_ALL_MS   50000 /* for one answer, or for all that a start asks */

/* Says HELLO: before the guest runs, or in a session that began then (channel_session.h). False: no
 * port, no answer, or not all that is wanted. */
bool channel_open(uint32_t wanted);
/* Begins a bound of CHANNEL_ALL_MS for all requests from here to channel_relax(). */
void channel_hurry(void);
void channel_relax(void);

/* The slots. False: the host refuses, or does not answer. */
bool channel_read(unsigned slot, uint32_t offset, void *to, uint32_t len);
bool channel_write(unsigned slot, uint32_t offset, const void *from, uint32_t len);
bool channel_sync(void);

/*
 * A message to whoever is behind the host, and the answer to it: *got bytes of room. False: none
 * for ms, or none that fits; the host then may still answer, to the wind.
 */
bool channel_converse(const void *message, uint32_t len, void *to, uint32_t room, uint32_t *got,
		      uint64_t ms);

/* Nanoseconds of a clock that only goes on. */
uint64_t channel_now(void); /* channel_time.c; unit tests have their own */
