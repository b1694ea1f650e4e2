/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * #HV, the one exception by which a hypervisor may tell of interrupts under restricted injection
 * (APM vol. 2, 15.36.16; GHCB, #HV Doorbell Page). It comes at any instruction, whatever RFLAGS.IF
 * says, and says only that something lies in the doorbell page, which is the platform's business.
 *
 * In ring 0 its handler (cpu/trap/hv_entry.S) counts, and nothing else: what is in the page stays
 *there, so the page's NoFurtherSignal stays set, and no other #HV comes before somebody takes it.
 *Three places do so, each before it can no longer be disturbed:
 *
 *	seen = *hv_count();
 *	vector = hv_take();                        what came before, and what comes rings again
 *	sleep_unless(hv_count(), seen)             task/wake.c, or
 *	user_enter(regs, hv_count(), seen)         user/process_run.c, or
 *	hv_run_unless(request, hv_count(), seen)   platform/snp/ghcb.c, to run the guest
 *
 * A #HV after the count was read makes the comparison fail; one after the comparison finds RIP
 * before the HLT, IRETQ, SYSRETQ or VMGEXIT and moves it behind it. So none is lost. In ring 3 #HV
 *is the return of user_enter(), as an interrupt is.
 *
 * A vCPU of the guest can write the page as well as the host. What is taken from it is a hint:
 * a wrong one ends a turn of ring 3 or a sleep too early or too late.
 */
#include "base/types.h"

/* #HV is how interrupts come here. Set once, before another CPU starts; else every #HV is an
 * exception like any other. */
extern uint32_t hv_used;
void hv_use(void);

/* This CPU's number of #HVs so far; not hv_used: a number that never changes. */
const uint32_t *hv_count(void);

/* Take what the doorbell page shows, so that #HV comes for what comes next. The vector of an
 * interrupt, 0: none. Any value is possible. */
uint8_t hv_take(void);

/* Before a run of a guest whose interrupts VMPL0 injects, or that our timer is to end: take what
 * the page shows, and let the run come back at once for what comes next. The vector, as of
 * hv_take(). */
uint8_t hv_take_before_run(void);
bool hv_taken(void); /* so it was, and there was no run since */
/* What *hv_count() was then; once. Where nobody has looked since: another one than there is. */
uint32_t hv_seen(void);
/* In hv_run.S: ask the hypervisor by the GHCB's MSR, and return what that then holds; 0, and
 * nothing was asked, when *count is not `seen`. Behind a run the predictors are flushed. */
uint64_t hv_run_unless(uint64_t request, const uint32_t *count, uint32_t seen);
