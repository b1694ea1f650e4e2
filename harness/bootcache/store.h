/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The folder of saved machines: one folder each, named by its key (key.h), with the files of a
 * snapshot (session/snapshot.h) and boot.json, which says what they are. What is there is whole: a
 * new one is made beside and renamed, and one that goes is renamed first. Several programs may use
 * one folder at a time: who loads a snapshot keeps it from being removed.
 */
#include <jansson.h>

#include "harness/core/util.h"

#define STORE_MOST (1ll << 30) /* bytes; the ones that were not used for longest go */

struct store_entry {
	char *folder;
	json_t *facts; /* those of store_keep() */
	int lock;      /* keeps it there */
};

/* True: it is there, and what it holds is what was saved. One that is spoilt is removed, after one
 * line that says so; one that is not there is no word. It counts as used now. */
bool store_find(struct store_entry *e, const char *dir, const char *key);
void store_entry_free(struct store_entry *e);
/* It was found, and is no good all the same: why, in one line. Removed; e is as freed. */
void store_refuse(struct store_entry *e, const char *why);

/* An empty folder for a new snapshot (malloc'ed), or NULL: none can be made there. */
char *store_begin(const char *dir);
/* Its files are complete: under its key from now on, and older ones may go for it, down to `most`
 * bytes. folder is freed. False: it was not kept (somebody else's is there, or the disk is full).
 */
bool store_keep(const char *dir, char *folder, const char *key, json_t *facts, int64_t most);
void store_drop(char *folder); /* the same, but nothing came of it */
