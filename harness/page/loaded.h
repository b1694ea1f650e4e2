/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A run as its folder tells it. The folder may be of a run that was killed, of another version, or
 * spoilt: what is missing or makes no sense is missing here, and no error.
 */
#include <jansson.h>

#include "base/types.h"

struct loaded {
	char *path;    /* of its folder */
	json_t *run;   /* run.json; NULL: there is none that can be read */
	json_t *tests; /* results.jsonl: an array of objects, never NULL */
	size_t passed, failed, skipped, known;
	size_t lost; /* lines of it that make no sense, or are too many */
};

/* In the order in which they ran. */
struct loaded_all {
	struct loaded *v;
	size_t n;
};

/* The run in that folder; of a command with several suites each of them. False: there is none. */
bool loaded_add(struct loaded_all *all, const char *path);
void loaded_free(struct loaded_all *all);

/* Text and numbers of run.json by their key; any pointer may be NULL. */
const char *loaded_text(const json_t *o, const char *key);            /* NULL: there is none */
bool loaded_number(const json_t *o, const char *key, double *number); /* false: there is none */
const char *loaded_name(const struct loaded *r);                      /* a suite's, unless --name */
const char *loaded_leaf(const struct loaded *r);                      /* the folder's own name */
int loaded_code(const struct loaded *r);                              /* exit code, -1: no end */
/* It did not go as it should. */
bool loaded_failed(const struct loaded *r);
bool loaded_firmware(const struct loaded *r);                /* the guest had one */
char *loaded_file(const struct loaded *r, const char *name); /* malloc'ed */
