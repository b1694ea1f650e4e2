/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Every VMSA the guest has, with the vCPU and the calling area it belongs to. A vCPU may have more
 * than one for a while: Linux creates the new VMSA of a CPU that comes back online before it
 * deletes the old one. The newest is the one whose calls are served (struct cpu, field guest).
 *
 * An entry is *claimed* while its page must stay a VMSA: by the vCPU itself during a call, or by
 * somebody who deletes it. A claim is no lock: a second deleter who finds one gives up, and a vCPU
 * that wants to call (begin) waits until the deleter is done, which may itself wait for the VMSA to
 * come out of use.
 *
 * Lock: one for the table, LOCK_REGISTRY (lib/lock.h), taken inside; struct vcpu_guest's within
 * it. LOCK_VMSAS: freeze and thaw, below. Where a page's state must agree with the table (all but
 * begin, claim, release), the caller holds the page-state regions of the pages named.
 */
#include "base/addr.h"

struct cpu;

struct vmsa_entry {
	gpa_t vmsa;
	gpa_t caa;
	struct cpu *cpu;
	uint8_t vmpl;
	bool claimed;
	uint32_t serial; /* no two VMSAs have the same one, also if they lie in the same page */
};

#define VMSA_REGISTRY_MAX 1024

/*
 * The startup vCPU's VMSA, which the launch made. It stays for ever, and every other VMSA must have
 * its SEV_FEATURES: 58019, 6.3 and 6.4. Set once at boot, after vmsa_registry_add; any CPU may
 * read it and drop a part of it (atomic).
 */
void vmsa_registry_set_startup(gpa_t vmsa, uint64_t sev_features);
bool vmsa_registry_is_startup(gpa_t vmsa);
uint64_t vmsa_registry_features(void);
/* New VMSAs have these no more: the startup vCPU has lost them, or is about to. */
void vmsa_registry_drop_features(uint64_t features);
/* Calls fn with the startup vCPU's calling area, which stays that until fn comes back:
 * LOCK_REGISTRY is held meanwhile, so fn takes no lock. */
void vmsa_registry_with_startup_caa(void (*fn)(gpa_t caa));

/* New VMSA, which becomes the cpu's current one; frozen (below). False: table full, or vmsa is
 * there already. */
bool vmsa_registry_add(struct cpu *cpu, gpa_t vmsa, gpa_t caa, uint8_t vmpl);
bool vmsa_registry_has_room(void); /* for one more; frozen, so that it stays */
/* Take out a claimed VMSA; frozen (below). If it was the cpu's current one, another of that cpu is
 * current then, or none. */
void vmsa_registry_remove(gpa_t vmsa);
/* A claimed VMSA's calling area moves. */
void vmsa_registry_remap(gpa_t vmsa, gpa_t caa);

/* VMSAs that use this calling area. */
unsigned vmsa_registry_caa_users(gpa_t caa);
/* True when a VMSA of a vCPU other than cpu uses it. */
bool vmsa_registry_caa_foreign(gpa_t caa, const struct cpu *cpu);

enum vmsa_claim {
	VMSA_CLAIMED,
	VMSA_CLAIM_UNKNOWN, /* no such VMSA */
	VMSA_CLAIM_BUSY,    /* its vCPU is in a call, or somebody deletes it */
};

/* Claim any VMSA; *out is a copy of the entry. */
enum vmsa_claim vmsa_registry_claim(gpa_t vmsa, struct vmsa_entry *out);
void vmsa_registry_release(gpa_t vmsa);

/* Claim the current VMSA of cpu for a call; release with vmsa_registry_release. False: it has none.
 */
bool vmsa_registry_begin(struct cpu *cpu, struct vmsa_entry *out);

/*
 * Between freeze and thaw the table has exactly the VMSAs that there are. Whoever makes a page a
 * VMSA keeps the table frozen until the VMSA is in it. Whoever deletes a VMSA keeps it frozen from
 * before the page ceases to be one until the VMSA is out of it. (The boot is alone and need not.)
 * LOCK_VMSAS is held between the two.
 */
void vmsa_registry_freeze(void);
void vmsa_registry_thaw(void);
/* For i = 0, 1, ... the VMSAs in the table, GPA_NONE where there is none; false at the end. */
bool vmsa_registry_at(unsigned i, gpa_t *vmsa);

/* Forget everything: unit tests. */
void vmsa_registry_reset(void);
