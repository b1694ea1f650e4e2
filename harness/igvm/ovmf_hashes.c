/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The table by which firmware knows kernel, initrd and command line again that the host hands to it
 * by fw_cfg. It lies in measured memory, so the launch digest covers all three. The format is
 * QEMU's: target/i386/sev.c, sev_add_kernel_loader_hashes().
 */
#include "harness/igvm/ovmf.h"

#include <openssl/sha.h>
#include <string.h>

struct row {
	uint8_t guid[16];
	uint16_t length;
	uint8_t hash[SHA256_DIGEST_LENGTH];
} PACKED;

struct hashes {
	uint8_t guid[16];
	uint16_t length; /* without the padding */
	struct row cmdline, initrd, kernel;
	uint8_t pad[8];
} PACKED;
ABI_SIZE(struct hashes, OVMF_HASHES_SIZE, "QEMU: PaddedSevHashTable");

static const struct hashes empty = {
	/* 9438d606-4f22-4cc9-b479-a793d411fd21 */
	.guid = {0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c, 0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11,
		 0xfd, 0x21},
	.length = sizeof(struct hashes) - 8,
	/* 97d02dd8-bd20-4c94-aa78-e7714d36ab2a */
	.cmdline = {{0xd8, 0x2d, 0xd0, 0x97, 0x20, 0xbd, 0x94, 0x4c, 0xaa, 0x78, 0xe7, 0x71, 0x4d,
		     0x36, 0xab, 0x2a},
		    sizeof(struct row),
		    {0}},
	/* 44baf731-3a2f-4bd7-9af1-41e29169781d */
	.initrd = {{0x31, 0xf7, 0xba, 0x44, 0x2f, 0x3a, 0xd7, 0x4b, 0x9a, 0xf1, 0x41, 0xe2, 0x91,
		    0x69, 0x78, 0x1d},
		   sizeof(struct row),
		   {0}},
	/* 4de79437-abd2-427f-b835-d5b172d2045b */
	.kernel = {{0x37, 0x94, 0xe7, 0x4d, 0xd2, 0xab, 0x7f, 0x42, 0xb8, 0x35, 0xd5, 0xb1, 0x72,
		    0xd2, 0x04, 0x5b},
		   sizeof(struct row),
		   {0}},
};

void ovmf_hashes(const struct blob *kernel, const struct blob *initrd, const char *cmdline,
		 uint8_t out[OVMF_HASHES_SIZE])
{
	struct hashes h = empty;

	SHA256((const uint8_t *)cmdline, strlen(cmdline) + 1, h.cmdline.hash);
	SHA256(initrd->data, initrd->size, h.initrd.hash);
	SHA256(kernel->data, kernel->size, h.kernel.hash);
	memcpy(out, &h, sizeof(h));
}
