/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Checks that platforms share: the kernel, its log, its modules, devices, and QEMU. Each adds one
 * line. todo: what to do when it fails. */
#include "launch/profiles/checks.h"

/* What a line of the kernel's log says of a host. A table is searched from its top, so what is
 * wrong stands above what is right. */
struct host_log_word {
	const char *words;
	const char *todo; /* NULL: this line is good news */
};

/* Linux, at least major.minor */
void host_check_kernel(struct checks *c, unsigned major, unsigned minor, const char *todo);
/* What a platform asks of the processor, and what to do about each that is not so. */
struct host_cpu_need {
	const char *what, *vendor, *flag; /* the last two as in /proc/cpuinfo */
	const char *other_vendor, *virtual, *no_flag;
};
void host_check_cpu(struct checks *c, const struct host_cpu_need *n);
/* The first of the words that the log has. None of them: not known, since a log forgets its
 * beginning. log NULL: it could not be read. */
void host_check_log(struct checks *c, const char *what, const char *log,
		    const struct host_log_word *words, size_t n);
void host_check_parameter(struct checks *c, const char *what, const char *module, const char *name,
			  const char *todo);
void host_check_device(struct checks *c, const char *path, const char *absent, const char *denied);
/* least: major * 100 + minor. False: this QEMU is not worth more questions. */
bool host_check_qemu(struct checks *c, const char *qemu, unsigned least, const char *why);
void host_check_object(struct checks *c, const char *what, const char *qemu, const char *type,
		       const char *todo);
