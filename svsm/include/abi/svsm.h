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

/* The APIC protocol, draft 1.01 of 58019, chapter 9, as COCONUT-SVSM has it; version 1. */
#define SVSM_APIC_QUERY_FEATURES   0 /* out: RCX */
#define SVSM_APIC_CONFIGURE        1 /* RCX: SVSM_APIC_QUERY and so on */
#define SVSM_APIC_READ_REGISTER    2 /* RCX: x2APIC MSR number; out: RDX */
#define SVSM_APIC_WRITE_REGISTER   3 /* RCX: x2APIC MSR number, RDX: value */
#define SVSM_APIC_CONFIGURE_VECTOR 4 /* RCX: SVSM_APIC_VECTOR_* */

/* CONFIGURE: emulation lasts while anybody in the VM is registered. */
#define SVSM_APIC_QUERY         0 /* off on this CPU as well, if nobody is registered any more */
#define SVSM_APIC_DEREGISTER    1
#define SVSM_APIC_REGISTER      2

#define SVSM_APIC_VECTOR_MASK   0xffull
#define SVSM_APIC_VECTOR_ENABLE BIT(8)
#define SVSM_APIC_VECTOR_ALL    BIT(9) /* all from 31 on, and no single one */

/* Results from here on are the protocol's own. */
#define SVSM_ERR_PROTOCOL_BASE 0x80001000u

/* What a call leaves in RAX, 32 bits: table 4 */
enum svsm_result {
	SVSM_SUCCESS = 0,
	SVSM_ERR_INCOMPLETE = 0x80000000u,
	SVSM_ERR_UNSUPPORTED_PROTOCOL = 0x80000001u,
	SVSM_ERR_UNSUPPORTED_CALL = 0x80000002u,
	SVSM_ERR_INVALID_ADDRESS = 0x80000003u,
	SVSM_ERR_INVALID_FORMAT = 0x80000004u,
	SVSM_ERR_INVALID_PARAMETER = 0x80000005u,
	SVSM_ERR_INVALID_REQUEST = 0x80000006u,
	SVSM_ERR_BUSY = 0x80000007u,
	/* Core protocol, 6.2: base + EAX of PVALIDATE or RMPADJUST, for EAX up to 0xf */
	SVSM_ERR_PVALIDATE_SIZEMISMATCH = 0x80001006u,
	SVSM_ERR_PVALIDATE_NO_CHANGE = 0x80001010u,  /* PVALIDATE set CF */
	SVSM_ERR_PVALIDATE_UNEXPECTED = 0x80001011u, /* EAX above 0xf */
	/* Core protocol, 6.4 */
	SVSM_ERR_DELETE_INUSE = 0x80001003u,
	/* APIC protocol: REGISTER when nobody is registered any more */
	SVSM_ERR_APIC_CANNOT_REGISTER = 0x80001000u,
};
ABI_SIZE(enum svsm_result, 4, "SVSM chapter 5: a result is 32 bits wide");

/* Calling area, table 2 */
struct svsm_caa {
	uint8_t call_pending;
	uint8_t mem_available;
	uint8_t no_eoi_required;
	uint8_t rsvd_003[5];
	uint8_t buffer[PAGE_SIZE - 8];
} PACKED;
ABI_SIZE(struct svsm_caa, 0x1000, "SVSM table 2: calling area");

/* Operation list of SVSM_CORE_PVALIDATE, table 6; DEPOSIT_MEM's, table 7, has the same form. */
struct svsm_pvalidate_list {
	uint16_t count;
	uint16_t next;
	uint8_t rsvd_004[4];
	uint64_t entry[];
} PACKED;
ABI_SIZE(struct svsm_pvalidate_list, 8, "SVSM tables 6 and 7: list header");
#define SVSM_PVALIDATE_MAX 510
/* entry: size[1:0] action[2] ignore_cf[3] rsvd[11:4] pfn[63:12]; DEPOSIT_MEM: size[1:0] rsvd[11:2]
 */
#define SVSM_PVALIDATE_SIZE_MASK 0x3ull
#define SVSM_PVALIDATE_ACTION    BIT(2)
#define SVSM_PVALIDATE_IGNORE_CF BIT(3)
#define SVSM_PVALIDATE_RSVD_MASK 0xff0ull
#define SVSM_DEPOSIT_RSVD_MASK   0xffcull

/* What WITHDRAW_MEM fills in, table 8; nothing of it is input. */
struct svsm_withdraw_list {
	uint16_t count;
	uint8_t unused_002[6];
	uint64_t entry[]; /* addresses of 4K pages */
} PACKED;
ABI_SIZE(struct svsm_withdraw_list, 8, "SVSM table 8: list header");
