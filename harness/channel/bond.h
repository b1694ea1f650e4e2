/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Which requests are the SVSM's (abi/host/channel.h): the first frame of all is sent before the
 * guest runs. A HELLO brings the key; what comes later has a tag under it and a number that has not
 * been. Any other first frame says that there will be no key, and nobody is answered then. All else
 * may be the guest's, or a replay of its. A bond lasts as long as the machine: a reset ends QEMU
 * (launch/profiles/profile.c).
 */
#include "lib/channel/channel_frame.h"

struct channel_bond {
	bool begun; /* a frame has come */
	bool made;
	uint8_t key[CHANNEL_KEY];
	uint32_t number; /* of the last request */
};

/* True: the good frame in d is the SVSM's next request, whose payload has *length bytes. */
bool bond_accepts(struct channel_bond *b, const struct channel_decoder *d, size_t *length);
