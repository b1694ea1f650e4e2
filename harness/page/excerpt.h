/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The end of a log, which may be of any size and hold anything: no more of it is read than is
 * shown. What is left out is told, and how much of it. Lines that tell of an end are marked.
 */
#include <stdio.h>

#include "base/types.h"

/* As <pre>: at most so many of its last lines and bytes. False: there is none, or nothing in it. */
bool excerpt(FILE *f, const char *path, unsigned lines, size_t bytes);
/* The same, and in front of them some of the lines before that tell of the end. */
bool excerpt_last_words(FILE *f, const char *path, unsigned lines);
/* The same of text that is there already. */
void excerpt_text(FILE *f, const char *text, size_t n);
/* The line tells of an end, or of what led to it. */
bool excerpt_telling(const char *line, size_t n);
