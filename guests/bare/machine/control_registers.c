/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Control registers and EFER: what a processor refuses with #GP(0). APM vol. 2, 3.1.1 (CR0), 3.1.3
 * (CR4), 5.3.2 (CR3 in long mode), 3.1.7 (EFER). Which bits of CR4 and EFER exist is told by CPUID:
 * vol. 3, appendix E.
 */
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define CR4_PKE   BIT(22)
#define CR4_CET   BIT(23)
#define PHYS_BITS 48 /* of the launch profile: CPUID 8000_0008 EAX[7:0] */

enum reg {
	REG_CR0,
	REG_CR3,
	REG_CR4,
	REG_EFER
};

struct write {
	enum reg reg;
	uint64_t value;
};

static uint64_t get(enum reg reg)
{
	switch (reg) {
	case REG_CR0:
		return read_cr0();
	case REG_CR3:
		return read_cr3();
	case REG_CR4:
		return read_cr4();
	default:
		return rdmsr(MSR_EFER);
	}
}

static void put(void *arg)
{
	const struct write *w = arg;

	switch (w->reg) {
	case REG_CR0:
		__asm__ volatile("mov %0, %%cr0" : : "r"(w->value) : "memory");
		break;
	case REG_CR3:
		write_cr3(w->value);
		break;
	case REG_CR4:
		write_cr4(w->value);
		break;
	default:
		wrmsr(MSR_EFER, w->value);
	}
}

/* An exit of its own after the write: VMRUN checks the registers too, and must find them as they
 * were. */
static void refused(enum reg reg, uint64_t value)
{
	struct write w = {reg, value};
	uint64_t before = get(reg);
	struct fault f;

	CHECK_EQ(fault_call(&f, put, &w), VEC_GP);
	CHECK_EQ(f.error, 0);
	rdmsr(MSR_GHCB);
	CHECK_EQ(get(reg), before);
}

/* Written, seen, and written back. */
static void taken(enum reg reg, uint64_t value)
{
	struct write w = {reg, value}, back = {reg, get(reg)};
	struct fault f;

	CHECK_EQ(fault_call(&f, put, &w), FAULT_NONE);
	rdmsr(MSR_GHCB);
	CHECK_EQ(get(reg), value);
	put(&back);
}

TEST(cr0_rules, "cr0-rules", "MOV to CR0 that a processor refuses raises #GP(0)", "apm:3.1.1:cr0")
{
	test_case("PG without PE");
	refused(REG_CR0, read_cr0() & ~CR0_PE);
	test_case("NW without CD");
	refused(REG_CR0, (read_cr0() & ~CR0_CD) | CR0_NW);
	test_case("PG = 0 in 64-bit mode");
	refused(REG_CR0, read_cr0() & ~CR0_PG);
	for (unsigned bit = 32; bit < 64; bit += 7) {
		test_case("bit %u", bit);
		refused(REG_CR0, read_cr0() | BIT(bit));
	}
	test_case("NW and CD, WP");
	taken(REG_CR0, read_cr0() | CR0_CD | CR0_NW);
	taken(REG_CR0, read_cr0() ^ CR0_WP);
	test_case("TS, and CLTS");
	taken(REG_CR0, read_cr0() | CR0_TS);
	write_cr0(read_cr0() | CR0_TS);
	__asm__ volatile("clts");
	CHECK_EQ(read_cr0() & CR0_TS, 0);
}

TEST(cr3_rules, "cr3-rules", "MOV to CR3 with a bit beyond the physical address raises #GP(0)",
     "apm:5.3.2:cr3")
{
	for (unsigned bit = PHYS_BITS; bit < 64; bit++) {
		test_case("bit %u", bit);
		refused(REG_CR3, read_cr3() | BIT(bit));
	}
	test_case("PCD and PWT");
	taken(REG_CR3, read_cr3() | BIT(3) | BIT(4));
}

/* CR4's bits that exist when a bit of CPUID is set. */
static const struct {
	uint64_t bits;
	uint32_t leaf;
	unsigned reg, bit; /* reg: EAX..EDX */
} cr4_features[] = {
	{CR4_VME | CR4_PVI, 1, 3, 1}, {CR4_DE, 1, 3, 2},     {CR4_PSE, 1, 3, 3},
	{CR4_TSD, 1, 3, 4},           {CR4_MCE, 1, 3, 7},    {CR4_PGE, 1, 3, 13},
	{CR4_OSFXSR, 1, 3, 24},       {CR4_PCIDE, 1, 2, 17}, {CR4_OSXSAVE, 1, 2, 26},
	{CR4_FSGSBASE, 7, 1, 0},      {CR4_SMEP, 7, 1, 7},   {CR4_SMAP, 7, 1, 20},
	{CR4_UMIP, 7, 2, 2},          {CR4_PKE, 7, 2, 3},    {CR4_CET, 7, 2, 7},
	{CR4_LA57, 7, 2, 16},
};

static uint64_t cr4_known(void)
{
	uint64_t known = CR4_PAE | CR4_PCE | CR4_OSXMMEXCPT;

	for (unsigned i = 0; i < ARRAY_LEN(cr4_features); i++)
		if (ghcb_msr_cpuid(cr4_features[i].leaf, cr4_features[i].reg) >>
			    cr4_features[i].bit &
		    1)
			known |= cr4_features[i].bits;
	ghcb_select();
	return known;
}

TEST(cr4_rules, "cr4-rules", "MOV to CR4 with a bit that CPUID does not show raises #GP(0)",
     "apm:3.1.3:cr4")
{
	/* SMEP and SMAP: our tables are open to CPL 3. The last two are checked by themselves. */
	uint64_t known = cr4_known(), leave = CR4_SMEP | CR4_SMAP | CR4_PAE | CR4_LA57 | CR4_PCIDE;

	for (unsigned bit = 0; bit < 64; bit++) {
		test_case("bit %u", bit);
		if (!(known & BIT(bit)))
			refused(REG_CR4, read_cr4() | BIT(bit));
		else if (!(leave & BIT(bit)))
			taken(REG_CR4, read_cr4() ^ BIT(bit));
	}
	test_case("PAE = 0 in long mode");
	refused(REG_CR4, read_cr4() & ~CR4_PAE);
}

TEST(efer_rules, "efer-rules", "WRMSR of EFER that a processor refuses raises #GP(0)",
     "apm:3.1.7:efer")
{
	uint64_t known = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME;

	known |= ghcb_msr_cpuid(0x80000001, 3) >> 25 & 1 ? EFER_FFXSR : 0;
	known |= ghcb_msr_cpuid(0x80000001, 2) >> 17 & 1 ? EFER_TCE : 0;
	ghcb_select();
	for (unsigned bit = 0; bit < 64; bit++) {
		test_case("bit %u", bit);
		if (!(known & BIT(bit)))
			refused(REG_EFER, rdmsr(MSR_EFER) | BIT(bit));
	}
	test_case("LME while paging is on");
	refused(REG_EFER, rdmsr(MSR_EFER) & ~EFER_LME);
	test_case("SCE");
	taken(REG_EFER, rdmsr(MSR_EFER) ^ EFER_SCE);
}

TEST(efer_kept, "efer-kept", "what is written to EFER.SVME and LMA is ignored", "apm:15.35.10:svme")
{
	struct write w = {REG_EFER, 0};
	uint64_t before = rdmsr(MSR_EFER);
	struct fault f;

	CHECK_EQ(before & EFER_SVME, EFER_SVME);
	w.value = before & ~(EFER_SVME | EFER_LMA);
	CHECK_EQ(fault_call(&f, put, &w), FAULT_NONE);
	CHECK_EQ(rdmsr(MSR_EFER), before);
	rdmsr(MSR_GHCB); /* an exit, and VMRUN finds it set */
}

#define BARE_ROUNDS 3000

/*
 * A page walk is private whatever the C-bit of CR3 says: 15.34.5. The machine puts the bit there
 * when the walk meets it missing, which must not look like one access that never gets on.
 */
TEST(cr3_bare, "cr3-without-c-bit", "CR3 with and without the C-bit in turn, 3,000 times",
     "apm:15.34.5:fetch")
{
	uint64_t cr3 = read_cr3(), bare = cr3 & ~paging_cbit, wrong = 0;

	CHECK_NE(cr3, bare);
	for (unsigned i = 0; i < BARE_ROUNDS; i++) {
		write_cr3(bare);
		wrong += read_cr3() != bare;
		write_cr3(cr3);
		wrong += read_cr3() != cr3;
	}
	CHECK_EQ(wrong, 0);
}

#define VC_ROUNDS 2000

static volatile unsigned handled;

/* As edk2's exception stub leaves: it saves and restores CR3, and its tables name no C-bit there.
 */
static void restore_bare(struct trap_frame *f)
{
	handled++;
	f->rip += 2; /* CPUID */
	write_cr3(read_cr3() & ~paging_cbit);
}

/* KVM does not see these walks at all, let alone count them. */
TEST(cr3_edk2, "cr3-in-handler", "a #VC handler that writes CR3 without the C-bit, 2,000 times",
     "apm:15.34.5:fetch")
{
	uint64_t cr3 = read_cr3();

	handled = 0;
	trap_handler_set(VEC_VC, restore_bare);
	for (unsigned i = 0; i < VC_ROUNDS; i++)
		__asm__ volatile("cpuid" : : "a"(0), "c"(0) : "rbx", "rdx", "memory");
	trap_handler_set(VEC_VC, NULL);
	write_cr3(cr3);
	CHECK_EQ(handled, VC_ROUNDS);
}
