/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Calls from the guest: SVSM specification (58019), chapter 5. Protocols register themselves in the
 * linker section svsm_protocols.
 */
#include "abi/svsm.h"
#include "base/types.h"
#include "task/vmsa_registry.h"

struct cpu;

/* One call: a private copy of the guest's registers, read once. What a handler leaves in rcx, rdx,
 * r8 and r9 goes back to the guest. */
struct svsm_call {
	struct cpu *cpu;
	/* The calling VMSA, claimed and stopped. Handlers keep .caa current; one that deletes the
	 * VMSA leaves GPA_NONE, and the call ends without a result. */
	struct vmsa_entry *self;
	uint32_t protocol;
	uint32_t number;
	uint64_t rcx, rdx, r8, r9;
};

struct svsm_protocol {
	uint32_t number;
	uint32_t version_min, version_max;
	bool (*present)(void);                              /* NULL: always */
	enum svsm_result (*handle)(struct svsm_call *call); /* no locks held */
};

/* A protocol registers itself with: SVSM_PROTOCOL(name) = {...}; */
#define SVSM_PROTOCOL(name)                                                                        \
	static const struct svsm_protocol name SECTION("svsm_protocols") ALIGNED(8)

/* NULL when there is no such protocol. */
const struct svsm_protocol *svsm_protocol_find(uint32_t number);

/*
 * Serve what the guest of this CPU asks for; called when RUN_VMPL has come back. Nothing is served,
 * and nothing changes, when there is no VMSA, when the guest did not leave by VMGEXIT, when the
 * calling area's call_pending is 0, or when the VMSA runs elsewhere (platform/vcpu.h). A reserved
 * value of call_pending ends as INVALID_FORMAT. True: the guest had called.
 */
bool svsm_request(struct cpu *c);
