/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the IGVM builder tells the SVSM: the launch page, one measured page inside the SVSM's image
 * at the ELF symbol "launch_info". All addresses are guest physical and page aligned; size 0 means
 * absent.
 */
#include "abi/host/key_release.h"
#include "base/types.h"

#define LAUNCH_MAGIC   0x4e4c454bu /* "KELN" */
#define LAUNCH_VERSION 4

enum launch_guest {
	LAUNCH_GUEST_NONE = 0,  /* the SVSM runs its self-tests and stops */
	LAUNCH_GUEST_LINUX = 1, /* direct boot of a bzImage at its 64-bit entry */
	LAUNCH_GUEST_BARE = 2,  /* a flat image entered in 64-bit mode at its first byte */
	/* an image that ends at 4 GiB, entered in real mode at the reset vector */
	LAUNCH_GUEST_FIRMWARE = 3,
};

struct launch_range {
	uint64_t gpa;
	uint64_t size; /* bytes that the launch fills */
} PACKED;

/*
 * A measurement that the SVSM extends into the TPM's PCRs before the guest sends its first command:
 * the builder has hashed kernel, initrd and command line, and the launch digest covers both these
 * digests and what they are of (docs/vtpm.md). Digests are whole: a TPM may have any of the banks.
 */
#define LAUNCH_EVENT_TEXT 28
#define LAUNCH_EVENT_PCRS 16 /* PCRs 0 to 15: those that only a start of the TPM resets */
struct launch_event {
	uint32_t pcr;
	uint32_t type;                /* LAUNCH_EV_* */
	char text[LAUNCH_EVENT_TEXT]; /* printable ASCII, filled up with one NUL or more */
	uint8_t sha1[20], sha256[32], sha384[48], sha512[64];
} PACKED;
ABI_SIZE(struct launch_event, 200, "launch_event: packed");

/* TCG PC Client Platform Firmware Profile, "Event Types" */
#define LAUNCH_EV_SEPARATOR 0x00000004u
#define LAUNCH_EV_EVENT_TAG 0x00000006u
#define LAUNCH_EV_IPL       0x0000000du
#define LAUNCH_EV_EFI_APP   0x80000003u /* EV_EFI_BOOT_SERVICES_APPLICATION */

#define LAUNCH_EVENTS_MAX   16

/*
 * What firmware finds in its memory when it starts; all else is not validated. The numbers are
 * those of the firmware's own list (edk2, OvmfPkg/ResetVector/X64/OvmfSevMetadata.nasm.inc).
 */
enum launch_section_type {
	LAUNCH_SECTION_MEMORY = 1, /* zeroes */
	LAUNCH_SECTION_SECRETS = 2,
	LAUNCH_SECTION_CPUID = 3,
	LAUNCH_SECTION_CAA = 4,            /* the boot vCPU's calling area */
	LAUNCH_SECTION_KERNEL_HASHES = 16, /* loaded, and so measured, by the launch */
};

/* Whole pages below 4 GiB. Secrets, CPUID and calling area are there once, with one page each. */
struct launch_section {
	uint32_t gpa, size, type;
} PACKED;

#define LAUNCH_SECTIONS_MAX 16

/* Where firmware looks for parameters of an IGVM launch, in a section of memory; gpa 0: nowhere. */
struct launch_params {
	uint32_t memory_map;         /* gpa of a table of struct igvm_memory_map_entry */
	uint32_t memory_map_entries; /* that it has room for; one of no pages ends it */
	uint32_t vp_count;           /* gpa of the guest's number of vCPUs, 32 bits */
} PACKED;

/*
 * A TPM whose state outlives the VM, with LAUNCH_FLAG_STATE (docs/persistence.md). The identity
 * says whose state it is: one that was sealed for another is refused.
 */
struct launch_state {
	uint8_t identity[32];
	uint8_t test_key[32]; /* LAUNCH_FLAG_TEST_KEY only, else 0 */
	/* LAUNCH_FLAG_KEYS: whose signature the keys must have (abi/host/key_release.h); 0 with
	 * LAUNCH_FLAG_KEYS_UNSIGNED */
	uint8_t signer[RELEASE_SIGNER];
} PACKED;

struct launch_info {
	uint32_t magic;
	uint32_t version;
	uint32_t guest;           /* enum launch_guest */
	uint32_t guest_vmpl;      /* 1..3 */
	struct launch_range svsm; /* all memory that belongs to the SVSM, its image included */
	/* Linux: protected-mode part, where it runs; bare, firmware: the image */
	struct launch_range kernel;
	/* Linux: the bzImage's setup sectors, boot sector first; firmware: a page outside all RAM
	 * that the host tells of, for the boot vCPU's VMSA */
	struct launch_range setup;
	struct launch_range initrd;
	struct launch_range cmdline; /* NUL-terminated */
	uint32_t flags;
	uint32_t service_cpus; /* the host's last n CPUs run services only, unseen by the guest */
	/* Linux: at least one. The SVSM is its firmware and starts the TPM. Other guests: none,
	 * they start it themselves. */
	uint32_t event_count;
	uint32_t section_count; /* firmware only */
	struct launch_event events[LAUNCH_EVENTS_MAX];
	struct launch_section sections[LAUNCH_SECTIONS_MAX];
	struct launch_params params; /* firmware only */
	/* GUEST_TSC_SCALE (lib/tsc.h) and GUEST_TSC_OFFSET of all VMSAs, where the launch asks for
	 * SecureTSC and the builder knows what the machine gives. Scale 0: it does not. */
	uint64_t tsc_scale, tsc_offset;
	struct launch_state state;
	/* 0, as all events and sections that are not used */
	uint8_t pad[PAGE_SIZE - 32 - 5 * 16 - LAUNCH_EVENTS_MAX * 200 - LAUNCH_SECTIONS_MAX * 12 -
		    12 - 16 - 160];
} PACKED;
ABI_SIZE(struct launch_info, 0x1000, "launch_info: one page");

/* Flags. Like the whole page, they are measured. */
#define LAUNCH_FLAG_SELFTEST BIT(0) /* run the SVSM's own tests before the guest starts */
#define LAUNCH_FLAG_PANIC    BIT(1) /* then fault on purpose: for tests of what that looks like */
#define LAUNCH_FLAG_TEST     BIT(2) /* offer the test protocol (abi/vtpm.h) */
#define LAUNCH_FLAG_ALT_INJ  BIT(3) /* the guest's vCPUs have alternate injection: docs/apic.md */
#define LAUNCH_FLAG_SECURE_TSC                                                                     \
	BIT(4) /* the guest's vCPUs have SecureTSC where the SVSM's have: docs/timers.md */
#define LAUNCH_FLAG_COM1  BIT(5) /* the log goes to COM1, not to the debug port */
#define LAUNCH_FLAG_STATE BIT(6) /* the TPM's state is asked for, and kept, by the channel */
/* Without that state no guest starts; else it starts with a TPM that is new, and not kept. */
#define LAUNCH_FLAG_STATE_REQUIRED BIT(7)
/* The state is sealed with a key that everybody can read, in this page: for tests. */
#define LAUNCH_FLAG_TEST_KEY BIT(8)
/* The state is sealed with keys of a key server, which signs what it gives ... */
#define LAUNCH_FLAG_KEYS BIT(9)
/* ... or not: whoever answers can give keys that he knows. */
#define LAUNCH_FLAG_KEYS_UNSIGNED BIT(10)
#define LAUNCH_FLAGS_STATE                                                                         \
	(LAUNCH_FLAG_STATE | LAUNCH_FLAG_STATE_REQUIRED | LAUNCH_FLAG_TEST_KEY |                   \
	 LAUNCH_FLAG_KEYS | LAUNCH_FLAG_KEYS_UNSIGNED)
#define LAUNCH_FLAGS                                                                               \
	(LAUNCH_FLAG_SELFTEST | LAUNCH_FLAG_PANIC | LAUNCH_FLAG_TEST | LAUNCH_FLAG_ALT_INJ |       \
	 LAUNCH_FLAG_SECURE_TSC | LAUNCH_FLAG_COM1 | LAUNCH_FLAGS_STATE)
