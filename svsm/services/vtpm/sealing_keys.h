/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the TPM's state is sealed with: the test key of the launch page, or the keys of a server,
 * which is asked once a launch (services/lib/release). The kernel keeps *l for a program that
 * begins anew after a fault; whoever calls stores it when it has changed.
 */
#include "abi/service.h"
#include "services/lib/state.h"

/* Fills the keys of *s; those that a server gives, and what it knows, go to *l, too. False, perhaps
 * after a line: there are none. The channel is open. */
bool sealing_keys_find(struct vtpm_launch *l, struct state *s);

/* What an earlier launch may have sealed and not proved is kept: nothing is to be burnt. */
void sealing_keys_keep_all(void);

enum sealing_keys_confirmed {
	SEALING_KEYS_SAME,  /* nobody waits for a word */
	SEALING_KEYS_BURNT, /* the server proves it; *l has the newest alone */
	SEALING_KEYS_LEFT,  /* it does not */
};

/* A state is sealed with the newest key and lasts. Tells the server, once. */
enum sealing_keys_confirmed sealing_keys_confirm(struct vtpm_launch *l);
