/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The IGVM file of a suite, built with the library behind `keelson igvm build`. */
#include "harness/core/options.h"
#include "harness/run/suites.h"

/*
 * Writes the file. CODE_PASSED, or CODE_HOST after *why (malloc'ed) says what is missing or
 * refused.
 */
int make_igvm(const struct suite *s, const struct options *o, const char *out, char **why);
/* The image by which a Linux boots (malloc'ed), or that is the suite's test; NULL: none. */
char *make_igvm_firmware(const struct suite *s, const struct options *o);
/* A Linux suite's input files (malloc'ed) and command line (malloc'ed), options first. */
char *make_igvm_kernel(const struct suite *s, const struct options *o);
char *make_igvm_initrd(const struct suite *s, const struct options *o);
char *make_igvm_cmdline(const struct suite *s, const struct options *o);
/* The ready file that was given (--igvm) has another SVSM than ours in it, or none. */
bool make_igvm_foreign(const struct options *o);
/* The kernel's command line in the ready file that was given has the word (or some text there is
 * the same). */
bool make_igvm_says(const struct options *o, const char *word);
/* The ready file that was given has our SVSM with firmware in it. */
bool make_igvm_has_firmware(const struct options *o);
/* Our SVSM logs on COM1. */
bool make_igvm_com1(const struct suite *s, const struct options *o);
/* CPUs for services: what a ready file says, else the option, else the suite. */
unsigned make_igvm_service_cpus(const struct suite *s, const struct options *o);
/* The same as the `keelson igvm build` words that do it. */
void make_igvm_words(const struct suite *s, const struct options *o, const char *out,
		     struct strlist *words);
