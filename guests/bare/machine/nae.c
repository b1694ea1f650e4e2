/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Events through the GHCB page, by name, and the answers to malformed requests: GHCB (56421). */
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/test.h"
#include "abi/machine.h"
#include "abi/q35.h"
#include "lib/string.h"

#define R               4
#define MSR_PATCH_LEVEL 0x8b
#define COM1_SCRATCH    (Q35_CONSOLE_PORT + 7)
#define IOAPIC          0xfec00000ull
#define INJECT_GP       0x80000b0dull /* SW_EXITINFO2[31:0]: valid, error code, exception, #GP */
#define MALFORMED       2
#define DR7_RESET       0x400 /* APM vol. 2, table 14-1 */
#define JUMP_TABLE_GET  1     /* SW_EXITINFO1 */

TEST(nae_cpuid, "nae-cpuid", "CPUID event agrees with the MSR protocol", "ghcb:nae:cpuid")
{
	uint32_t r[4] = {0};

	CHECK(ghcb_cpuid(0, 0, r));
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(r[i], ghcb_msr_cpuid(0, i));
	CHECK(ghcb_cpuid(0x8000001f, 0, r));
	CHECK_EQ(r[1] & 0x3f, MACHINE_CBIT);
}

TEST(nae_ioio, "nae-ioio", "IOIO: single accesses, strings, sizes", "ghcb:nae:ioio")
{
	static const uint8_t bytes[] = {0x11, 0x22, 0x33, 0x5a};
	struct ghcb *g;
	uint32_t v = 0;

	test_case("out and in");
	CHECK(ghcb_out(COM1_SCRATCH, 1, 0xa5));
	CHECK(ghcb_in(COM1_SCRATCH, 1, &v));
	CHECK_EQ(v, 0xa5);
	test_case("rep outsb");
	CHECK(ghcb_out_string(COM1_SCRATCH, bytes, sizeof(bytes)));
	CHECK(ghcb_in(COM1_SCRATCH, 1, &v));
	CHECK_EQ(v, 0x5a);
	test_case("rep insb");
	g = ghcb_begin();
	memset(g->buffer, 0, 16);
	GHCB_SET(g, scratch, percpu()->ghcb_gpa + offsetof(struct ghcb, buffer));
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_IOIO,
			   COM1_SCRATCH << 16 | IOIO_IN | IOIO_STR | IOIO_REP | IOIO_SZ8 | IOIO_A64,
			   8),
		 0);
	CHECK_EQ(g->buffer[0], 0x5a);
	CHECK_EQ(g->buffer[7], 0x5a);
	CHECK_EQ(g->buffer[8], 0);
	test_case("16 and 32 bits of PCI configuration");
	CHECK(ghcb_out(0xcf8, 4, 0x80000000u));
	CHECK(ghcb_in(0xcf8, 4, &v));
	CHECK_EQ(v, 0x80000000u);
	CHECK(ghcb_in(0xcfc, 2, &v));
	CHECK_EQ(v, 0x8086); /* the host bridge's vendor */
}

/* Ports that only the monitor uses do nothing for a guest: the run goes on. */
TEST(nae_ioio_refused, "nae-ioio-refused", "the monitor's own ports do nothing for a guest",
     "keelson:ports")
{
	uint32_t v;

	test_case("exit port");
	ghcb_out(MACHINE_EXIT_PORT, 4, 0);
	test_case("monitor log");
	ghcb_out(MACHINE_LOG_PORT, 1, 'X');
	test_case("A20 gate");
	ghcb_out(0x92, 1, 0);
	CHECK(ghcb_in(COM1_SCRATCH, 1, &v));
}

TEST(nae_msr, "nae-msr", "MSR event: a known MSR, and #GP asked for by an unknown one",
     "ghcb:nae:msr")
{
	struct ghcb *g;
	uint64_t v = 0;

	test_case("APIC_BASE");
	CHECK(ghcb_rdmsr(MSR_APIC_BASE, &v));
	CHECK_EQ(v & 0xfffff000, 0xfee00000);
	CHECK_EQ(v & BIT(11), BIT(11));
	/* the low half, as AMD has it: Linux 6.12, arch/x86/kvm/svm/svm.c, __svm_vcpu_reset() */
	test_case("microcode");
	CHECK(ghcb_rdmsr(MSR_PATCH_LEVEL, &v));
	CHECK_EQ(v, 0x01000065);
	test_case("unknown MSR, read");
	g = ghcb_begin();
	GHCB_SET(g, rcx, 0xdeadbeef);
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_MSR, 0, 0), 1);
	CHECK_EQ(g->exit_info2, INJECT_GP);
	test_case("unknown MSR, write");
	g = ghcb_begin();
	GHCB_SET(g, rcx, 0xdeadbeef);
	GHCB_SET(g, rax, 0);
	GHCB_SET(g, rdx, 0);
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_MSR, 1, 0), 1);
	CHECK_EQ(g->exit_info2, INJECT_GP);
}

TEST(nae_mmio, "nae-mmio", "MMIO events: the IOAPIC's version through index and data register",
     "ghcb:nae:mmio")
{
	uint64_t v = 0;

	CHECK(ghcb_mmio_write(IOAPIC, 4, 1));
	CHECK(ghcb_mmio_read(IOAPIC, 4, &v));
	CHECK_EQ(v & 0xff, 1);
	CHECK(ghcb_mmio_read(IOAPIC + 0x10, 4, &v));
	CHECK_EQ(v >> 16 & 0xff, 23); /* 24 entries */
}

TEST(nae_misc, "nae-misc", "events that take a line each: caches, counter, DR7, jump table",
     "ghcb:nae:wbinvd ghcb:nae:dr7 ghcb:nae:ap-jump-table")
{
	struct ghcb *g;

	test_case_of("ghcb:nae:wbinvd", "WBINVD");
	CHECK_EQ(ghcb_exit(ghcb_begin(), GHCB_EXIT_WBINVD, 0, 0), 0);
	test_case_of("ghcb:nae:wbinvd", "INVD");
	CHECK_EQ(ghcb_exit(ghcb_begin(), GHCB_EXIT_INVD, 0, 0), 0);
	test_case_of("ghcb:nae:dr7", "DR7 write");
	g = ghcb_begin();
	GHCB_SET(g, rax, DR7_RESET);
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_DR7_WRITE, 0, 0), 0);
	test_case_of("ghcb:nae:dr7", "DR7 read");
	g = ghcb_begin();
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_DR7_READ, 0, 0), 0);
	CHECK(GHCB_VALID(g, rax));
	CHECK_EQ(g->rax, DR7_RESET);
	test_case_of("ghcb:nae:ap-jump-table", "get the jump table");
	g = ghcb_begin();
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_AP_JUMP_TABLE, JUMP_TABLE_GET, 0), 0);
	CHECK_EQ(g->exit_info2, 0);
}

/* The counter of an SNP guest has no offset, so what is answered lies between two of its own reads.
 */
static void check_counter(struct ghcb *g, uint64_t event)
{
	uint64_t before = rdtsc(), answer;

	CHECK_EQ(ghcb_exit(g, event, 0, 0), 0);
	CHECK(GHCB_VALID(g, rax));
	CHECK(GHCB_VALID(g, rdx));
	answer = g->rdx << 32 | (uint32_t)g->rax;
	CHECK_GE(answer, before);
	CHECK_LE(answer, rdtsc());
}

/* APM vol. 3, RDTSCP: ECX is what TSC_AUX holds now, not when this VMPL was entered. */
TEST(nae_rdtsc, "nae-rdtsc", "RDTSC and RDTSCP events tell the counter, RDTSCP TSC_AUX too",
     "ghcb:nae:rdtsc")
{
	uint64_t old = rdmsr(MSR_TSC_AUX);
	struct ghcb *g;

	test_case("RDTSC");
	check_counter(ghcb_begin(), GHCB_EXIT_RDTSC);
	test_case("RDTSCP");
	wrmsr(MSR_TSC_AUX, 0x12345678);
	g = ghcb_begin();
	check_counter(g, GHCB_EXIT_RDTSCP);
	CHECK(GHCB_VALID(g, rcx));
	CHECK_EQ(g->rcx, 0x12345678);
	wrmsr(MSR_TSC_AUX, old);
}

struct malformed {
	const char *name, *rule;
	uint64_t code, info1, info2;
	uint32_t usage;
	uint16_t version;
	uint64_t scratch; /* 0: not given; 1: this GHCB's buffer */
	bool rax, rcx;    /* given (0) */
	uint64_t reason;  /* SW_EXITINFO2 */
};

#define IN8 (COM1_SCRATCH << 16 | IOIO_IN | IOIO_SZ8)
#define INS (IN8 | IOIO_STR | IOIO_REP | IOIO_A64)

static const struct malformed malformed[] = {
	{"unknown event", "ghcb:error:event", 0x12345, 0, 0, 0, 2, 0, 0, 0, GHCB_ERR_INVALID_EVENT},
	{"unknown non-automatic event", "ghcb:error:event", 0x8000f123, 0, 0, 0, 2, 0, 0, 0,
	 GHCB_ERR_INVALID_EVENT},
	{"usage 1", "ghcb:error:usage", GHCB_EXIT_WBINVD, 0, 0, 1, 2, 0, 0, 0,
	 GHCB_ERR_INVALID_USAGE},
	{"CPUID without RAX", "ghcb:error:input", GHCB_EXIT_CPUID, 0, 0, 0, 2, 0, 0, 1,
	 GHCB_ERR_MISSING_INPUT},
	{"CPUID without RCX", "ghcb:error:input", GHCB_EXIT_CPUID, 0, 0, 0, 2, 0, 1, 0,
	 GHCB_ERR_MISSING_INPUT},
	{"MSR without RCX", "ghcb:error:input", GHCB_EXIT_MSR, 0, 0, 0, 2, 0, 0, 0,
	 GHCB_ERR_MISSING_INPUT},
	{"MSR write without RAX", "ghcb:error:input", GHCB_EXIT_MSR, 1, 0, 0, 2, 0, 0, 1,
	 GHCB_ERR_MISSING_INPUT},
	{"string in without scratch", "ghcb:error:input", GHCB_EXIT_IOIO, INS, 4, 0, 2, 0, 0, 0,
	 GHCB_ERR_MISSING_INPUT},
	{"scratch is private", "ghcb:error:scratch", GHCB_EXIT_IOIO, INS, 4, 0, 2, MEM_REGION(R), 0,
	 0, GHCB_ERR_INVALID_SCRATCH},
	{"scratch is no RAM", "ghcb:error:scratch", GHCB_EXIT_IOIO, INS, 4, 0, 2, MEM_NOT_RAM, 0, 0,
	 GHCB_ERR_INVALID_SCRATCH},
	{"scratch is beyond RAM", "ghcb:error:scratch", GHCB_EXIT_IOIO, INS, 4, 0, 2, MEM_TOO_HIGH,
	 0, 0, GHCB_ERR_INVALID_SCRATCH},
	{"scratch wraps", "ghcb:error:scratch", GHCB_EXIT_IOIO, INS, 4, 0, 2, ~0ull - 1, 0, 0,
	 GHCB_ERR_INVALID_SCRATCH},
	{"MMIO read without scratch", "ghcb:error:input", GHCB_EXIT_MMIO_READ, IOAPIC, 4, 0, 2, 0,
	 0, 0, GHCB_ERR_MISSING_INPUT},
};

TEST(nae_malformed, "nae-malformed", "a malformed GHCB gets error 2 and the reason for it",
     "ghcb:error:event ghcb:error:usage ghcb:error:input ghcb:error:scratch")
{
	REQUIRE(region_reset(R));
	for (unsigned i = 0; i < ARRAY_LEN(malformed); i++) {
		const struct malformed *m = &malformed[i];
		struct ghcb *g = ghcb_begin();

		test_case_of(m->rule, "%s", m->name); /* uses the GHCB: begin again */
		g = ghcb_begin();
		g->usage = m->usage;
		g->version = m->version;
		if (m->scratch)
			GHCB_SET(g, scratch, m->scratch);
		if (m->rax)
			GHCB_SET(g, rax, 0);
		if (m->rcx)
			GHCB_SET(g, rcx, 0x1b);
		CHECK_EQ(ghcb_exit(g, m->code, m->info1, m->info2), MALFORMED);
		CHECK_EQ(g->exit_info2, m->reason);
	}
	CHECK(region_reset(R));
}

/* SW_EXITCODE and both infos count only where the bitmap marks them valid. */
TEST(nae_missing_code, "nae-missing-code", "exit code, info 1 and info 2 must be marked valid",
     "ghcb:error:input")
{
	static const size_t offsets[] = {offsetof(struct ghcb, exit_code),
					 offsetof(struct ghcb, exit_info1),
					 offsetof(struct ghcb, exit_info2)};

	for (unsigned skip = 0; skip < ARRAY_LEN(offsets); skip++) {
		struct ghcb *g;

		test_case("without field %u", skip);
		g = ghcb_begin();
		g->exit_code = GHCB_EXIT_WBINVD;
		g->exit_info1 = g->exit_info2 = 0;
		for (unsigned i = 0; i < ARRAY_LEN(offsets); i++) {
			if (i != skip)
				ghcb_mark(g, offsets[i]);
		}
		vmgexit();
		CHECK_EQ((uint32_t)g->exit_info1, MALFORMED);
		CHECK_EQ(g->exit_info2, GHCB_ERR_MISSING_INPUT);
	}
}

/*
 * edk2's SEC leaves the version 0: it writes the GHCB's address into the MSR before it takes the
 * version from there. KVM's sev_es_validate_vmgexit() looks at the usage and the valid bits only.
 */
TEST(nae_version, "nae-version", "the GHCB's version is not looked at, as in KVM",
     "ghcb:error:version")
{
	static const uint16_t versions[] = {0, 1, GHCB_VERSION_MAX, GHCB_VERSION_MAX + 1, 0xffff};

	for (unsigned i = 0; i < ARRAY_LEN(versions); i++) {
		struct ghcb *g;

		test_case("version %u", versions[i]);
		g = ghcb_begin();
		g->version = versions[i];
		CHECK_EQ(ghcb_exit(g, GHCB_EXIT_WBINVD, 0, 0), 0);
	}
}

TEST(nae_unregistered, "nae-unregistered",
     "a shared page that is not the registered GHCB: error 2, reason 1", "ghcb:error:registered")
{
	uint64_t other = MEM_PAGE(R, 2);
	struct ghcb *g = paging_shared(other);

	REQUIRE(region_reset(R));
	REQUIRE_EQ(ghcb_msr_psc(other, GHCB_PSC_SHARED), 0);
	memset(g, 0, PAGE_SIZE);
	g->version = GHCB_VERSION_MAX;
	wrmsr(MSR_GHCB, other);
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_WBINVD, 0, 0), MALFORMED);
	CHECK_EQ(g->exit_info2, GHCB_ERR_NOT_REGISTERED);
	ghcb_select();
	CHECK(region_reset(R));
}

/* A string that is longer than the buffer is refused: it would run over the end. */
TEST(nae_scratch_overrun, "nae-scratch-overrun", "a transfer that leaves the buffer is refused",
     "ghcb:error:scratch")
{
	struct ghcb *g = ghcb_begin();

	GHCB_SET(g, scratch, percpu()->ghcb_gpa + offsetof(struct ghcb, buffer));
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_IOIO, INS, GHCB_BUFFER_SIZE + 1), MALFORMED);
	CHECK_EQ(g->exit_info2, GHCB_ERR_INVALID_SCRATCH);
	g = ghcb_begin();
	GHCB_SET(g, scratch, percpu()->ghcb_gpa + 0x3f0);
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_IOIO, INS, 4), MALFORMED);
	CHECK_EQ(g->exit_info2, GHCB_ERR_INVALID_SCRATCH);
}
