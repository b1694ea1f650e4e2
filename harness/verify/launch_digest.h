/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

#define LAUNCH_DIGEST_BYTES 48

struct launch_host {
	bool native_zero; /* pages without data count as zero pages, as QEMU 10.1 loads them */
	unsigned vcpus;   /* KVM measures a VMSA for each; 0 or 1: the file's alone */
	uint32_t cpu_signature; /* CPUID 1 EAX of the others */
};

/* The digest that a launch of that IGVM file has. False: told on stderr. *unreadable: since the
 * file cannot be read, and not since it is none. */
bool launch_digest(const char *path, const struct launch_host *host,
		   uint8_t digest[LAUNCH_DIGEST_BYTES], bool *unreadable);
