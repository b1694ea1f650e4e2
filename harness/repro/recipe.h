/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The words that make a run again: `keelson run` or `test` with what says what is done, and without
 * what says with which files and where. These are of the machine that it is made again on.
 */
#include <jansson.h>

#include "launch/profiles/words.h"

/* run: a run.json. Verb, options and tests, no program before them. False after a line on stderr:
 * it is none that can be made again. */
bool repro_words(const json_t *run, struct strlist *words);
/* Its IGVM file has firmware in it, and the machine hands a kernel over. */
bool repro_firmware(const json_t *run);
/* It was given a disk. One that a suite has made is made again. */
bool repro_disk(const json_t *run);
/* A member of an object that is a text; "" where it is none. */
const char *repro_text(const json_t *object, const char *key);
/* The words of an archive are such: run or test, suites, and options that open no file of this
 * machine's and no terminal. */
bool repro_allowed(const json_t *words);
/* An allow list of n words has this one. */
bool repro_one_of(const char *word, const char *const *list, size_t n);
