/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Output that must not get lost in silence: the files of a run, stdout and stderr. Nobody reads a
 * result that was not written, so a loss is a problem of the host: whoever finds one says so here,
 * and the program then ends with exit code 3 at least. Single-threaded.
 */
#include <stdio.h>

#include "base/types.h"

/*
 * what (a path, or words) could not be written, error (an errno value, 0: not known) says why. One
 * line on stderr for each what, with what to do about it.
 */
void output_lost(const char *what, int error);
unsigned output_losses(void);  /* how many there were up to now */
const char *output_loss(void); /* the last one in words; NULL: none */
/* The exit code once all is known: code, or CODE_HOST where that is graver and something was lost.
 */
int output_verdict(int code);

/* Flushes stdout or stderr. False: something of it was lost, now or before, and it was told. */
bool output_stream(FILE *f);

/* All of it at the descriptor's end, or nothing: what was written in part is cut off again. False
 * with errno set; nothing is told. */
bool output_whole(int fd, const void *bytes, size_t n);
/* The same for a file, which is made when it is not there. A failure is told as lost. */
bool output_append(const char *path, const char *text);
/* A file in one step: written beside its place, forced to the disk, then renamed. What was there
 * stays after a failure, which is told as lost. */
bool output_file(const char *path, const char *text);
/* Ends a file that was written by fprintf() and the like. False, and told as lost: something of it
 * is not in the file. */
bool output_close(FILE *f, const char *path);
