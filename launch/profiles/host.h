/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Questions about this host: what its kernel says of the processor, of its modules and devices.
 * Nothing is changed. $KEELSON_HOST_ROOT stands before /proc, /sys and /dev, for tests.
 */
#include "base/types.h"

/* The value of a field of the first processor in /proc/cpuinfo (malloc'ed); NULL: it has none. */
char *host_cpu(const char *field);
/* One of the words of a field such as "flags". */
bool host_cpu_has(const char *field, const char *word);
/* The kernel's release, as `uname -r` has it (malloc'ed); "" where it cannot be told. */
char *host_kernel(void);
/* Y or N of a kernel module's parameter, as the kernel writes it; 0: there is none. A parameter
 * that is a number is Y unless it is 0. */
char host_parameter(const char *module, const char *name);
enum host_device {
	HOST_DEVICE_OK, /* this user may read and write it */
	HOST_DEVICE_ABSENT,
	HOST_DEVICE_DENIED,
};
enum host_device host_device(const char *path);
/* The kernel's log by dmesg(1) (malloc'ed); NULL where this user may not read it. */
char *host_log(void);
/* The first line of a log that has these words (malloc'ed), or NULL. */
char *host_log_line(const char *log, const char *words);
/* SEV_FEATURES that KVM takes in the first VMSA of an SEV guest (KVM_X86_SEV_VMSA_FEATURES, Linux
 * 6.10). False: it does not say. */
bool host_sev_features(uint64_t *mask);
