/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The payload's vCPUs: on each of them VMPL0 has the loop that serves VMPL2. */
#include "abi/payload.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/vmpl.h"
#include "bare/shim/relay.h"
#include "lib/string.h"
#include "lib/vmsa.h"

#define INFO        0x9000ull /* where QEMU has the multiboot information, too */
#define LOW_RAM     0xa0000ull
#define STACK_SIZE  0x4000
#define ATTR_CODE32 0xc9b
#define ATTR_DATA32 0xc93

uint8_t payload_info[PAGE_SIZE] SECTION(".igvm.payload_info") ALIGNED(4096) = {0};

static uint8_t vmsas[PERCPU_COUNT][4][PAGE_SIZE] ALIGNED(16384); /* 1, 3: never at 2 MiB */
static uint8_t stacks[PERCPU_COUNT][STACK_SIZE] ALIGNED(4096);
static struct shim_cpu cpus[PERCPU_COUNT];

struct shim_cpu *shim_cpu_at(unsigned index)
{
	return &cpus[index];
}

struct shim_cpu *shim_cpu(void)
{
	return &cpus[percpu_index()];
}

unsigned shim_cpus(void)
{
	return (unsigned)MIN(vmpl_vcpus(), (unsigned)PERCPU_COUNT);
}

/* All features of a VMPL that knows nothing of SEV-SNP. Debug registers are its own, so that DR7 is
 * nobody's business. */
static uint64_t features(void)
{
	return SEV_FEAT_SNP_ACTIVE | SEV_FEAT_VTOM | SEV_FEAT_REFLECT_VC | SEV_FEAT_DEBUG_SWAP;
}

static void fill(struct vmsa *v)
{
	vmsa_reset(v);
	v->vmpl = SHIM_VMPL;
	v->sev_features = features();
	v->virtual_tom = PAYLOAD_VTOM;
}

/* Multiboot 0.6.96, 3.2: flat segments, protected mode, no paging. */
static void fill_boot(struct vmsa *v)
{
	const struct vmsa_seg data = {.selector = 0x10, .attrib = ATTR_DATA32, .limit = ~0u};
	const struct payload_info *p = (const void *)payload_info;

	fill(v);
	v->es = v->ss = v->ds = v->fs = v->gs = data;
	v->cs = (struct vmsa_seg){.selector = 0x08, .attrib = ATTR_CODE32, .limit = ~0u};
	v->cr0 = CR0_PE | CR0_ET;
	v->rip = p->entry;
	v->rax = MULTIBOOT_LOADER_MAGIC;
	v->rbx = INFO;
}

/* Multiboot 0.6.96, 3.3. The command line has room up to the end of the page. */
static void fill_info(const char *cmdline)
{
	struct multiboot_info *i = memory_at(INFO, PAGE_SIZE);
	struct multiboot_mmap *m = (void *)(i + 1);
	char *text = (char *)(m + 2);
	size_t n = strlen(cmdline);

	if (n >= PAGE_SIZE - sizeof(*i) - 2 * sizeof(*m))
		shim_fail("the command line is too long");
	memset(i, 0, sizeof(*i));
	i->flags = MULTIBOOT_INFO_MEMORY | MULTIBOOT_INFO_CMDLINE | MULTIBOOT_INFO_MMAP;
	i->mem_lower = LOW_RAM >> 10;
	i->mem_upper = (uint32_t)((memory_top() - PAYLOAD_LOW_END) >> 10);
	i->cmdline = (uint32_t)(uint64_t)text;
	i->mmap_addr = (uint32_t)(uint64_t)m;
	i->mmap_length = 2 * sizeof(*m);
	m[0] = (struct multiboot_mmap){sizeof(*m) - 4, 0, LOW_RAM, 1};
	m[1] = (struct multiboot_mmap){sizeof(*m) - 4, PAYLOAD_LOW_END,
				       memory_top() - PAYLOAD_LOW_END, 1};
	memcpy(text, cmdline, n + 1);
}

static bool make_vmsa(const struct vmsa *v, bool yes)
{
	return !rmpadjust((uint64_t)v, RMP_PG_4K,
			  RMPADJUST_ATTR(1, 0) | (yes ? RMPADJUST_VMSA : 0));
}

/* Both VMPLs of this vCPU, for ever. */
static NORETURN void serve(struct shim_cpu *c)
{
	if (!make_vmsa(c->vmsa, true) ||
	    ghcb_ap_create(percpu()->apic_id, SHIM_VMPL, GHCB_AP_CREATE, (uint64_t)c->vmsa,
			   features()))
		shim_fail("the host refuses the payload's VMSA: no virtual TOM or reflected #VC");
	relay_register(c);
	for (;;) {
		if (ghcb_run_vmpl(SHIM_VMPL))
			shim_fail("RUN_VMPL is refused");
		events_serve(c);
	}
}

void vcpus_boot(const char *cmdline)
{
	const struct payload_info *p = (const void *)payload_info;

	if (p->magic != PAYLOAD_MAGIC)
		shim_fail("no payload was put beside the shim");
	for (unsigned i = 0; i < shim_cpus(); i++) {
		cpus[i].vmsa = (struct vmsa *)vmsas[i][1];
		cpus[i].own = (struct vmsa *)vmsas[i][3];
		percpu_area[i].index = i;
		percpu_area[i].apic_id = vmpl_apic_id(i);
		relay_init(i);
	}
	fill_info(cmdline);
	fill_boot(cpus[0].vmsa);
	cpus[0].started = true;
	serve(&cpus[0]);
}

static void serve_started(void *arg)
{
	ghcb_cpu_init();
	serve(arg);
}

void vcpus_start(unsigned cpu, uint8_t vector)
{
	struct shim_cpu *c = &cpus[cpu];

	if (c->started)
		return; /* not behind an INIT: ignored, as on hardware */
	c->started = true;
	fill(c->vmsa);
	c->vmsa->cs.selector = (uint16_t)(vector << 8);
	c->vmsa->cs.base = (uint64_t)vector << 12;
	c->vmsa->rip = 0;
	ghcb_page(cpu);
	smp_fill_vmsa(c->own, cpu, VMPL_SVSM, serve_started, c, (uint64_t)stacks[cpu] + STACK_SIZE);
	if (!make_vmsa(c->own, true) || ghcb_ap_create(vmpl_apic_id(cpu), VMPL_SVSM, GHCB_AP_CREATE,
						       (uint64_t)c->own, snp_features()))
		shim_fail("vCPU %u could not be started", cpu);
}

/* Its VMSAs go, and the next SIPI makes them anew. */
void vcpus_stop(unsigned cpu)
{
	struct shim_cpu *c = &cpus[cpu];

	if (!c->started)
		return;
	if (cpu == 0 || cpu == percpu_index())
		shim_fail("INIT for vCPU %u by vCPU %u: the shim does not reset that one", cpu,
			  percpu_index());
	if (ghcb_ap_create(vmpl_apic_id(cpu), SHIM_VMPL, GHCB_AP_DESTROY, 0, 0) ||
	    ghcb_ap_create(vmpl_apic_id(cpu), VMPL_SVSM, GHCB_AP_DESTROY, 0, 0) ||
	    !make_vmsa(c->vmsa, false) || !make_vmsa(c->own, false))
		shim_fail("vCPU %u could not be stopped", cpu);
	c->started = false;
}
