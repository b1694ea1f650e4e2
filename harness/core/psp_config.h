/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a run's security processor and its host say of themselves: --psp KEY=VALUE (docs/psp.md). */
#include "base/types.h"

#define PSP_HOST_DATA 32
#define PSP_CHIP_ID   64
#define PSP_TCB       8
#define PSP_SECRET    48 /* bytes of the chip's own secret, from which keys are derived */
#define PSP_CSP_ID    32 /* with its NUL */

enum psp_fault {
	PSP_FAULT_NONE,        /* requests without a fault, between others */
	PSP_FAULT_BUSY,        /* the host is busy: the processor is not asked */
	PSP_FAULT_INVALID_LEN, /* the host finds the certificates' buffer too small */
	PSP_FAULT_HOST,        /* the host fails */
	PSP_FAULT_FIRMWARE,    /* the firmware refuses, with status 0x16 */
	PSP_FAULT_TAG,         /* the response's tag does not fit */
	PSP_FAULT_SEQUENCE,    /* the response has another message's number */
	PSP_FAULT_REPLAY,      /* the response is the one before */
	PSP_FAULT_SLOW,        /* the response comes two seconds late */
};

/* So many requests in a row meet it. */
struct psp_faults {
	enum psp_fault fault;
	unsigned count;
};
#define PSP_FAULTS_MOST 16

/* What TCB_VERSION is made of. */
struct psp_tcb_parts {
	uint8_t fmc; /* Turin's only */
	uint8_t bootloader, tee, snp, microcode;
};

struct psp_config {
	unsigned report_version; /* 2, 3 or 5 */
	const char *product;     /* as certificates name it */
	bool turin;              /* TCB_VERSION and CHIP_ID have that generation's form */
	uint8_t fms[3];          /* CPUID: family, model, stepping */
	struct psp_tcb_parts parts;
	uint8_t tcb[PSP_TCB]; /* made of the parts: all four of a report */
	uint8_t chip_id[PSP_CHIP_ID];
	char vlek[PSP_CSP_ID];           /* CSP_ID of the VLEK that is installed; empty: none is */
	const char *id_key, *author_key; /* PEM files of an ID block; NULL: none */
	uint8_t host_data[PSP_HOST_DATA];
	uint8_t family_id[16], image_id[16];
	uint32_t guest_svn;
	uint64_t policy; /* 0: the IGVM file's */
	uint64_t platform_info;
	bool mask_chip_key;
	struct psp_faults faults[PSP_FAULTS_MOST]; /* one after the other; count 0: the end */
};

/* What nobody has asked otherwise for: a Genoa, reports of version 3, no faults. */
void psp_config_default(struct psp_config *c);
/* Bytes of CHIP_ID that name the chip; the rest of a report's field is zero. */
unsigned psp_chip_id_bytes(const struct psp_config *c);
/* "KEY=VALUE", which lives as long as *c. NULL, or what is wrong with it (malloc'ed). */
char *psp_config_set(struct psp_config *c, const char *word);
