/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Firmware in OVMF's format: an image that ends at 4 GiB, with a table of GUIDs below its reset
 * vector that leads to the list of what an SEV-SNP launch has to bring (edk2,
 * OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.nasm.inc and X64/OvmfSevMetadata.nasm.inc).
 */
#include "abi/launch.h"
#include "harness/igvm/blob.h"

/* Below the last 16 MiB lie the interrupt controllers: a larger image would cover them. */
#define OVMF_SIZE_MAX (16ull << 20)

struct ovmf {
	struct launch_section sections[LAUNCH_SECTIONS_MAX];
	uint32_t section_count;
	struct launch_params params;
	/* Where the hashes of kernel, initrd and command line go, in a section of that type; 0: the
	 * firmware asks for none. */
	uint32_t hashes, hashes_size;
};

/*
 * Reads a whole image, in which every number is checked before it is used. False after one line
 * that names the path and what is wrong: no such table, no SEV-SNP metadata, a version, a section.
 */
bool ovmf_read(const char *path, const struct blob *image, struct ovmf *out);

/* The size of the table of hashes, QEMU's (target/i386/sev.c, SevHashTable), padded. */
#define OVMF_HASHES_SIZE 176
/* Fill a table of hashes. initrd may be empty; the command line is hashed with the NUL that ends
 * it. */
void ovmf_hashes(const struct blob *kernel, const struct blob *initrd, const char *cmdline,
		 uint8_t out[OVMF_HASHES_SIZE]);
