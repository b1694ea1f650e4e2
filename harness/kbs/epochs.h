/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The keys of VMs' states, an epoch a launch (docs/key-release.md): a file for each VM, whole at
 *any moment, that nobody but its owner can read. A key is in its file before anybody is given it.
 *
 *	issue   the newest epoch that was proved, those issued since, and a new one
 *	prove   burns all before that epoch
 *
 * Functions may be called by several threads. One program at a time has a folder.
 */
#include <stdio.h>

#include "abi/guest_message.h"
#include "abi/host/key_release.h"

#define STORE_REPORT_ID 32

struct store;

struct store_issued {
	struct release_key keys[RELEASE_KEYS_MAX];
	uint32_t count;
	bool proved; /* some epoch was: there is a state */
	/* The launch before has not proved its epoch: it ended early, or still runs (a clone?). */
	bool open;
	uint64_t open_epoch;
	uint8_t open_report_id[STORE_REPORT_ID];
	bool reused; /* too many launches in a row have proved nothing: no new epoch */
};

enum store_proved {
	STORE_PROVED,
	STORE_BURNT,  /* a later epoch was proved: another launch has taken this VM's place */
	STORE_FAILED, /* the file cannot be written */
};

/* Made if need be. NULL with *why (malloc'ed). */
struct store *store_open(const char *folder, char **why);
void store_close(struct store *s); /* NULL too */

/* False: the file cannot be read or written; told on stderr, and no key may be used. */
bool store_issue(struct store *s, const char *vm, const uint8_t report_id[STORE_REPORT_ID],
		 struct store_issued *out);
/* One key for ever, without epochs. */
bool store_bare(struct store *s, const char *vm, const uint8_t report_id[STORE_REPORT_ID],
		uint8_t key[RELEASE_KEY]);
enum store_proved store_prove(struct store *s, const char *vm,
			      const uint8_t report_id[STORE_REPORT_ID], uint64_t epoch);
/* VMs, their epochs and launches, for people; no keys. */
bool store_list(struct store *s, FILE *to);
/* A name of a VM is a file's: letters, digits, '.', '_' and '-', not '.' first. */
bool store_name(const char *vm);
