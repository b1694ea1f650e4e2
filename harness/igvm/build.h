/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* `keelson igvm build`: from an SVSM (or a test payload in its place) and a guest to one IGVM file.
 */
#include "abi/launch.h"
#include "abi/vmsa.h"
#include "harness/igvm/image.h"

/*
 * Guest physical layout of our images: everything below 4 GiB, 256 MiB of RAM suffice. The SVSM's
 * range grows with the machine (region.h), so a kernel may have to move up.
 */
#define BUILD_SVSM_BASE   0x02000000ull
#define BUILD_SVSM_MAX    0x08000000ull /* its first page tables reach so far: KERNEL_MAX */
#define BUILD_KERNEL_BASE 0x04000000ull
#define BUILD_BARE_BASE   0x0a000000ull /* flat images are linked there (guests/bare/build.mk) */
/*
 * With firmware the SVSM lies where low RAM ends, outside all RAM: firmware takes RAM for its own,
 * wherever it is, and the host's map tells it nothing of the SVSM. A page behind it holds the boot
 * vCPU's VMSA. All of that ends at 2 GiB, where firmware begins to place PCI devices.
 */
#define BUILD_FIRMWARE_SVSM_MAX (BUILD_SVSM_MAX - SIZE_2M)
/* Initrd, command line, the bzImage's setup sectors; or behind the kernel's init_size */
#define BUILD_INITRD_BASE 0x0a000000ull

/* SEV_FEATURES of the boot VMSA, measured with it: the SVSM takes no interrupt but by #HV (its
 * guest's VMSAs are without that). A payload gets what a guest of today gets. */
#define BUILD_SEV_FEATURES         (SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ)
#define BUILD_SEV_FEATURES_PAYLOAD SEV_FEAT_SNP_ACTIVE

struct igvm_build_options {
	const char *svsm;      /* ELF */
	const char *payload;   /* ELF in the SVSM's place; excludes svsm */
	const char *multiboot; /* the image that the payload serves as its shim; NULL: none */
	const char *kernel;    /* bzImage; excludes bare */
	const char *initrd;
	const char *cmdline;
	const char *bare;     /* flat image */
	const char *firmware; /* OVMF's image; kernel, initrd and cmdline are then hashed for it */
	const char *output;
	unsigned service_cpus;
	unsigned mem;  /* MiB of RAM that the SVSM is to have room for; 0: REGION_DEFAULT_MEM */
	unsigned cpus; /* and CPUs; 0: REGION_DEFAULT_CPUS */
	uint64_t sev_features; /* of the boot VMSA; 0: BUILD_SEV_FEATURES or ..._PAYLOAD */
	bool no_madt;          /* ask the loader for no MADT: QEMU 10 refuses a file that does */
	bool selftest;
	bool test;  /* offer the test protocol */
	bool panic; /* the SVSM faults on purpose */
	/* SecureTSC as the native machine gives it: scale 1.0 and this offset. false: not known */
	bool tsc_known;
	uint64_t tsc_offset;
	bool secure_tsc;          /* the guest's vCPUs have it as well */
	bool alternate_injection; /* the SVSM emulates the guest's local APICs */
	bool com1;                /* the SVSM logs on COM1, not on the debug port */
	const char *state;        /* whose the TPM's state is, which is kept; NULL: it is not */
	bool state_required;      /* without it no guest starts */
	const char *keys_signer;  /* a public key's file: whose keys seal it; NULL: see below */
	bool keys_unsigned;       /* anybody's; with neither it is the test key */
};

/* Writes the file. Returns an exit code of blob.h, and on an error has said so. */
int igvm_build(const struct igvm_build_options *o);

/* linux.c: adds kernel, initrd and command line, and fills the ranges of *info. */
bool build_linux(const struct igvm_build_options *o, struct image *m, struct launch_info *info);

/* payload.c: adds a multiboot image, and tells the shim of it. */
struct elf;
bool build_multiboot(const struct igvm_build_options *o, const struct elf *shim, struct image *m);

/* firmware.c: adds the image and its sections. The SVSM's range is in *info already. */
bool build_firmware(const struct igvm_build_options *o, struct image *m, struct launch_info *info);

/* linux.c: for files that QEMU itself will load: false, and said so, when a bzImage or an initrd
 * (NULL: none) cannot be read or is cut off. What is neither bzImage nor cpio passes. */
bool build_linux_whole(const char *kernel, const char *initrd);

/* build_vmsa.c: the boot vCPU: 32-bit protected mode, paging off, flat segments, at rip, with
 * these SEV_FEATURES. */
void build_vmsa(struct vmsa *v, uint32_t rip, uint64_t sev_features);
