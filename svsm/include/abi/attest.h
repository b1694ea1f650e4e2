/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The attestation protocol (1): SVSM specification (58019), chapter 7. RCX is the address of an
 * operation; it may lie anywhere in one page, in the calling area too, which is where Linux has
 * it. Out: RCX length of the manifest, RDX of the certificates, R8 of the report.
 */
#include "base/types.h"

#define SVSM_ATTEST_SERVICES       0 /* RCX: struct attest_operation */
#define SVSM_ATTEST_SINGLE_SERVICE 1 /* RCX: struct attest_single */

/* Attestation protocol: the security processor or the host gave no report. */
#define SVSM_ERR_ATTEST_NO_REPORT 0x80001000u

/*
 * Bytes of a nonce: all of REPORT_DATA, as COCONUT-SVSM has it too. REPORT_DATA is a hash of nonce
 * and manifest without anything between, so a guest that may choose the length could move the
 * border: the same bytes would be another nonce and another manifest.
 */
#define ATTEST_NONCE 64u

/* A buffer of the guest's. What is called MBZ must be zero. */
struct attest_buffer {
	uint64_t gpa; /* a multiple of 4 KiB */
	uint32_t size;
	uint32_t mbz;
} PACKED;

struct attest_nonce {
	uint64_t gpa;  /* any; the nonce crosses no multiple of 4 KiB */
	uint16_t size; /* ATTEST_NONCE */
	uint8_t mbz[6];
} PACKED;

struct attest_operation {
	struct attest_buffer report;
	struct attest_nonce nonce;         /* 0x10 */
	struct attest_buffer manifest;     /* 0x20 */
	struct attest_buffer certificates; /* 0x30; size 0: none are wanted */
} PACKED;
ABI_SIZE(struct attest_operation, 0x40, "SVSM chapter 7: attest services operation");

struct attest_single {
	struct attest_operation op;
	uint8_t service[16]; /* 0x40: GUID */
	uint32_t version;    /* 0x50: of the manifest */
	uint32_t mbz;
} PACKED;
ABI_SIZE(struct attest_single, 0x58, "SVSM chapter 7: attest single service operation");

/* GUIDs of this protocol are in EFI's byte order (their first three fields are little-endian),
 * unlike those of the GHCB's certificate table. */
#define ATTEST_GUID_SERVICES                                                                       \
	{                                                                                          \
		0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46, 0xa1, 0xff, 0x58, 0xf9, 0xc9,      \
			0x4b, 0x87, 0xbb                                                           \
	}
#define ATTEST_GUID_VTPM                                                                           \
	{                                                                                          \
		0xeb, 0xf1, 0x76, 0xc4, 0x23, 0x01, 0xa5, 0x45, 0x96, 0x41, 0xb4, 0xe7, 0xdd,      \
			0xe5, 0xbf, 0xe3                                                           \
	}

/* Ours: 630eb64c-7dde-4b36-bd6c-c4f24431eb8d, with struct attest_kept. */
#define ATTEST_GUID_KEPT                                                                           \
	{                                                                                          \
		0x4c, 0xb6, 0x0e, 0x63, 0xde, 0x7d, 0x36, 0x4b, 0xbd, 0x6c, 0xc4, 0xf2, 0x44,      \
			0x31, 0xeb, 0x8d                                                           \
	}

/* The services manifest: this header, an entry a service, then their manifests. */
struct attest_manifest_header {
	uint8_t guid[16]; /* ATTEST_GUID_SERVICES */
	uint32_t size;    /* of the whole manifest */
	uint32_t services;
} PACKED;
ABI_SIZE(struct attest_manifest_header, 24, "SVSM chapter 7: services manifest, header");

struct attest_manifest_entry {
	uint8_t guid[16];
	uint32_t offset; /* from the manifest's start */
	uint32_t size;   /* 0: the service has no manifest */
} PACKED;
ABI_SIZE(struct attest_manifest_entry, 24, "SVSM chapter 7: services manifest, entry");

/*
 * Which state of the TPM's is sealed for the next launch (docs/persistence.md), where one is. A
 * verifier that has seen a higher epoch, or a higher counter in the same one, looks at an older
 * state or at one of two clones. Little-endian.
 */
struct attest_kept {
	uint64_t epoch;   /* of the key */
	uint64_t counter; /* of saves, at the latest when the manifest was begun */
	uint32_t keys;    /* ATTEST_KEPT_* */
	uint32_t rsvd;
} PACKED;
ABI_SIZE(struct attest_kept, 24, "kept state: manifest");

#define ATTEST_KEPT_TEST_KEY 0 /* sealed with a key that everybody has */
#define ATTEST_KEPT_SIGNED   1 /* with keys signed by whom the launch names */
#define ATTEST_KEPT_UNSIGNED 2 /* with keys that anybody may have given */

/*
 * The vTPM's manifests. Version 0: the TPMT_PUBLIC of the RSA-2048 endorsement key. Version 1, big
 * endian: this header, then `keys` TPM2B_PUBLIC and nothing behind them.
 */
struct attest_vtpm_header {
	uint32_t version; /* 1 */
	uint32_t keys;
} PACKED;
