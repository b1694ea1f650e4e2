/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a guest and the security processor say to each other: SEV-SNP firmware ABI (56860), chapter
 * 7, "Guest Messages", and 8.26, SNP_GUEST_REQUEST. A message is a page with a header in plain
 * text; the payload is sealed by AES-256-GCM with the key of one VMPL. All numbers are
 * little-endian.
 */
#include "abi/cpuid_page.h"

#define GUEST_MESSAGE_PAYLOAD_MAX 4000
#define GUEST_MESSAGE_TAG         16
#define GUEST_MESSAGE_KEY         32
#define GUEST_MESSAGE_KEYS        4

struct guest_message {
	uint8_t authtag[32]; /* GUEST_MESSAGE_TAG bytes of GCM's, then zeroes */
	uint64_t seqno;      /* 0x20: also the IV, followed by 4 zeroes */
	uint8_t rsvd_28[8];
	uint8_t algo;        /* 0x30: from here to the payload it is authenticated */
	uint8_t hdr_version; /* 0x31 */
	uint16_t hdr_size;   /* 0x32 */
	uint8_t type;        /* 0x34: enum guest_message_type */
	uint8_t version;     /* 0x35: of that type */
	uint16_t size;       /* 0x36: of the payload, a multiple of 16 */
	uint32_t rsvd_38;    /* 0x38 */
	uint8_t vmpck;       /* 0x3c: the key, 0 to 3 */
	uint8_t rsvd_3d[35]; /* 0x3d */
	uint8_t payload[GUEST_MESSAGE_PAYLOAD_MAX];
} PACKED;

ABI_OFFSET(struct guest_message, seqno, 0x20, "SNP ABI, guest message header: MSG_SEQNO");
ABI_OFFSET(struct guest_message, algo, 0x30, "SNP ABI, guest message header: ALGO");
ABI_OFFSET(struct guest_message, vmpck, 0x3c, "SNP ABI, guest message header: MSG_VMPCK");
ABI_OFFSET(struct guest_message, payload, 0x60, "SNP ABI, guest message header: its end");
ABI_SIZE(struct guest_message, 0x1000, "SNP ABI, guest message: one page");

#define GUEST_MESSAGE_ALGO_GCM    1
#define GUEST_MESSAGE_HDR_VERSION 1
#define GUEST_MESSAGE_HDR_SIZE    0x60
#define GUEST_MESSAGE_VERSION     1

/* A response's type is that of its request plus one. */
enum guest_message_type {
	GUEST_MESSAGE_CPUID_REQ = 1,
	GUEST_MESSAGE_KEY_REQ = 3,
	GUEST_MESSAGE_REPORT_REQ = 5,
	GUEST_MESSAGE_TSC_INFO_REQ = 17,
};

/* What SNP_GUEST_REQUEST itself ends with, or a payload's STATUS: SNP ABI, "Status Codes". */
enum snp_status {
	SNP_STATUS_SUCCESS = 0,
	SNP_STATUS_INVALID_GUEST_STATE = 0x02,
	SNP_STATUS_POLICY_FAILURE = 0x07,
	SNP_STATUS_BAD_SIGNATURE = 0x0a,
	SNP_STATUS_BAD_MEASUREMENT = 0x0b,
	SNP_STATUS_INVALID_PARAM = 0x16,
	SNP_STATUS_AEAD_OFLOW = 0x1d,
	SNP_STATUS_INVALID_KEY = 0x27,
};

/* SW_EXITINFO2[63:32] of a guest request: what the host itself has to say. The first two are the
 * GHCB specification's; the last is left free there, Linux 6.12, include/uapi/linux/sev-guest.h. */
#define VMM_ERROR_INVALID_LEN (1ull << 32)
#define VMM_ERROR_BUSY        (2ull << 32)
#define VMM_ERROR_GENERIC     (BIT(31) << 32)

struct report_request {
	uint8_t report_data[64];
	uint32_t vmpl;    /* 0x40 */
	uint32_t key_sel; /* 0x44: bits 1 to 0, the rest 0 */
	uint8_t rsvd_48[24];
} PACKED;
ABI_SIZE(struct report_request, 0x60, "SNP ABI, MSG_REPORT_REQ");

/* SNP ABI, "ATTESTATION_REPORT structure"; the fields of versions 3 and 5 are 0 in older ones. */
struct attestation_report {
	uint32_t version;
	uint32_t guest_svn;
	uint64_t policy;
	uint8_t family_id[16]; /* 0x10 */
	uint8_t image_id[16];
	uint32_t vmpl; /* 0x30 */
	uint32_t signature_algo;
	uint8_t current_tcb[8];
	uint64_t platform_info; /* 0x40 */
	uint32_t key_info;
	uint32_t rsvd_4c;
	uint8_t report_data[64];       /* 0x50 */
	uint8_t measurement[48];       /* 0x90 */
	uint8_t host_data[32];         /* 0xc0 */
	uint8_t id_key_digest[48];     /* 0xe0 */
	uint8_t author_key_digest[48]; /* 0x110 */
	uint8_t report_id[32];         /* 0x140 */
	uint8_t report_id_ma[32];      /* 0x160 */
	uint8_t reported_tcb[8];       /* 0x180 */
	uint8_t cpuid_family;          /* 0x188: version 3 */
	uint8_t cpuid_model;
	uint8_t cpuid_stepping;
	uint8_t rsvd_18b[21];
	uint8_t chip_id[64];      /* 0x1a0 */
	uint8_t committed_tcb[8]; /* 0x1e0 */
	uint8_t current_version[4];
	uint8_t committed_version[4];
	uint8_t launch_tcb[8];       /* 0x1f0 */
	uint64_t launch_mit_vector;  /* 0x1f8: version 5 */
	uint64_t current_mit_vector; /* 0x200: version 5 */
	uint8_t rsvd_208[0x98];
	uint8_t signature_r[72]; /* 0x2a0: of all before, little-endian as s */
	uint8_t signature_s[72];
	uint8_t rsvd_330[0x170];
} PACKED;
ABI_OFFSET(struct attestation_report, report_data, 0x50, "SNP ABI, report: REPORT_DATA");
ABI_OFFSET(struct attestation_report, measurement, 0x90, "SNP ABI, report: MEASUREMENT");
ABI_OFFSET(struct attestation_report, reported_tcb, 0x180, "SNP ABI, report: REPORTED_TCB");
ABI_OFFSET(struct attestation_report, chip_id, 0x1a0, "SNP ABI, report: CHIP_ID");
ABI_OFFSET(struct attestation_report, launch_tcb, 0x1f0, "SNP ABI, report: LAUNCH_TCB");
ABI_OFFSET(struct attestation_report, signature_r, 0x2a0, "SNP ABI, report: SIGNATURE");
ABI_SIZE(struct attestation_report, 0x4a0, "SNP ABI, report");

#define REPORT_SIGNATURE_ECDSA_P384 1
#define REPORT_KEY_AUTHOR           BIT(0)
#define REPORT_KEY_MASK_CHIP        BIT(1)
#define REPORT_KEY_SIGNED_BY(key)   ((uint32_t)(key) << 2)
#define REPORT_KEY_VCEK             0
#define REPORT_KEY_VLEK             1
#define REPORT_KEY_NONE             7

struct report_response {
	uint32_t status; /* enum snp_status */
	uint32_t size;   /* of the report, also where there is none */
	uint8_t rsvd_08[24];
	struct attestation_report report;
} PACKED;
ABI_SIZE(struct report_response, 0x4c0, "SNP ABI, MSG_REPORT_RSP");

struct key_request {
	uint32_t root_key; /* bit 0: 0 VCEK or VLEK, 1 VMRK; bits 2 to 1: which of the former */
	uint32_t rsvd_04;
	uint64_t fields; /* 0x08: KEY_FIELD_* that are mixed in */
	uint32_t vmpl;   /* 0x10 */
	uint32_t guest_svn;
	uint8_t tcb[8]; /* 0x18 */
} PACKED;
ABI_SIZE(struct key_request, 0x20, "SNP ABI, MSG_KEY_REQ");

#define KEY_FIELD_POLICY      BIT(0)
#define KEY_FIELD_IMAGE_ID    BIT(1)
#define KEY_FIELD_FAMILY_ID   BIT(2)
#define KEY_FIELD_MEASUREMENT BIT(3)
#define KEY_FIELD_GUEST_SVN   BIT(4)
#define KEY_FIELD_TCB         BIT(5)
#define KEY_FIELDS            (BIT(6) - 1)

struct key_response {
	uint32_t status;
	uint8_t rsvd_04[28];
	uint8_t key[32];
} PACKED;
ABI_SIZE(struct key_response, 0x40, "SNP ABI, MSG_KEY_RSP");

/* Request and response alike: count functions of the CPUID page's form stand behind it. */
struct cpuid_message {
	uint32_t status; /* response; the request has its count here */
	uint32_t count;  /* response; 0 in the request */
	uint64_t rsvd_08;
} PACKED;
ABI_SIZE(struct cpuid_message, 16, "SNP ABI, MSG_CPUID_REQ and MSG_CPUID_RSP");

#define TSC_INFO_REQUEST 0x80 /* bytes, all of them zero */
struct tsc_info_response {
	uint32_t status;
	uint32_t rsvd_04;
	uint64_t scale; /* 0x08: GUEST_TSC_SCALE, as the next one for the VMSAs of other vCPUs */
	uint64_t offset;
	uint32_t factor; /* 0x18 */
	uint8_t rsvd_1c[100];
} PACKED;
ABI_SIZE(struct tsc_info_response, 0x80, "SNP ABI, MSG_TSC_INFO_RSP");

/* The certificate table of an extended request (GHCB, "SNP Extended Guest Request"): entries, the
 * last one all zero, then the certificates. A GUID's bytes are in the order of its text. */
struct certificate_entry {
	uint8_t guid[16];
	uint32_t offset; /* from the table's start */
	uint32_t size;
} PACKED;
ABI_SIZE(struct certificate_entry, 24, "GHCB, certificate table: entry");
