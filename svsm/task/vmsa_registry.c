/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Which VMSAs there are, and whose they are: the contract is in vmsa_registry.h. The boot,
 * dispatch.c and the core protocol call it, on any CPU. Every access to the table is under
 * LOCK_REGISTRY. It must never touch a VMSA itself: that is for the operations of platform/vcpu.h.
 */
#include "task/vmsa_registry.h"
#include "base/x86.h"
#include "cpu/failstop.h"
#include "cpu/percpu.h"
#include "lib/lock.h"

static struct vmsa_entry table[VMSA_REGISTRY_MAX]; /* cpu == NULL: free */
static unsigned used;                              /* entries from here on were never used */
static struct spinlock lock;
static struct spinlock frozen; /* lock.h: LOCK_VMSAS */
static struct {
	gpa_t vmsa;
	uint64_t sev_features;
} startup = {.vmsa = {~0ull}}; /* the VMSA is fixed once the guest runs */
static uint32_t serials;

void vmsa_registry_reset(void)
{
	for (unsigned i = 0; i < used; i++)
		table[i] = (struct vmsa_entry){0};
	used = 0;
	startup.vmsa = GPA_NONE;
}

void vmsa_registry_set_startup(gpa_t vmsa, uint64_t sev_features)
{
	startup.vmsa = vmsa;
	startup.sev_features = sev_features;
}

bool vmsa_registry_is_startup(gpa_t vmsa)
{
	return gpa_eq(vmsa, startup.vmsa);
}

uint64_t vmsa_registry_features(void)
{
	return __atomic_load_n(&startup.sev_features, __ATOMIC_RELAXED);
}

void vmsa_registry_drop_features(uint64_t features)
{
	__atomic_fetch_and(&startup.sev_features, ~features, __ATOMIC_SEQ_CST);
}

static struct vmsa_entry *find(gpa_t vmsa)
{
	for (unsigned i = 0; i < used; i++) {
		if (table[i].cpu && gpa_eq(table[i].vmsa, vmsa))
			return &table[i];
	}
	return NULL;
}

void vmsa_registry_with_startup_caa(void (*fn)(gpa_t caa))
{
	const struct vmsa_entry *e;

	lock_take(LOCK_REGISTRY, &lock);
	e = find(startup.vmsa);
	if (e)
		fn(e->caa);
	lock_give(LOCK_REGISTRY, &lock);
}

/*
 * The first free entry; NULL: the table is full. The caller takes the entry by filling it in, and
 * makes `used` count it. LOCK_REGISTRY is held.
 */
static struct vmsa_entry *free_entry(void)
{
	for (unsigned i = 0; i < used; i++) {
		if (!table[i].cpu)
			return &table[i];
	}
	return used < VMSA_REGISTRY_MAX ? &table[used] : NULL;
}

bool vmsa_registry_has_room(void)
{
	bool room;

	lock_take(LOCK_REGISTRY, &lock);
	room = free_entry();
	lock_give(LOCK_REGISTRY, &lock);
	return room;
}

/*
 * Sets the VMSA that RUN_VMPL enters on this vCPU, and whose calls are served. LOCK_REGISTRY is
 * held.
 */
static void set_current(struct cpu *cpu, gpa_t vmsa, gpa_t caa, uint8_t vmpl)
{
	lock_take(LOCK_VCPU, &cpu->guest.lock);
	cpu->guest.vmsa = vmsa;
	cpu->guest.caa = caa;
	cpu->guest.vmpl = vmpl;
	lock_give(LOCK_VCPU, &cpu->guest.lock);
}

bool vmsa_registry_add(struct cpu *cpu, gpa_t vmsa, gpa_t caa, uint8_t vmpl)
{
	struct vmsa_entry *e;

	lock_take(LOCK_REGISTRY, &lock);
	e = find(vmsa) ? NULL : free_entry();
	if (e) {
		*e = (struct vmsa_entry){vmsa, caa, cpu, vmpl, false, ++serials};
		used = MAX(used, (unsigned)(e - table) + 1);
		set_current(cpu, vmsa, caa, vmpl);
	}
	lock_give(LOCK_REGISTRY, &lock);
	return e != NULL;
}

/* The newest VMSA of cpu is gone. An older one, which the guest has not deleted, is current again.
 */
static void fall_back(struct cpu *cpu, uint8_t vmpl)
{
	for (unsigned i = 0; i < used; i++) {
		if (table[i].cpu == cpu) {
			set_current(cpu, table[i].vmsa, table[i].caa, table[i].vmpl);
			return;
		}
	}
	set_current(cpu, GPA_NONE, GPA_NONE, vmpl);
}

void vmsa_registry_remove(gpa_t vmsa)
{
	struct vmsa_entry *e, gone;

	lock_take(LOCK_REGISTRY, &lock);
	e = find(vmsa);
	if (e) {
		gone = *e;
		*e = (struct vmsa_entry){0};
		if (gpa_eq(gone.cpu->guest.vmsa, vmsa))
			fall_back(gone.cpu, gone.vmpl);
	}
	lock_give(LOCK_REGISTRY, &lock);
}

void vmsa_registry_remap(gpa_t vmsa, gpa_t caa)
{
	struct vmsa_entry *e;

	lock_take(LOCK_REGISTRY, &lock);
	e = find(vmsa);
	if (e) {
		e->caa = caa;
		if (gpa_eq(e->cpu->guest.vmsa, vmsa))
			set_current(e->cpu, vmsa, caa, e->vmpl);
	}
	lock_give(LOCK_REGISTRY, &lock);
}

unsigned vmsa_registry_caa_users(gpa_t caa)
{
	unsigned n = 0;

	lock_take(LOCK_REGISTRY, &lock);
	for (unsigned i = 0; i < used; i++)
		n += table[i].cpu && gpa_eq(table[i].caa, caa);
	lock_give(LOCK_REGISTRY, &lock);
	return n;
}

bool vmsa_registry_caa_foreign(gpa_t caa, const struct cpu *cpu)
{
	bool foreign = false;

	lock_take(LOCK_REGISTRY, &lock);
	for (unsigned i = 0; i < used; i++)
		foreign |= table[i].cpu && table[i].cpu != cpu && gpa_eq(table[i].caa, caa);
	lock_give(LOCK_REGISTRY, &lock);
	return foreign;
}

enum vmsa_claim vmsa_registry_claim(gpa_t vmsa, struct vmsa_entry *out)
{
	enum vmsa_claim r = VMSA_CLAIM_UNKNOWN;
	struct vmsa_entry *e;

	lock_take(LOCK_REGISTRY, &lock);
	e = find(vmsa);
	if (e) {
		r = e->claimed ? VMSA_CLAIM_BUSY : VMSA_CLAIMED;
		e->claimed = true;
		*out = *e;
	}
	lock_give(LOCK_REGISTRY, &lock);
	return r;
}

void vmsa_registry_release(gpa_t vmsa)
{
	struct vmsa_entry *e;

	lock_take(LOCK_REGISTRY, &lock);
	e = find(vmsa);
	if (e)
		e->claimed = false;
	lock_give(LOCK_REGISTRY, &lock);
}

bool vmsa_registry_begin(struct cpu *cpu, struct vmsa_entry *out)
{
	for (;;) {
		enum vmsa_claim r;
		gpa_t vmsa;

		lock_take(LOCK_VCPU, &cpu->guest.lock);
		vmsa = cpu->guest.vmsa;
		lock_give(LOCK_VCPU, &cpu->guest.lock);
		if (gpa_eq(vmsa, GPA_NONE))
			return false;
		r = vmsa_registry_claim(vmsa, out);
		if (r == VMSA_CLAIMED)
			return true;
		failstop_check();
		cpu_relax(); /* another vCPU deletes it: soon it is gone, or released */
	}
}

void vmsa_registry_freeze(void)
{
	lock_take(LOCK_VMSAS, &frozen);
}

void vmsa_registry_thaw(void)
{
	lock_give(LOCK_VMSAS, &frozen);
}

bool vmsa_registry_at(unsigned i, gpa_t *vmsa)
{
	bool there;

	lock_take(LOCK_REGISTRY, &lock);
	there = i < used;
	if (there)
		*vmsa = table[i].cpu ? table[i].vmsa : GPA_NONE;
	lock_give(LOCK_REGISTRY, &lock);
	return there;
}
