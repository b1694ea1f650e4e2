/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What both ends of the channel have agreed upon, for one launch: the key of the tags, and which
 * numbers are used. The kernel keeps it (struct channel_session, abi/service.h), so that a program
 * that begins anew after a fault goes on with it. One thread.
 */
#include "abi/host/channel.h"

/* Finds the session that is kept, or makes one. hello: the key to say in HELLO, zeroes when it was
 * said. False: no entropy, or what is kept cannot be had. */
bool channel_session_begin(uint8_t hello[CHANNEL_KEY]);
const uint8_t *channel_session_key(void);
/* A number that no request of this launch has had. 0: there is none, or no memory to keep it. */
uint32_t channel_session_number(void);
/* The host has answered HELLO: the key is not said again. False: no memory to keep that. */
bool channel_session_agreed(void);
