/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * From the first RUN_VMPL on every fourth answer to VMPL0 is spoilt: refused after all was done,
 * with no field valid, a page of rubbish, or, by the MSR protocol, another answer. The generator
 * has one seed; which answer is hit depends on what the vCPUs do at once.
 */
#include "machine/hostile/hostile.h"
#include "machine/hostile/deeds/dice.h"
#include "machine/hv/ghcb/ghcb_page.h"
#include "lib/string.h"

static uint32_t seed = 99;
static bool guest_runs;

static void rubbish(struct ghcb *page)
{
	uint8_t *p = (uint8_t *)page;

	for (unsigned i = 0; i < PAGE_SIZE; i++)
		p[i] = (uint8_t)(dice_draw(&seed) >> 8);
}

/* The page stays the SVSM's: with its exits it becomes private only before the guest runs. */
static void answered(struct vcpu *v, unsigned vmpl, struct ghcb *page)
{
	(void)v;
	if (vmpl || !READ_ONCE(guest_runs) || dice_draw(&seed) % 4)
		return;
	switch (dice_draw(&seed) % 4) {
	case 0:
		page->exit_info1 = 1 + dice_draw(&seed) % 2;
		break;
	case 1:
		memset(page->valid, 0, sizeof(page->valid));
		break;
	case 2:
		rubbish(page);
		page->exit_info1 = 0;
		break;
	default:
		rubbish(page);
	}
}

static unsigned refuse(const struct ghcb_call *c)
{
	if (!c->v->vmpl && c->code == GHCB_EXIT_RUN_VMPL)
		WRITE_ONCE(guest_runs, true);
	return 0;
}

static bool msr_request(struct vcpu *v, uint64_t request, uint64_t *answer)
{
	bool asks = (request & GHCB_MSR_INFO_MASK) != GHCB_MSR_TERMINATE;

	if (v->vmpl || !READ_ONCE(guest_runs) || !asks || dice_draw(&seed) % 4)
		return false;
	*answer = (uint64_t)dice_draw(&seed) << 32 | dice_draw(&seed);
	return true;
}

HOSTILE_HOST(lies, "lies") = {
	.on = &lies_on, .refuse = refuse, .answered = answered, .msr_request = msr_request};
