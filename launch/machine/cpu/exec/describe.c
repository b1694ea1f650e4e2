/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/exec/describe.h"
#include "machine/cpu/access.h"
#include "machine/cpu/guard.h"
#include "machine/host/log.h"
#include "base/x86.h"
#include "lib/fmt.h"

/* What is known about a vCPU at the end of a run. */

typedef unsigned long long ull;

/* 0 for a VMPL that never had a VMSA. */
uint64_t machine_rip(struct vcpu *v)
{
	const struct vmcb *m = v->ctx[v->vmpl].vmcb;

	return m ? m->rip : 0;
}

uint8_t machine_cpl(struct vcpu *v)
{
	const struct vmcb *m = v->ctx[v->vmpl].vmcb;

	return m ? m->cpl : 0;
}

/* The bytes at RIP, as far as they can be fetched. */
static void print_code(struct vcpu *v)
{
	uint8_t bytes[15];
	unsigned n = guest_fetch(v, bytes);
	char line[3 * sizeof(bytes) + 1] = "unreadable";
	size_t at = 0;

	for (unsigned i = 0; i < n; i++)
		at += fmt_scnprintf(line + at, sizeof(line) - at, " %02x", bytes[i]);
	host_log("  code:%s", line);
}

/* The last line says how the guest came out: the exit, its information, and the event that it
 * cut short. */
static void print_registers(const struct vmpl_ctx *c)
{
	const struct vmcb *m = c->vmcb;
	const uint64_t *r = c->gpr;

	host_log("  rip %016llx rsp %016llx rflags %08llx", (ull)m->rip, (ull)m->rsp,
		 (ull)m->rflags);
	host_log("  rax %016llx rbx %016llx rcx %016llx rdx %016llx", (ull)m->rax, (ull)r[3],
		 (ull)r[1], (ull)r[2]);
	host_log("  rsi %016llx rdi %016llx rbp %016llx", (ull)r[6], (ull)r[7], (ull)r[5]);
	host_log("  r8  %016llx r9  %016llx r10 %016llx r11 %016llx", (ull)r[8], (ull)r[9],
		 (ull)r[10], (ull)r[11]);
	host_log("  r12 %016llx r13 %016llx r14 %016llx r15 %016llx", (ull)r[12], (ull)r[13],
		 (ull)r[14], (ull)r[15]);
	host_log("  cs %04x ss %04x ds %04x es %04x tr %04x base %llx gdt %llx+%x idt %llx+%x",
		 m->cs.selector, m->ss.selector, m->ds.selector, m->es.selector, m->tr.selector,
		 (ull)m->tr.base, (ull)m->gdtr.base, m->gdtr.limit, (ull)m->idtr.base,
		 m->idtr.limit);
	host_log("  cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx fs %llx gs %llx", (ull)m->cr0,
		 (ull)m->cr2, (ull)m->cr3, (ull)m->cr4, (ull)m->efer, (ull)m->fs.base,
		 (ull)m->gs.base);
	host_log("  exit %llx info %llx %llx event %llx ghcb msr %llx", (ull)m->exit_code,
		 (ull)m->exit_info1, (ull)m->exit_info2, (ull)m->exit_int_info, (ull)c->ghcb_msr);
}

static void print_fault(const struct vcpu *v)
{
	host_log("  why: %s (0x%llx)", v->fault, (ull)v->fault_at);
	guard_describe(gpa_page(gpa(v->fault_at)));
}

/* The vCPU may be running on its own CPU: what is printed then is what that CPU has left behind,
 * and good enough for a report. */
void machine_describe(struct vcpu *v)
{
	const struct vmpl_ctx *c = &v->ctx[v->vmpl];

	host_log("vcpu %u vmpl %u cpl %u%s", v->index, v->vmpl, machine_cpl(v),
		 c->loaded ? "" : " (not loaded)");
	if (v->fault)
		print_fault(v);
	if (!c->vmcb)
		return;
	print_registers(c);
	print_code(v);
}
