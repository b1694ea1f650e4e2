/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * vmplstub.c, vmplstub_regs.S: what runs at a lower VMPL. It does op once for each RUN_VMPL and
 * comes back by RUN_VMPL(0) through the MSR protocol.
 */
#include "base/types.h"
#include "bare/lib/mem_vmpl0.h"

enum vmplstub_op {
	VMPLSTUB_COUNT,
	VMPLSTUB_REGISTERS, /* load the registers below; next time report them */
	VMPLSTUB_SSE,
	VMPLSTUB_SYSTEM,
	VMPLSTUB_RMPADJUST, /* of address with attributes */
	VMPLSTUB_PVALIDATE, /* rescind address */
	VMPLSTUB_READ,      /* address */
	VMPLSTUB_WRITE,
	VMPLSTUB_EXECUTE,
	VMPLSTUB_GHCB_MSR, /* read it */
	VMPLSTUB_XCR0,     /* XCR0 = 3; next time report it in result */
	VMPLSTUB_CALL,     /* the function at address, with the GHCB of this vCPU */
	VMPLSTUB_RACE, /* RMPADJUST again and again, each round with the other vCPU: smp_round() */
};

struct vmplstub {
	uint64_t op; /* the first four are known to vmplstub_regs.S */
	uint64_t rbx, r9, r15;
	uint64_t runs;
	uint64_t address, attributes;
	uint64_t result; /* RACE: how many of them did not return 0 */
	uint64_t vector; /* of an exception the operation raised, 0xff: none */
	uint64_t xmm[2];
	/* What its VMSA begins with, beside what every one has */
	uint64_t features, tsc_scale, tsc_offset;
};

void vmplstub_entry(void *arg); /* arg: struct vmplstub */

/*
 * vmplstub_make.c, for VMPL0: the stub and its VMSA on this vCPU, in pages 1 to 8 of a region, and
 * back. Pages 5 to 8 are the test's. REQUIRE: on the boot vCPU only.
 */
#define VMPLSTUB_VMSA(region) MEM_PAGE(region, 1) /* never 2M aligned */
void vmplstub_build(unsigned region, unsigned vmpl, struct vmplstub *s);
void vmplstub_build_by(unsigned region, unsigned vmpl, struct vmplstub *s, unsigned op);
/* fn() runs once at this VMPL, by a stub that was built with VMPLSTUB_CALL. */
void vmplstub_call(unsigned vmpl, struct vmplstub *s, void (*fn)(void));
void vmplstub_remove(unsigned region, unsigned vmpl);
/* The same for another program, which enters fn(arg) with the descriptors of vCPU cpu; the caller
 * has the hypervisor learn of it. Its stack is page 3. */
void vmplstub_prepare(unsigned region, unsigned vmpl, unsigned cpu, void (*fn)(void *arg),
		      void *arg, uint64_t features);
void vmplstub_remove_from(unsigned region, unsigned vmpl, uint32_t apic_id);

#define VMPLSTUB_RBX 0x1111111111111111
#define VMPLSTUB_RBP 0x2222222222222222
#define VMPLSTUB_RSI 0x3333333333333333
#define VMPLSTUB_R8  0x4444444444444444
#define VMPLSTUB_R9  0x5555555555555555
#define VMPLSTUB_R15 0x6666666666666666
#define VMPLSTUB_XMM 0x7777777788888888
#define VMPLSTUB_GS  0x99990000
#define VMPLSTUB_CR2 0xaaaa0000
