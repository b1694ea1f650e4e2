/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The VMCB: AMD APM vol. 2, appendix B. The save area has the VMSA's layout up to its 0x298. */
#include "base/types.h"
#include "abi/vmsa.h"

struct vmcb {
	uint16_t cr_read, cr_write; /* 0x000 */
	uint16_t dr_read, dr_write;
	uint32_t exceptions;
	uint32_t intercept3; /* 0x00c: exit codes 0x60..0x7f */
	uint32_t intercept4; /* 0x010: exit codes 0x80..0x9f */
	uint8_t rsvd_014[0x40 - 0x14];
	uint64_t iopm;  /* 0x040 */
	uint64_t msrpm; /* 0x048 */
	uint64_t tsc_offset;
	uint32_t asid;   /* 0x058 */
	uint8_t tlb_ctl; /* 0x05c */
	uint8_t rsvd_05d[3];
	uint32_t int_ctl; /* 0x060 */
	uint32_t int_vector;
	uint64_t int_state; /* 0x068 */
	uint64_t exit_code; /* 0x070 */
	uint64_t exit_info1;
	uint64_t exit_info2;
	uint64_t exit_int_info; /* 0x088: low half event, high half error code */
	uint64_t nested_ctl;    /* 0x090 */
	uint8_t rsvd_098[0x10];
	uint64_t event_inj;  /* 0x0a8: low half event, high half error code */
	uint64_t nested_cr3; /* 0x0b0 */
	uint64_t lbr_ctl;
	uint64_t clean; /* 0x0c0 */
	uint64_t nrip;
	uint8_t rsvd_0d0[0x400 - 0xd0];
	union {
		struct {
			struct vmsa_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
			uint8_t rsvd_4a0[0xcb - 0xa0];
			uint8_t cpl; /* 0x4cb */
			uint32_t rsvd_4cc;
			uint64_t efer; /* 0x4d0 */
			uint8_t rsvd_4d8[0x148 - 0xd8];
			uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip; /* 0x548 */
			uint8_t rsvd_580[0x1d8 - 0x180];
			uint64_t rsp; /* 0x5d8 */
			uint8_t rsvd_5e0[0x18];
			uint64_t rax, star, lstar, cstar, sfmask, kernel_gs_base; /* 0x5f8 */
			uint64_t sysenter_cs, sysenter_esp, sysenter_eip, cr2;
			uint8_t rsvd_648[0x20];
			uint64_t g_pat, dbgctl, br_from, br_to, last_excp_from,
				last_excp_to; /* 0x668 */
		} PACKED;
		uint8_t save_area[0xc00];
	};
} PACKED ALIGNED(8);

ABI_OFFSET(struct vmcb, iopm, 0x40, "APM B-1: IOPM_BASE_PA");
ABI_OFFSET(struct vmcb, asid, 0x58, "APM B-1: guest ASID");
ABI_OFFSET(struct vmcb, int_ctl, 0x60, "APM B-1: virtual interrupt control");
ABI_OFFSET(struct vmcb, exit_code, 0x70, "APM B-1: EXITCODE");
ABI_OFFSET(struct vmcb, exit_int_info, 0x88, "APM B-1: EXITINTINFO");
ABI_OFFSET(struct vmcb, nested_ctl, 0x90, "APM B-1: NP_ENABLE");
ABI_OFFSET(struct vmcb, event_inj, 0xa8, "APM B-1: EVENTINJ");
ABI_OFFSET(struct vmcb, nested_cr3, 0xb0, "APM B-1: N_CR3");
ABI_OFFSET(struct vmcb, clean, 0xc0, "APM B-1: clean bits");
ABI_OFFSET(struct vmcb, es, 0x400, "APM B-2: ES");
ABI_OFFSET(struct vmcb, cpl, 0x4cb, "APM B-2: CPL");
ABI_OFFSET(struct vmcb, efer, 0x4d0, "APM B-2: EFER");
ABI_OFFSET(struct vmcb, cr4, 0x548, "APM B-2: CR4");
ABI_OFFSET(struct vmcb, rip, 0x578, "APM B-2: RIP");
ABI_OFFSET(struct vmcb, rsp, 0x5d8, "APM B-2: RSP");
ABI_OFFSET(struct vmcb, rax, 0x5f8, "APM B-2: RAX");
ABI_OFFSET(struct vmcb, cr2, 0x640, "APM B-2: CR2");
ABI_OFFSET(struct vmcb, g_pat, 0x668, "APM B-2: G_PAT");
ABI_SIZE(struct vmcb, 0x1000, "APM B-1: one page");

/* int_ctl */
#define VMCB_V_TPR_MASK     0xfu
#define VMCB_V_IRQ          BIT(8)
#define VMCB_V_IGN_TPR      BIT(20)
#define VMCB_V_INTR_MASKING BIT(24)

#define VMCB_INT_SHADOW     BIT(0) /* int_state */
#define VMCB_NP_ENABLE      BIT(0) /* nested_ctl */
#define VMCB_TLB_FLUSH_ALL  1      /* tlb_ctl: every ASID; the one value every processor knows */

/* event_inj and exit_int_info: APM vol. 2, 15.20 */
#define EVENT_VECTOR    0xffull
#define EVENT_TYPE(t)   ((uint64_t)(t) << 8)
#define EVENT_TYPE_MASK EVENT_TYPE(7)
#define EVENT_INTR      EVENT_TYPE(0)
#define EVENT_NMI       EVENT_TYPE(2)
#define EVENT_EXCEPTION EVENT_TYPE(3)
#define EVENT_SOFT      EVENT_TYPE(4)
#define EVENT_HAS_ERROR BIT(11)
#define EVENT_VALID     BIT(31)
#define EVENT_ERROR(e)  ((uint64_t)(uint32_t)(e) << 32)

/* Exit codes of a VMRUN that did not enter: APM vol. 2, appendix C */
#define SVM_EXIT_INVALID ~0ull
#define SVM_EXIT_BUSY    ~1ull /* VINTR_BUSY is set in the VMSA */

/* Exit codes: APM vol. 2, appendix C */
enum svm_exit {
	SVM_EXIT_CR_READ = 0x00,
	SVM_EXIT_CR_WRITE = 0x10,
	SVM_EXIT_DR_READ = 0x20,
	SVM_EXIT_DR_WRITE = 0x30,
	SVM_EXIT_EXCEPTION = 0x40,
	SVM_EXIT_INTR = 0x60,
	SVM_EXIT_NMI = 0x61,
	SVM_EXIT_SMI = 0x62,
	SVM_EXIT_VINTR = 0x64,
	SVM_EXIT_CR0_SEL_WRITE = 0x65, /* a bit other than TS and MP changes */
	SVM_EXIT_RDTSC = 0x6e,
	SVM_EXIT_RDPMC = 0x6f,
	SVM_EXIT_CPUID = 0x72,
	SVM_EXIT_IRET = 0x74,
	SVM_EXIT_SWINT = 0x75,
	SVM_EXIT_INVD = 0x76,
	SVM_EXIT_PAUSE = 0x77,
	SVM_EXIT_HLT = 0x78,
	SVM_EXIT_INVLPGA = 0x7a,
	SVM_EXIT_IOIO = 0x7b,
	SVM_EXIT_MSR = 0x7c,
	SVM_EXIT_SHUTDOWN = 0x7f,
	SVM_EXIT_VMRUN = 0x80,
	SVM_EXIT_VMMCALL = 0x81,
	SVM_EXIT_VMLOAD = 0x82,
	SVM_EXIT_VMSAVE = 0x83,
	SVM_EXIT_STGI = 0x84,
	SVM_EXIT_CLGI = 0x85,
	SVM_EXIT_SKINIT = 0x86,
	SVM_EXIT_RDTSCP = 0x87,
	SVM_EXIT_WBINVD = 0x89,
	SVM_EXIT_MONITOR = 0x8a,
	SVM_EXIT_MWAIT = 0x8b,
	SVM_EXIT_MWAIT_COND = 0x8c,
	SVM_EXIT_NPF = 0x400,
	SVM_EXIT_VMGEXIT = 0x403,
};

#define VMCB_INTERCEPT3(code) (1u << ((code)-0x60))
#define VMCB_INTERCEPT4(code) (1u << ((code)-0x80))

/* EXITINFO1 of a nested page fault: APM vol. 2, 15.25.6 */
#define NPF_W    BIT(1)
#define NPF_I    BIT(4)
#define NPF_WALK BIT(33)

/* Segment attributes in VMCB form */
#define SEG_L      BIT(9)
#define SEG_DB     BIT(10)
#define SEG_DPL(a) (((a) >> 5) & 3)
