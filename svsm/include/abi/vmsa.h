/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The SEV-ES/SNP save area: AMD APM vol. 2, table B-4 (VMSA layout). */
#include "base/types.h"

struct vmsa_seg {
	uint16_t selector;
	uint16_t attrib; /* VMCB form: type[3:0] S[4] DPL[6:5] P[7] AVL[8] L[9] D/B[10] G[11] */
	uint32_t limit;
	uint64_t base;
} PACKED;

struct vmsa {
	struct vmsa_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint64_t pl_ssp[4];
	uint64_t u_cet;
	uint8_t rsvd_0c8[2];
	uint8_t vmpl;
	uint8_t cpl;
	uint8_t rsvd_0cc[4];
	uint64_t efer;
	uint8_t rsvd_0d8[104];
	uint64_t xss;
	uint64_t cr4;
	uint64_t cr3;
	uint64_t cr0;
	uint64_t dr7;
	uint64_t dr6;
	uint64_t rflags;
	uint64_t rip;
	uint64_t dr[4];
	uint64_t dr_mask[4];
	uint8_t rsvd_1c0[24];
	uint64_t rsp;
	uint64_t s_cet;
	uint64_t ssp;
	uint64_t isst_addr;
	uint64_t rax;
	uint64_t star;
	uint64_t lstar;
	uint64_t cstar;
	uint64_t sfmask;
	uint64_t kernel_gs_base;
	uint64_t sysenter_cs;
	uint64_t sysenter_esp;
	uint64_t sysenter_eip;
	uint64_t cr2;
	uint8_t rsvd_248[32];
	uint64_t g_pat;
	uint64_t dbgctl;
	uint64_t br_from;
	uint64_t br_to;
	uint64_t last_excp_from;
	uint64_t last_excp_to;
	uint8_t rsvd_298[80];
	uint32_t pkru;
	uint32_t tsc_aux;
	uint64_t tsc_scale;
	uint64_t tsc_offset;
	uint8_t rsvd_300[8];
	uint64_t rcx;
	uint64_t rdx;
	uint64_t rbx;
	uint8_t rsvd_320[8];
	uint64_t rbp;
	uint64_t rsi;
	uint64_t rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint8_t rsvd_380[16];
	uint64_t guest_exit_info_1;
	uint64_t guest_exit_info_2;
	uint64_t guest_exit_int_info;
	uint64_t guest_nrip;
	uint64_t sev_features; /* SEV_STATUS >> 2 */
	uint64_t vintr_ctrl;
	uint64_t guest_exit_code;
	uint64_t virtual_tom;
	uint64_t tlb_id;
	uint64_t pcpu_id; /* 0: flush translations at the next VMRUN, which sets it: APM 15.36.15 */
	uint64_t event_inj;
	uint64_t xcr0;
	uint8_t rsvd_3f0[16];
	uint64_t x87_dp;
	uint32_t mxcsr;
	uint16_t x87_ftw;
	uint16_t x87_fsw;
	uint16_t x87_fcw;
	uint16_t x87_fop;
	uint16_t x87_ds;
	uint16_t x87_cs;
	uint64_t x87_rip;
	uint8_t fpreg_x87[80];
	uint8_t fpreg_xmm[256];
	uint8_t fpreg_ymm[256];
	uint8_t rsvd_670[0x1000 - 0x670];
} PACKED ALIGNED(8);

ABI_OFFSET(struct vmsa, vmpl, 0xca, "APM B-4: VMPL");
ABI_OFFSET(struct vmsa, efer, 0xd0, "APM B-4: EFER");
ABI_OFFSET(struct vmsa, xss, 0x140, "APM B-4: XSS");
ABI_OFFSET(struct vmsa, cr4, 0x148, "APM B-4: CR4");
ABI_OFFSET(struct vmsa, rip, 0x178, "APM B-4: RIP");
ABI_OFFSET(struct vmsa, rsp, 0x1d8, "APM B-4: RSP");
ABI_OFFSET(struct vmsa, rax, 0x1f8, "APM B-4: RAX");
ABI_OFFSET(struct vmsa, cr2, 0x240, "APM B-4: CR2");
ABI_OFFSET(struct vmsa, g_pat, 0x268, "APM B-4: G_PAT");
ABI_OFFSET(struct vmsa, pkru, 0x2e8, "APM B-4: PKRU");
ABI_OFFSET(struct vmsa, rcx, 0x308, "APM B-4: RCX");
ABI_OFFSET(struct vmsa, rbp, 0x328, "APM B-4: RBP");
ABI_OFFSET(struct vmsa, r8, 0x340, "APM B-4: R8");
ABI_OFFSET(struct vmsa, guest_exit_info_1, 0x390, "APM B-4: GUEST_EXITINFO1");
ABI_OFFSET(struct vmsa, sev_features, 0x3b0, "APM B-4: SEV_FEATURES");
ABI_OFFSET(struct vmsa, vintr_ctrl, 0x3b8, "APM B-4: VINTR_CTRL");
ABI_OFFSET(struct vmsa, guest_exit_code, 0x3c0, "APM B-4: GUEST_EXITCODE");
ABI_OFFSET(struct vmsa, pcpu_id, 0x3d8, "APM B-4: PCPU_ID");
ABI_OFFSET(struct vmsa, event_inj, 0x3e0, "APM B-4: EVENTINJ");
ABI_OFFSET(struct vmsa, xcr0, 0x3e8, "APM B-4: XCR0");
ABI_OFFSET(struct vmsa, x87_dp, 0x400, "APM B-4: X87_DP");
ABI_OFFSET(struct vmsa, fpreg_x87, 0x420, "APM B-4: FPREG_X87");
ABI_OFFSET(struct vmsa, fpreg_xmm, 0x470, "APM B-4: FPREG_XMM");
ABI_SIZE(struct vmsa, 0x1000, "APM B-4: one page");

/* SEV_FEATURES: APM vol. 2, 15.34.10 and table B-4 */
#define SEV_FEAT_SNP_ACTIVE       BIT(0)
#define SEV_FEAT_VTOM             BIT(1)
#define SEV_FEAT_REFLECT_VC       BIT(2)
#define SEV_FEAT_RESTRICTED_INJ   BIT(3)
#define SEV_FEAT_ALTERNATE_INJ    BIT(4)
#define SEV_FEAT_DEBUG_SWAP       BIT(5)
#define SEV_FEAT_PREVENT_HOST_IBS BIT(6)
#define SEV_FEAT_BTB_ISOLATION    BIT(7)
#define SEV_FEAT_VMPL_SSS         BIT(8)
#define SEV_FEAT_SECURE_TSC       BIT(9)
#define SEV_FEAT_VMGEXIT_PARAM    BIT(10)
#define SEV_FEAT_PMC_VIRT         BIT(11)
#define SEV_FEAT_IBS_VIRT         BIT(12)
#define SEV_FEAT_VMSA_REG_PROT    BIT(14)
#define SEV_FEAT_SMT_PROTECTION   BIT(15)
#define SEV_FEAT_SECURE_AVIC      BIT(16)
#define SEV_FEAT_IBPB_ON_ENTRY    BIT(21)

/*
 * VINTR_CTRL of a VMPL with alternate injection: the interrupt control that the hypervisor's VMCB
 * has for other guests. APM vol. 2, 15.36.16 and tables B-1 and B-4.
 */
#define VINTR_TPR_MASK    0xffull /* a task priority, of which the low four bits count */
#define VINTR_IRQ         BIT(8)
#define VINTR_GIF         BIT(9) /* clear: no virtual interrupt and no virtual NMI is taken */
#define VINTR_SHADOW      BIT(10)
#define VINTR_NMI         BIT(11) /* an NMI is pending; the processor clears it when it takes it */
#define VINTR_NMI_MASK    BIT(12) /* set while the guest is in its NMI handler */
#define VINTR_PRIO(p)     ((uint64_t)(p) << 16)
#define VINTR_PRIO_MASK   VINTR_PRIO(0xf)
#define VINTR_IGN_TPR     BIT(20)
#define VINTR_NMI_ENABLE  BIT(26)
#define VINTR_VECTOR(v)   ((uint64_t)(v) << 32)
#define VINTR_VECTOR_MASK VINTR_VECTOR(0xff)
/* An exit cut the delivery of an event short: VMRUN fails with VMEXIT_BUSY until software has seen
 * to it. */
#define VINTR_BUSY BIT(63)

/* MSR 0xC0010131, SEV_STATUS: APM vol. 2, 15.34.10 */
#define SEV_STATUS_SEV            BIT(0)
#define SEV_STATUS_ES             BIT(1)
#define SEV_STATUS_SNP            BIT(2)
#define SEV_STATUS_FEATURES_SHIFT 2
