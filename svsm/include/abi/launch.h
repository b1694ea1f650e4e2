/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the IGVM builder tells the SVSM: the launch page, one measured page inside the SVSM's image
 * at the ELF symbol "launch_info". All addresses are guest physical and page aligned; size 0 means
 * absent.
 */
#include "base/types.h"

#define LAUNCH_MAGIC   0x4e4c454bu /* "KELN" */
#define LAUNCH_VERSION 1

enum launch_guest {
	LAUNCH_GUEST_NONE = 0,  /* the SVSM runs its self-tests and stops */
	LAUNCH_GUEST_LINUX = 1, /* direct boot of a bzImage at its 64-bit entry */
	LAUNCH_GUEST_BARE = 2,  /* a flat image entered in 64-bit mode at its first byte */
};

struct launch_range {
	uint64_t gpa;
	uint64_t size; /* bytes that the launch fills */
} PACKED;

struct launch_info {
	uint32_t magic;
	uint32_t version;
	uint32_t guest;             /* enum launch_guest */
	uint32_t guest_vmpl;        /* 1..3 */
	struct launch_range svsm;   /* all memory that belongs to the SVSM, its image included */
	struct launch_range kernel; /* Linux: protected-mode part, where it runs; bare: the image */
	struct launch_range setup;  /* Linux: the bzImage's setup sectors, boot sector first */
	struct launch_range initrd;
	struct launch_range cmdline; /* NUL-terminated */
	uint32_t flags;
	uint32_t service_cpus; /* the host's last n CPUs run services only, unseen by the guest */
	uint8_t pad[PAGE_SIZE - 24 - 5 * 16];
} PACKED;
ABI_SIZE(struct launch_info, 0x1000, "launch_info: one page");

/* Flags. Like the whole page, they are measured. */
#define LAUNCH_FLAG_SELFTEST BIT(0) /* run the SVSM's own tests before the guest starts */
#define LAUNCH_FLAG_PANIC    BIT(1) /* then fault on purpose: for tests of what that looks like */
#define LAUNCH_FLAG_TEST     BIT(2) /* offer the test protocol (abi/vtpm.h) */
