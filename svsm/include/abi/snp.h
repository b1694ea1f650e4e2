/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Instructions and error codes of SEV-SNP: AMD APM vol. 2, 15.36; vol. 3, PVALIDATE, RMPADJUST. */
#include "base/types.h"

#define VMPL_COUNT 4
#define VMPL_SVSM  0
#define VMPL_GUEST 2

/* RMP permission bits: RMPADJUST RDX[15:8]; also the byte an RMP entry keeps per VMPL */
#define RMP_R   BIT(0)
#define RMP_W   BIT(1)
#define RMP_XU  BIT(2)
#define RMP_XS  BIT(3)
#define RMP_RWX (RMP_R | RMP_W | RMP_XU | RMP_XS)

/* RMPADJUST RDX: vmpl[7:0] perms[15:8] vmsa[16] */
#define RMPADJUST_VMSA BIT(16)

#define RMP_PG_4K      0
#define RMP_PG_2M      1

/* EAX after PVALIDATE, RMPADJUST, RMPQUERY, RMPUPDATE, PSMASH */
enum snp_insn_result {
	SNP_SUCCESS = 0,
	SNP_FAIL_INPUT = 1,
	SNP_FAIL_PERMISSION = 2,
	SNP_FAIL_INUSE = 3,
	SNP_FAIL_OVERLAP = 4,
	SNP_FAIL_SIZEMISMATCH = 6,
};

/* Page fault and #VC error codes that SNP adds */
#define PF_ERR_P    BIT(0)
#define PF_ERR_W    BIT(1)
#define PF_ERR_U    BIT(2)
#define PF_ERR_RSVD BIT(3)
#define PF_ERR_I    BIT(4)

/* #VC error codes are SVM exit codes: APM vol. 2, 15.35.5 and appendix C */
#define VC_NPF                0x400
#define VC_PAGE_NOT_VALIDATED 0x404
