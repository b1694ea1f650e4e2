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

#define EPOCHS_REPORT_ID 32

struct epochs;

struct epochs_issued {
	struct release_key keys[RELEASE_KEYS_MAX];
	uint32_t count;
	bool proved; /* some epoch was: there is a state */
	/* The launch before has not proved its epoch: it ended early, or still runs (a clone?). */
	bool open;
	uint64_t open_epoch;
	uint8_t open_report_id[EPOCHS_REPORT_ID];
	bool reused; /* too many launches in a row have proved nothing: no new epoch */
};

enum epochs_proved {
	EPOCHS_PROVED,
	EPOCHS_BURNT,  /* a later epoch was proved: another launch has taken this VM's place */
	EPOCHS_FAILED, /* the file cannot be written */
};

/* Made if need be. NULL with *why (malloc'ed). */
struct epochs *epochs_open(const char *folder, char **why);
void epochs_close(struct epochs *s); /* NULL too */

/* False: the file cannot be read or written; told on stderr, and no key may be used. */
bool epochs_issue(struct epochs *s, const char *vm, const uint8_t report_id[EPOCHS_REPORT_ID],
		  struct epochs_issued *out);
/* One key for ever, without epochs. */
bool epochs_bare(struct epochs *s, const char *vm, const uint8_t report_id[EPOCHS_REPORT_ID],
		 uint8_t key[RELEASE_KEY]);
enum epochs_proved epochs_prove(struct epochs *s, const char *vm,
				const uint8_t report_id[EPOCHS_REPORT_ID], uint64_t epoch);
/* VMs, their epochs and launches, for people; no keys. */
bool epochs_list(struct epochs *s, FILE *to);
/* A name of a VM is a file's: letters, digits, '.', '_' and '-', not '.' first. */
bool epochs_name(const char *vm);
