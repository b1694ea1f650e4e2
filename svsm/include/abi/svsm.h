/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Secure VM Service Module for SEV-SNP Guests (58019), what guest and SVSM exchange. */
#include "base/types.h"

#define SVSM_PROTO_CORE          0
#define SVSM_PROTO_ATTEST        1
#define SVSM_PROTO_VTPM          2
#define SVSM_PROTO_APIC          3
#define SVSM_CALL(proto, call)   ((uint64_t)(proto) << 32 | (call))

#define SVSM_CORE_REMAP_CA       0
#define SVSM_CORE_PVALIDATE      1
#define SVSM_CORE_CREATE_VCPU    2
#define SVSM_CORE_DELETE_VCPU    3
#define SVSM_CORE_DEPOSIT_MEM    4
#define SVSM_CORE_WITHDRAW_MEM   5
#define SVSM_CORE_QUERY_PROTOCOL 6
#define SVSM_CORE_CONFIGURE_VTOM 7

/* Result codes in RAX, table 4 */
#define SVSM_SUCCESS                  0x00000000ull
#define SVSM_ERR_INCOMPLETE           0x80000000ull
#define SVSM_ERR_UNSUPPORTED_PROTOCOL 0x80000001ull
#define SVSM_ERR_UNSUPPORTED_CALL     0x80000002ull
#define SVSM_ERR_INVALID_ADDRESS      0x80000003ull
#define SVSM_ERR_INVALID_FORMAT       0x80000004ull
#define SVSM_ERR_INVALID_PARAMETER    0x80000005ull
#define SVSM_ERR_INVALID_REQUEST      0x80000006ull
#define SVSM_ERR_BUSY                 0x80000007ull
#define SVSM_ERR_PROTOCOL_BASE        0x80001000ull
/* Core protocol, SVSM_PVALIDATE: PVALIDATE's own result follows the base */
#define SVSM_ERR_PVALIDATE_SIZEMISMATCH 0x80001006ull
#define SVSM_ERR_PVALIDATE_NO_CHANGE    0x80001010ull

/* Calling area, table 3 */
struct svsm_caa {
	uint8_t call_pending;
	uint8_t mem_available;
	uint8_t no_eoi_required;
	uint8_t rsvd_003[5];
	uint8_t buffer[PAGE_SIZE - 8];
} PACKED;
ABI_SIZE(struct svsm_caa, 0x1000, "SVSM table 3: calling area");

/* Operation list of SVSM_CORE_PVALIDATE, table 9 */
struct svsm_pvalidate_list {
	uint16_t count;
	uint16_t next;
	uint8_t rsvd_004[4];
	uint64_t entry[];
} PACKED;
ABI_SIZE(struct svsm_pvalidate_list, 8, "SVSM table 9: list header");
#define SVSM_PVALIDATE_MAX 510
/* entry: size[1:0] action[2] ignore_cf[3] rsvd[11:4] pfn[63:12] */
#define SVSM_PVALIDATE_SIZE_MASK 0x3ull
#define SVSM_PVALIDATE_ACTION    BIT(2)
#define SVSM_PVALIDATE_IGNORE_CF BIT(3)
#define SVSM_PVALIDATE_RSVD_MASK 0xff0ull

/* Memory lists of DEPOSIT_MEM and WITHDRAW_MEM share this form */
struct svsm_mem_list {
	uint16_t count;
	uint16_t next;
	uint8_t rsvd_004[4];
	uint64_t entry[]; /* size[1:0], pfn[63:12] */
} PACKED;
