/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What becomes of each type's payload. */
#include "harness/psp/chain.h"
#include "harness/psp/psp.h"

/*
 * in: n bytes of an authentic request that came with key vmpck. out: zeroed, of
 * GUEST_MESSAGE_PAYLOAD_MAX bytes. Returns the response's bytes, a multiple of 16; what is wrong
 * with the request is a status in it.
 */
typedef size_t psp_payload(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n,
			   uint8_t *out);

psp_payload psp_report, psp_key, psp_cpuid, psp_tsc_info;

/*
 * May this key's owner ask for something of that VMPL? Not for one that is more privileged. What
 * counts is the key, not who runs: a guest without VMPCK0 has no way to VMPL 0.
 */
static inline bool psp_vmpl_allowed(unsigned vmpck, uint32_t vmpl)
{
	return vmpl >= vmpck && vmpl < GUEST_MESSAGE_KEYS;
}

/* KEY_SEL of MSG_REPORT_REQ and MSG_KEY_REQ. */
#define KEY_SEL_MASK 3u
enum key_sel {
	KEY_SEL_AUTO, /* the VLEK where there is one, else the VCEK */
	KEY_SEL_VCEK,
	KEY_SEL_VLEK,
};

/* False: there is no such key. */
static inline bool psp_select(const struct psp *p, uint32_t key_sel, enum endorsement *which)
{
	bool vlek = *p->config->vlek;

	*which = key_sel == KEY_SEL_VLEK || (key_sel == KEY_SEL_AUTO && vlek) ? ENDORSEMENT_VLEK
									      : ENDORSEMENT_VCEK;
	return key_sel <= KEY_SEL_VLEK && (vlek || *which == ENDORSEMENT_VCEK);
}
