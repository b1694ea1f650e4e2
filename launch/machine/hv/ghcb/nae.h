/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Non-automatic exits, the events of the GHCB specification (56421): a handler registers
 * itself in the linker section nae_handlers, in the file nae_NAME.c.
 */
#include "machine/hv/ghcb/ghcb_page.h"
#include "machine/hv/state/state.h"

struct nae_handler {
	uint64_t code; /* GHCB_EXIT_* */
	/* Serves the call and leaves the answer in it; what depends on the infos is checked here.
	 */
	void (*run)(struct ghcb_call *c);
	uint32_t features; /* GHCB_HV_FEAT_* that are offered because of it */
	uint8_t needs;     /* NEED_* */
	uint8_t stat;      /* enum stat */
};

/* A handler registers itself with: NAE_HANDLER(name) = {...}; */
#define NAE_HANDLER(name) static const struct nae_handler name SECTION("nae_handlers") ALIGNED(8)

/* Once, before any call: two handlers of one event are the monitor's own fault, and end it. */
void nae_init(void);
/* Serve a call whose page has been checked: an unknown event and missing inputs are refused. */
void nae_dispatch(struct ghcb_call *c);
/* What this hypervisor offers: GHCB_HV_FEAT_*. */
uint64_t nae_features(void);
