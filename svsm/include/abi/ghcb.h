/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* SEV-ES Guest-Hypervisor Communication Block Standardization (56421), protocol version 2. */
#include "base/types.h"

struct ghcb {
	uint8_t rsvd_000[0xcb];
	uint8_t cpl;
	uint8_t rsvd_0cc[0x140 - 0xcc];
	uint64_t xss; /* 0x140 */
	uint8_t rsvd_148[0x160 - 0x148];
	uint64_t dr7; /* 0x160 */
	uint8_t rsvd_168[0x1f8 - 0x168];
	uint64_t rax; /* 0x1f8 */
	uint8_t rsvd_200[0x308 - 0x200];
	uint64_t rcx; /* 0x308 */
	uint64_t rdx; /* 0x310 */
	uint64_t rbx; /* 0x318 */
	uint8_t rsvd_320[0x390 - 0x320];
	uint64_t exit_code;  /* 0x390 */
	uint64_t exit_info1; /* 0x398 */
	uint64_t exit_info2; /* 0x3a0 */
	uint64_t scratch;    /* 0x3a8 */
	uint8_t rsvd_3b0[0x3e8 - 0x3b0];
	uint64_t xcr0;          /* 0x3e8 */
	uint8_t valid[16];      /* 0x3f0: bit n says that quadword n of the page is valid */
	uint64_t x87_state_gpa; /* 0x400 */
	uint8_t rsvd_408[0x800 - 0x408];
	uint8_t buffer[0x7f0]; /* 0x800 */
	uint8_t rsvd_ff0[10];
	uint16_t version; /* 0xffa */
	uint32_t usage;   /* 0xffc */
} PACKED ALIGNED(8);

ABI_OFFSET(struct ghcb, rax, 0x1f8, "GHCB layout: RAX");
ABI_OFFSET(struct ghcb, rcx, 0x308, "GHCB layout: RCX");
ABI_OFFSET(struct ghcb, exit_code, 0x390, "GHCB layout: SW_EXITCODE");
ABI_OFFSET(struct ghcb, scratch, 0x3a8, "GHCB layout: SW_SCRATCH");
ABI_OFFSET(struct ghcb, valid, 0x3f0, "GHCB layout: VALID_BITMAP");
ABI_OFFSET(struct ghcb, buffer, 0x800, "GHCB layout: shared buffer");
ABI_OFFSET(struct ghcb, version, 0xffa, "GHCB layout: version");
ABI_SIZE(struct ghcb, 0x1000, "GHCB layout: one page");

#define GHCB_VERSION_MIN 1
#define GHCB_VERSION_MAX 2
#define GHCB_BUFFER_SIZE 0x7f0

/* GHCB MSR protocol: the low 12 bits of MSR 0xC0010130 */
#define GHCB_MSR_INFO_MASK        0xfffull
#define GHCB_MSR_SEV_INFO_RESP    0x001 /* max[63:48] min[47:32] cbit[31:24] */
#define GHCB_MSR_SEV_INFO_REQ     0x002
#define GHCB_MSR_CPUID_REQ        0x004 /* fn[63:32] reg[31:30] */
#define GHCB_MSR_CPUID_RESP       0x005
#define GHCB_MSR_AP_RESET_REQ     0x006
#define GHCB_MSR_AP_RESET_RESP    0x007
#define GHCB_MSR_PREF_GPA_REQ     0x010
#define GHCB_MSR_PREF_GPA_RESP    0x011
#define GHCB_MSR_REG_GPA_REQ      0x012
#define GHCB_MSR_REG_GPA_RESP     0x013
#define GHCB_MSR_PSC_REQ          0x014 /* op[55:52], gfn[51:12] */
#define GHCB_MSR_PSC_RESP         0x015 /* error[63:32] */
#define GHCB_MSR_RUN_VMPL_REQ     0x016 /* vmpl[39:32] */
#define GHCB_MSR_RUN_VMPL_RESP    0x017 /* error[63:32] */
#define GHCB_MSR_HV_FEATURES_REQ  0x080
#define GHCB_MSR_HV_FEATURES_RESP 0x081 /* features[63:12] */
#define GHCB_MSR_TERMINATE        0x100 /* set[15:12] reason[23:16] */

/* Reasons of termination: set 0 is the GHCB specification's, set 1 has Linux's numbers, set 2 is
 * Keelson's own. */
#define GHCB_TERM_SET_KEELSON 2
#define GHCB_TERM_NO_RANDOM   1 /* the processor gives no random numbers, or the host hides them */

/* Hypervisor features, table 6 */
#define GHCB_HV_FEAT_SNP            BIT(0)
#define GHCB_HV_FEAT_AP_CREATION    BIT(1)
#define GHCB_HV_FEAT_RESTRICTED_INJ BIT(2)
#define GHCB_HV_FEAT_RI_TIMER       BIT(3)
#define GHCB_HV_FEAT_APIC_ID_LIST   BIT(4)
#define GHCB_HV_FEAT_MULTI_VMPL     BIT(5)
#define GHCB_HV_FEAT_PSC            BIT(6)
#define GHCB_HV_FEAT_EXT_INTERRUPTS BIT(9) /* alternate injection: the draft of 2025 */

/* Non-automatic exits, section 4.1 */
#define GHCB_EXIT_DR7_READ      0x27
#define GHCB_EXIT_DR7_WRITE     0x37
#define GHCB_EXIT_RDTSC         0x6e
#define GHCB_EXIT_RDPMC         0x6f
#define GHCB_EXIT_CPUID         0x72
#define GHCB_EXIT_INVD          0x76
#define GHCB_EXIT_IOIO          0x7b
#define GHCB_EXIT_MSR           0x7c
#define GHCB_EXIT_VMMCALL       0x81
#define GHCB_EXIT_RDTSCP        0x87
#define GHCB_EXIT_WBINVD        0x89
#define GHCB_EXIT_MONITOR       0x8a
#define GHCB_EXIT_MWAIT         0x8b
#define GHCB_EXIT_MMIO_READ     0x80000001
#define GHCB_EXIT_MMIO_WRITE    0x80000002
#define GHCB_EXIT_NMI_DONE      0x80000003
#define GHCB_EXIT_AP_HLT_LOOP   0x80000004
#define GHCB_EXIT_AP_JUMP_TABLE 0x80000005
#define GHCB_EXIT_PSC           0x80000010
#define GHCB_EXIT_GUEST_REQ     0x80000011
#define GHCB_EXIT_EXT_GUEST_REQ 0x80000012
/* info1 = apic<<32 | vmpl<<16 | op, info2 = VMSA, RAX = features */
#define GHCB_EXIT_AP_CREATION 0x80000013
#define GHCB_EXIT_HV_DOORBELL 0x80000014
#define GHCB_EXIT_HV_IPI      0x80000015
#define GHCB_EXIT_HV_TIMER    0x80000016
#define GHCB_EXIT_APIC_IDS    0x80000017
#define GHCB_EXIT_RUN_VMPL    0x80000018
/*
 * Alternate injection, by the drafts of the GHCB and SVSM specifications of 2025 and COCONUT-SVSM's
 * use of them. SW_EXITINFO1 is the argument, SW_EXITINFO2 is 0 in all of them.
 */
#define GHCB_EXIT_CONFIGURE_INT_INJ                                                                \
	0x8000001b                           /* the vector that tells VMPL0 of such interrupts     \
					      */
#define GHCB_EXIT_DISABLE_ALT_INJ 0x8000001c /* GHCB_ALT_INJ_STATE(): the host takes over */
#define GHCB_EXIT_SPECIFIC_EOI    0x8000001d /* GHCB_EOI(): the end of a level interrupt */
#define GHCB_EXIT_HV_FEATURES     0x8000fffd
#define GHCB_EXIT_TERMINATE       0x8000fffe

#define GHCB_ALT_INJ_IF           BIT(0)
#define GHCB_ALT_INJ_SHADOW       BIT(1)
#define GHCB_ALT_INJ_STATE(vmpl, tpr, flags)                                                       \
	((uint64_t)(vmpl) << 16 | (uint64_t)(tpr) << 8 | (flags))
#define GHCB_EOI(vmpl, vector) ((uint64_t)(vmpl) << 16 | (vector))

#define GHCB_AP_CREATE_ON_INIT 0
#define GHCB_AP_CREATE         1
#define GHCB_AP_DESTROY        2

#define GHCB_PSC_PRIVATE       1
#define GHCB_PSC_SHARED        2
#define GHCB_PSC_PSMASH        3
#define GHCB_PSC_UNSMASH       4

/* SW_EXITINFO2 when SW_EXITINFO1[31:0] = 2: why the GHCB was malformed */
#define GHCB_ERR_NOT_REGISTERED  1
#define GHCB_ERR_INVALID_USAGE   2
#define GHCB_ERR_INVALID_SCRATCH 3
#define GHCB_ERR_MISSING_INPUT   4
#define GHCB_ERR_INVALID_INPUT   5
#define GHCB_ERR_INVALID_EVENT   6

/* SNP Page State Change: the list in the shared buffer */
struct ghcb_psc_header {
	uint16_t cur;
	uint16_t end;
	uint32_t rsvd;
} PACKED ALIGNED(8);

#define GHCB_PSC_MAX_ENTRIES 253
/* entry: cur_page[11:0] gfn[51:12] op[55:52] 2M[56] */
#define GHCB_PSC_ENTRY_2M BIT(56)
ABI_SIZE(struct ghcb_psc_header, 8, "GHCB, SNP Page State Change: header");

/* IOIO exit information: APM vol. 2, 15.10.2 */
#define IOIO_IN      BIT(0)
#define IOIO_STR     BIT(2)
#define IOIO_REP     BIT(3)
#define IOIO_SZ8     BIT(4)
#define IOIO_SZ16    BIT(5)
#define IOIO_SZ32    BIT(6)
#define IOIO_A64     BIT(9)
#define IOIO_PORT(i) ((uint16_t)((i) >> 16))
