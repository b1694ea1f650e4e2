/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Which instructions raise #VC in an SNP guest, and with which error code: APM vol. 2, 15.35.5 and
 * 15.35.4 (automatic exits raise none); priorities against #GP: vol. 3, each instruction.
 */
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/machine/insn.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define R          2
#define NONE       FAULT_NONE
#define USER_STACK 4096

struct vc_case {
	const char *name;
	void (*fn)(void);
	const uint8_t *at;
	uint8_t vector0; /* at CPL 0, and its error code */
	uint32_t error0;
	uint8_t vector3; /* at CPL 3 with IOPL 0 */
	uint32_t error3;
};

#define ROW(n, v0, e0, v3, e3)                                                                     \
	{                                                                                          \
#n, insn_##n, insn_##n##_at, v0, e0, v3, e3                                        \
	}

static const struct vc_case table[] = {
	ROW(nop, NONE, 0, NONE, 0),
	ROW(rdtsc, NONE, 0, NONE, 0), /* not intercepted for SNP guests */
	/* Table 15-33: whether the hypervisor intercepts it or not, the guest does not see it. */
	ROW(pause, NONE, 0, NONE, 0),
	ROW(cpuid, VEC_VC, GHCB_EXIT_CPUID, VEC_VC, GHCB_EXIT_CPUID),
	ROW(rdmsr, VEC_VC, GHCB_EXIT_MSR, VEC_GP, 0),
	ROW(wrmsr, VEC_VC, GHCB_EXIT_MSR, VEC_GP, 0),
	ROW(in, VEC_VC, GHCB_EXIT_IOIO, VEC_GP, 0),
	ROW(out, VEC_VC, GHCB_EXIT_IOIO, VEC_GP, 0),
	ROW(outs, VEC_VC, GHCB_EXIT_IOIO, VEC_GP, 0),
	ROW(mmio_read, VEC_VC, VC_NPF, VEC_VC, VC_NPF),
	ROW(mmio_write, VEC_VC, VC_NPF, VEC_VC, VC_NPF),
	ROW(wbinvd, VEC_VC, GHCB_EXIT_WBINVD, VEC_GP, 0),
	ROW(monitor, VEC_VC, GHCB_EXIT_MONITOR, VEC_UD, 0),
	ROW(mwait, VEC_VC, GHCB_EXIT_MWAIT, VEC_UD, 0),
	ROW(dr7_read, VEC_VC, GHCB_EXIT_DR7_READ, VEC_GP, 0),
	ROW(dr7_write, VEC_VC, GHCB_EXIT_DR7_WRITE, VEC_GP, 0),
	ROW(rdpmc, VEC_VC, GHCB_EXIT_RDPMC, VEC_GP, 0),
	ROW(vmmcall, VEC_VC, GHCB_EXIT_VMMCALL, VEC_VC, GHCB_EXIT_VMMCALL),
	/* The hypervisor's own instructions do not exist inside an SNP guest: APM vol. 3. */
	ROW(rmpupdate, VEC_UD, 0, VEC_UD, 0),
	ROW(psmash, VEC_UD, 0, VEC_UD, 0),
	ROW(pvalidate, NONE, 0, VEC_GP, 0),
	ROW(rmpadjust, NONE, 0, VEC_GP, 0),
};

static uint8_t user_stack[USER_STACK] ALIGNED(16);

static void enter_user(void (*fn)(void))
{
	uint64_t *top = (uint64_t *)(user_stack + sizeof(user_stack)) - 2;

	*top = (uint64_t)insn_end_user;
	trap_enter_user(fn, (uint64_t)top);
}

static void attempt(struct fault *f, void (*fn)(void), unsigned cpl)
{
	if (FAULT_CATCH(f)) {
		if (cpl)
			enter_user(fn);
		fn();
		fault_release();
	}
	if (cpl && f->vector == VEC_UD && f->rip == (uint64_t)insn_end_user)
		f->vector = NONE; /* the instruction went through, to the UD2 behind it */
}

static void check_case(const struct vc_case *c, unsigned cpl)
{
	struct fault f;
	uint8_t vector = cpl ? c->vector3 : c->vector0;
	uint32_t error = cpl ? c->error3 : c->error0;

	test_case("%s at CPL %u", c->name, cpl);
	attempt(&f, c->fn, cpl);
	CHECK_EQ(f.vector, vector);
	if (vector == NONE || f.vector != vector)
		return;
	CHECK_EQ(f.error, error);
	CHECK_EQ(f.rip, (uint64_t)c->at);
	CHECK_EQ(f.cs & 3, cpl);
}

static void prepare(void)
{
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 0, 1));
	insn_target = MEM_PAGE(R, 0);
}

TEST(vc_cpl0, "vc-cpl0", "#VC error codes of intercepted instructions at CPL 0",
     "apm:15.35.5:reflected apm:15.35.4:automatic apm:15.36:absent")
{
	prepare();
	for (unsigned i = 0; i < ARRAY_LEN(table); i++)
		check_case(&table[i], 0);
	CHECK(region_reset(R));
}

TEST(vc_cpl3, "vc-cpl3", "#VC error codes of intercepted instructions at CPL 3",
     "apm:15.35.5:reflected apm:15.35.5:privilege apm:15.35.4:automatic apm:15.36:absent")
{
	prepare();
	for (unsigned i = 0; i < ARRAY_LEN(table); i++)
		check_case(&table[i], 3);
	CHECK(region_reset(R));
}

static void catch_cpuid(struct fault *f, unsigned cpl)
{
	if (FAULT_CATCH(f)) {
		if (cpl)
			enter_user(insn_cpuid);
		insn_cpuid();
		fault_release();
	}
}

/* The frame's 16-byte alignment and its stack: APM vol. 2, 8.9.3 and 8.9.4. */
TEST(vc_ist, "vc-ist", "#VC takes its IST stack at CPL 0 and CPL 3, else the current one or RSP0",
     "apm:8.9.4:ist")
{
	struct fault f;

	for (unsigned cpl = 0; cpl <= 3; cpl += 3) {
		test_case("IST 1, CPL %u", cpl);
		trap_idt_ist_set(VEC_VC, 1);
		catch_cpuid(&f, cpl);
		trap_idt_ist_set(VEC_VC, 0);
		CHECK_EQ(f.vector, VEC_VC);
		CHECK_EQ(f.handler_rsp, trap_ist_top(0, 1) - 6 * 8);
		test_case("IST 0, CPL %u", cpl);
		catch_cpuid(&f, cpl);
		CHECK_EQ(f.vector, VEC_VC);
		CHECK_EQ(f.handler_rsp & 0xf,
			 0); /* SS RSP RFLAGS CS RIP error from an aligned top */
		if (!cpl)
			CHECK_EQ(f.handler_rsp, ALIGN_DOWN(f.rsp, 16) - 6 * 8);
	}
}

/*
 * APM vol. 2, 15.35.6 and table 15-33: an automatic exit; vol. 3, VMGEXIT, asks for no privilege.
 * The answer shows that the hypervisor was there, and NONE that what came next is behind the
 * instruction.
 */
TEST(vmgexit_automatic, "vc-vmgexit", "VMGEXIT at CPL 0 and CPL 3 exits, and goes on behind itself",
     "apm:15.35.6:vmgexit apm:15.35.4:automatic")
{
	for (unsigned cpl = 0; cpl <= 3; cpl += 3) {
		struct fault f;
		uint64_t answer;

		test_case("CPL %u", cpl);
		wrmsr(MSR_GHCB, GHCB_MSR_SEV_INFO_REQ);
		attempt(&f, insn_vmgexit, cpl);
		answer = rdmsr(MSR_GHCB);
		ghcb_select();
		CHECK_EQ(f.vector, NONE);
		CHECK_EQ(answer & GHCB_MSR_INFO_MASK, GHCB_MSR_SEV_INFO_RESP);
	}
}

static uint64_t flags_with_if;

TEST(vc_flags, "vc-flags", "#VC saves RFLAGS as they were and clears IF in the handler",
     "apm:8.9.3:flags")
{
	struct fault f;

	trap_handler_set(VEC_VC, NULL);
	if (FAULT_CATCH(&f)) {
		sti();
		__asm__ volatile("stc\n\tcpuid" : : : "rax", "rbx", "rcx", "rdx");
		fault_release();
	}
	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags_with_if));
	CHECK_EQ(f.vector, VEC_VC);
	CHECK_EQ(f.rflags & RFLAGS_IF, RFLAGS_IF);
	CHECK_EQ(f.rflags & RFLAGS_CF, RFLAGS_CF);
	CHECK_EQ(flags_with_if & RFLAGS_IF, 0);
}

/* With IOPL 3 the instruction passes its own checks and is then intercepted: 15.35.5. */
TEST(vc_iopl, "vc-iopl", "port I/O at CPL 3 with IOPL 3 raises #VC", "apm:15.35.5:privilege")
{
	static const struct vc_case rows[] = {
		ROW(in, VEC_VC, GHCB_EXIT_IOIO, VEC_VC, GHCB_EXIT_IOIO),
		ROW(out, VEC_VC, GHCB_EXIT_IOIO, VEC_VC, GHCB_EXIT_IOIO),
		ROW(outs, VEC_VC, GHCB_EXIT_IOIO, VEC_VC, GHCB_EXIT_IOIO),
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		trap_user_rflags = RFLAGS_R1 | 3ull << 12;
		check_case(&rows[i], 3);
		trap_user_rflags = RFLAGS_R1;
	}
}

struct touch {
	const char *name;
	void (*fn)(void);
};

static const struct touch touches[] = {
	{"read", insn_touch_read}, {"write", insn_touch_write}, {"execute", insn_touch_exec}};

static void check_404(const struct touch *t, unsigned cpl)
{
	struct fault f;

	test_case("%s at CPL %u", t->name, cpl);
	if (FAULT_CATCH(&f)) {
		if (cpl)
			enter_user(t->fn);
		t->fn();
		fault_release();
	}
	CHECK_EQ(f.vector, VEC_VC);
	CHECK_EQ(f.error, VC_PAGE_NOT_VALIDATED);
	CHECK_EQ(f.cr2, insn_target);
	CHECK_EQ(f.cs & 3, cpl);
}

/* APM vol. 2, 15.36.10 and table 15-39: assigned, not validated: #VC, error PAGE_NOT_VALIDATED. */
TEST(not_validated, "not-validated", "access to an unvalidated private page raises #VC 0x404",
     "apm:15.36.10:validated")
{
	REQUIRE(region_reset(R));
	insn_target = MEM_PAGE(R, 3);
	for (unsigned i = 0; i < ARRAY_LEN(touches); i++) {
		check_404(&touches[i], 0);
		check_404(&touches[i], 3);
	}
	test_case("after validate and rescind");
	REQUIRE(region_validate(R, 3, 1));
	insn_touch_write();
	insn_touch_exec();
	REQUIRE_EQ(pvalidate(MEM_PAGE(R, 3), RMP_PG_4K, 0, NULL), SNP_SUCCESS);
	for (unsigned i = 0; i < ARRAY_LEN(touches); i++)
		check_404(&touches[i], 0);
	CHECK(region_reset(R));
}

static void touch(uint64_t at, bool write)
{
	volatile uint32_t *p = (void *)at;

	if (write)
		*p = 0;
	else
		(void)*p;
}

/*
 * A hypervisor marks what it emulates by a reserved bit in the nested tables, and a nested fault
 * for that is a non-automatic exit (GHCB, MMIO Access; APM vol. 2, 15.35.5). The C-bit takes no
 * part in the nested walk: kvm-unit-tests reads its APIC through a mapping that has it.
 */
TEST(private_mmio, "vc-private-mmio",
     "where no memory is, an access with the C-bit raises #VC as one without it does",
     "apm:15.35.5:nested")
{
	static const uint64_t places[] = {0xfee00000, 0xfec00000, MEM_NOT_RAM, MEM_TOO_HIGH};
	static struct fault f;

	for (volatile unsigned i = 0; i < 2 * ARRAY_LEN(places); i++) {
		uint64_t at = paging_map(0, places[i / 2], PAGING_RW | paging_cbit);

		test_case("0x%llx, %s", (unsigned long long)places[i / 2],
			  i & 1 ? "write" : "read");
		f.hit = false;
		if (FAULT_CATCH(&f)) {
			touch(at, i & 1);
			fault_release();
		}
		CHECK(f.hit);
		CHECK_EQ(f.vector, VEC_VC);
		CHECK_EQ(f.error, VC_NPF);
	}
	paging_unmap(0);
}
