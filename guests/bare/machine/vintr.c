/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Alternate injection, the processor's part: VMPL0 says in VINTR_CTRL and EVENTINJ of a lower
 * VMPL's VMSA what that takes. APM vol. 2, 15.36.16 and table B-4; 15.20 and 15.21 for the fields.
 */
#include "bare/lib/ghcb.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/machine/vmplstub.h"
#include "abi/vmsa.h"

#define R               7
#define LOWER           2 /* the VMPL */
#define LOW             0x51
#define HIGH            0x71

#define EVENT_VALID     BIT(31)
#define EVENT_NMI       (2u << 8)
#define EVENT_EXCEPTION (3u << 8)
#define EVENT_HAS_ERROR BIT(11)

enum op {
	STAY,      /* interrupts off */
	OPEN,      /* interrupts on for some instructions */
	SET_TPR,   /* CR8 = tpr with interrupts on */
	HALT,      /* with interrupts on */
	AWAY,      /* leave with the stack at the end of page 5, interrupts off */
	AWAY_OPEN, /* the same with interrupts on */
};

static volatile enum op op;
static volatile uint64_t tpr, rounds, taken_n, error, depth, deepest, leave_inside;
static volatile uint8_t taken[16];

static uint64_t read_cr8(void)
{
	uint64_t v;

	__asm__ volatile("mov %%cr8, %0" : "=r"(v));
	return v;
}

static void open(void)
{
	__asm__ volatile("sti\n\tnop\n\tnop\n\tnop\n\tcli" : : : "memory");
}

static void set_tpr(void)
{
	__asm__ volatile("sti\n\tnop\n\tmov %0, %%cr8\n\tnop\n\tnop\n\tcli"
			 :
			 : "r"(tpr)
			 : "memory");
}

static void halt(void)
{
	__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}

#define LEAVE_ON(before, after)                                                                    \
	__asm__ volatile("mov %%rsp, %%rbx\n\tmov %0, %%rsp\n\t" before                            \
			 "wrmsr\n\trep; vmmcall\n\t" after "mov %%rbx, %%rsp"                      \
			 :                                                                         \
			 : "r"(MEM_PAGE(R, 6)), "c"(MSR_GHCB), "a"(GHCB_MSR_RUN_VMPL_REQ), "d"(0)  \
			 : "rbx", "memory")

static void leave(void)
{
	if (op == AWAY)
		LEAVE_ON("", "");
	else if (op == AWAY_OPEN)
		LEAVE_ON("sti\n\tnop\n\t", "nop\n\tnop\n\tcli\n\t");
	else
		ghcb_msr(GHCB_MSR_RUN_VMPL_REQ);
}

static void lower(void *arg)
{
	(void)arg;
	for (;;) {
		if (op == OPEN)
			open();
		else if (op == SET_TPR)
			set_tpr();
		else if (op == HALT)
			halt();
		tpr = read_cr8();
		rounds++;
		leave();
	}
}

static void on_event(struct trap_frame *t)
{
	error = t->error;
	if (taken_n < ARRAY_LEN(taken))
		taken[taken_n] = (uint8_t)t->vector;
	taken_n++;
}

static void on_nmi(struct trap_frame *t)
{
	on_event(t);
	depth++;
	deepest = MAX(depth, deepest);
	if (leave_inside)
		ghcb_msr(GHCB_MSR_RUN_VMPL_REQ);
	depth--;
}

static volatile struct vmsa *vmsa(void)
{
	return (struct vmsa *)VMPLSTUB_VMSA(R);
}

static void run(enum op what)
{
	uint64_t r;

	op = what;
	r = ghcb_msr((uint64_t)LOWER << 32 | GHCB_MSR_RUN_VMPL_REQ);
	ghcb_select();
	CHECK_EQ(r, GHCB_MSR_RUN_VMPL_RESP);
}

static void begin(void)
{
	uint64_t features = snp_features() | SEV_FEAT_ALTERNATE_INJ;

	for (unsigned v = LOW; v <= HIGH; v += HIGH - LOW)
		trap_handler_set((uint8_t)v, on_event);
	trap_handler_set(VEC_NMI, on_nmi);
	taken_n = rounds = depth = deepest = leave_inside = tpr = 0;
	vmplstub_prepare(R, LOWER, 0, lower, NULL, features);
	REQUIRE_EQ(ghcb_ap_create(percpu()->apic_id, LOWER, GHCB_AP_CREATE, VMPLSTUB_VMSA(R),
				  features),
		   0);
	run(STAY);
	CHECK_EQ(rounds, 1);
	CHECK_EQ(taken_n, 0);
}

static void end(void)
{
	vmplstub_remove(R, LOWER);
}

#define IRQ(vector, prio) (VINTR_IRQ | VINTR_VECTOR(vector) | VINTR_PRIO(prio))

struct irq_row {
	const char *name;
	uint64_t control;
	enum op op;
	bool taken;
	const char *rule;
};

static const struct irq_row irqs[] = {
	{"above V_TPR", VINTR_GIF | IRQ(LOW, 5) | 4, OPEN, true, "apm:15.36.16:vintr"},
	{"as high as V_TPR", VINTR_GIF | IRQ(LOW, 5) | 5, OPEN, false, "apm:15.36.16:vintr"},
	{"V_IGN_TPR", VINTR_GIF | VINTR_IGN_TPR | IRQ(LOW, 0) | 15, OPEN, true,
	 "apm:15.36.16:vintr"},
	/* coconut-svsm/svsm, pull request 1064: an SVSM that forgets V_GIF has a deaf guest */
	{"V_GIF clear", IRQ(LOW, 5), OPEN, false, "apm:15.36.16:vgif"},
	{"V_IRQ clear", VINTR_GIF | VINTR_VECTOR(LOW) | VINTR_PRIO(5), OPEN, false,
	 "apm:15.36.16:vintr"},
	{"RFLAGS.IF clear", VINTR_GIF | IRQ(LOW, 5), STAY, false, "apm:15.36.16:vintr"},
};

static void one_irq(const struct irq_row *row)
{
	taken_n = 0;
	vmsa()->vintr_ctrl = row->control;
	run(row->op);
	run(row->op); /* once is enough */
	CHECK_EQ(taken_n, row->taken);
	if (row->taken)
		CHECK_EQ(taken[0], LOW);
	CHECK_EQ(vmsa()->vintr_ctrl, row->taken ? row->control & ~VINTR_IRQ : row->control);
	CHECK_EQ(vmsa()->event_inj, 0);
}

TEST(vintr_take, "vintr-take",
     "V_IRQ of the VMSA: when it is taken, and that it is gone then and only then",
     "apm:15.36.16:vintr apm:15.36.16:vgif")
{
	begin();
	for (unsigned i = 0; i < ARRAY_LEN(irqs); i++) {
		test_case_of(irqs[i].rule, "%s", irqs[i].name);
		one_irq(&irqs[i]);
	}
	end();
}

/* It waits in the VMSA and is taken in the middle of a run: at STI, or when CR8 falls. */
TEST(vintr_tpr, "vintr-tpr", "V_TPR of the VMSA is CR8, and a lower one lets an interrupt in",
     "apm:15.36.16:vtpr")
{
	begin();
	vmsa()->vintr_ctrl = VINTR_GIF | IRQ(LOW, 5) | 9;
	run(STAY);
	CHECK_EQ(tpr, 9);
	run(OPEN);
	CHECK_EQ(taken_n, 0);
	tpr = 6;
	run(SET_TPR);
	CHECK_EQ(taken_n, 0);
	CHECK_EQ(vmsa()->vintr_ctrl, VINTR_GIF | IRQ(LOW, 5) | 6);
	tpr = 3;
	run(SET_TPR);
	CHECK_EQ(taken_n, 1);
	CHECK_EQ(tpr, 3);
	CHECK_EQ(vmsa()->vintr_ctrl, (VINTR_GIF | IRQ(LOW, 5) | 3) & ~VINTR_IRQ);
	end();
}

struct event_row {
	const char *name;
	uint64_t event;
	uint8_t vector;
};

static const struct event_row events[] = {
	{"an interrupt", EVENT_VALID | LOW, LOW},
	{"an NMI, whose vector is not looked at", EVENT_VALID | EVENT_NMI | 0x77, VEC_NMI},
	{"#GP", EVENT_VALID | EVENT_EXCEPTION | EVENT_HAS_ERROR | VEC_GP | 0x1238ull << 32, VEC_GP},
	{"#VC", EVENT_VALID | EVENT_EXCEPTION | EVENT_HAS_ERROR | VEC_VC | 0x72ull << 32, VEC_VC},
	{"#HV", EVENT_VALID | EVENT_EXCEPTION | VEC_HV, VEC_HV},
};

TEST(vintr_event, "vintr-event",
     "EVENTINJ of the VMSA is taken once, whatever RFLAGS.IF and V_GIF, and is gone then",
     "apm:15.36.16:event-inj")
{
	begin();
	for (unsigned i = 0; i < ARRAY_LEN(events); i++) {
		test_case("%s", events[i].name);
		if (events[i].vector != VEC_NMI)
			trap_handler_set(events[i].vector, on_event);
		taken_n = 0;
		vmsa()->vintr_ctrl = 0;
		vmsa()->event_inj = events[i].event;
		run(STAY);
		run(STAY);
		CHECK_EQ(taken_n, 1);
		CHECK_EQ(taken[0], events[i].vector);
		CHECK_EQ(error, events[i].event & EVENT_HAS_ERROR ? events[i].event >> 32 : 0);
		CHECK_EQ(vmsa()->event_inj, 0);
		CHECK_EQ(vmsa()->guest_exit_int_info & EVENT_VALID, 0);
	}
	test_case("before V_IRQ");
	taken_n = 0;
	vmsa()->event_inj = EVENT_VALID | LOW;
	vmsa()->vintr_ctrl = VINTR_GIF | IRQ(HIGH, 7);
	run(OPEN);
	CHECK_EQ(taken_n, 2);
	CHECK_EQ(taken[0], LOW);
	CHECK_EQ(taken[1], HIGH);
	end();
}

#define VNMI (VINTR_GIF | VINTR_NMI_ENABLE)

static void no_nmi(const char *name, uint64_t control)
{
	test_case("%s", name);
	taken_n = 0;
	vmsa()->vintr_ctrl = control;
	run(OPEN);
	CHECK_EQ(taken_n, 0);
	CHECK_EQ(vmsa()->vintr_ctrl, control);
}

TEST(vintr_nmi, "vintr-nmi",
     "V_NMI of the VMSA: V_NMI_MASK keeps the next one out until the handler's IRET",
     "apm:15.21.10:vnmi")
{
	begin();
	no_nmi("V_NMI_ENABLE clear", VINTR_GIF | VINTR_NMI);
	no_nmi("V_GIF clear", VINTR_NMI_ENABLE | VINTR_NMI);
	no_nmi("V_NMI_MASK set", VNMI | VINTR_NMI | VINTR_NMI_MASK);
	test_case("taken");
	leave_inside = 1;
	vmsa()->vintr_ctrl = VNMI | VINTR_NMI;
	run(STAY);
	CHECK_EQ(taken_n, 1);
	CHECK_EQ(taken[0], VEC_NMI);
	CHECK_EQ(vmsa()->vintr_ctrl, VNMI | VINTR_NMI_MASK);
	for (unsigned i = 2; i <= 20; i++) { /* another one in the handler of the last */
		vmsa()->vintr_ctrl |= VINTR_NMI;
		run(STAY);
		CHECK_EQ(taken_n, i);
		CHECK_EQ(vmsa()->vintr_ctrl, VNMI | VINTR_NMI_MASK);
		CHECK_EQ(vmsa()->rflags & RFLAGS_TF, 0);
	}
	CHECK_EQ(deepest, 1);
	test_case("the last one ends");
	run(STAY);
	CHECK_EQ(taken_n, 20);
	CHECK_EQ(depth, 0);
	CHECK_EQ(vmsa()->vintr_ctrl, VNMI);
	test_case("before V_IRQ");
	leave_inside = taken_n = 0;
	vmsa()->vintr_ctrl = VNMI | VINTR_NMI | IRQ(LOW, 5);
	run(OPEN);
	CHECK_EQ(taken_n, 2);
	CHECK_EQ(taken[0], VEC_NMI);
	CHECK_EQ(taken[1], LOW);
	CHECK_EQ(vmsa()->vintr_ctrl & (VINTR_IRQ | VINTR_NMI | VINTR_NMI_MASK), 0);
	end();
}

/* Table 15-37, an NMI by EVENTINJ: 15.21.10. */
TEST(vintr_nmi_event, "vintr-nmi-event",
     "an NMI by EVENTINJ sets V_NMI_MASK where V_NMI is enabled", "apm:15.21.10:vnmi")
{
	begin();
	leave_inside = 1;
	vmsa()->vintr_ctrl = VNMI;
	vmsa()->event_inj = EVENT_VALID | EVENT_NMI;
	run(STAY);
	CHECK_EQ(taken_n, 1);
	CHECK_EQ(vmsa()->vintr_ctrl, VNMI | VINTR_NMI_MASK);
	run(STAY);
	CHECK_EQ(taken_n, 1);
	CHECK_EQ(vmsa()->vintr_ctrl, VNMI);
	end();
}

/* The host cannot see V_IRQ of a VMSA: it would let the VMPL sleep for ever. */
TEST(vintr_halt, "vintr-halt", "a HLT ends at once where V_IRQ of the VMSA can be taken",
     "keelson:altinj:idle-hlt")
{
	begin();
	vmsa()->vintr_ctrl = VINTR_GIF | IRQ(LOW, 5);
	run(HALT);
	CHECK_EQ(taken_n, 1);
	CHECK_EQ(rounds, 2);
	end();
}

TEST(vintr_busy, "vintr-busy",
     "a VMSA with BUSY set does not run, is not changed, and RUN_VMPL of it comes back",
     "apm:15.36.16:busy ghcb:run-vmpl:busy")
{
	uint64_t exit_code;

	begin();
	exit_code = vmsa()->guest_exit_code;
	vmsa()->vintr_ctrl = VINTR_BUSY | VINTR_GIF | IRQ(LOW, 5) | 2;
	vmsa()->event_inj = EVENT_VALID | HIGH;
	for (unsigned i = 0; i < 100; i++)
		run(OPEN);
	CHECK_EQ(rounds, 1);
	CHECK_EQ(taken_n, 0);
	CHECK_EQ(vmsa()->vintr_ctrl, VINTR_BUSY | VINTR_GIF | IRQ(LOW, 5) | 2);
	CHECK_EQ(vmsa()->event_inj, EVENT_VALID | HIGH);
	CHECK_EQ(vmsa()->guest_exit_code, exit_code);
	vmsa()->vintr_ctrl &= ~VINTR_BUSY;
	run(OPEN);
	CHECK_EQ(rounds, 2);
	CHECK_EQ(taken_n, 2);
	end();
}

/*
 * coconut-svsm/svsm, pull request 881: interrupts that vanish. The page for the frame has become
 * shared: a nested page fault in the middle of the delivery, which the host sees to.
 */
static void cut_short(uint64_t event, uint64_t control, enum op away)
{
	uint64_t page = MEM_PAGE(R, 5);

	run(away);
	REQUIRE_EQ(ghcb_psc(page, GHCB_PSC_SHARED, false), 0);
	taken_n = 0;
	vmsa()->event_inj = event;
	vmsa()->vintr_ctrl = control;
	run(away);
	CHECK_EQ(taken_n, 0);
	CHECK_EQ(vmsa()->guest_exit_int_info, EVENT_VALID | LOW);
	CHECK_EQ(vmsa()->guest_exit_code, 0x400); /* VMEXIT_NPF */
	CHECK_EQ(vmsa()->event_inj, 0);
	CHECK_EQ(vmsa()->vintr_ctrl, (control & ~VINTR_IRQ) | VINTR_BUSY);
	test_case("busy until VMPL0 has seen to it");
	run(away);
	CHECK_EQ(vmsa()->guest_exit_int_info, EVENT_VALID | LOW);
	test_case("delivered again");
	REQUIRE_EQ(pvalidate(page, RMP_PG_4K, 1, NULL), 0);
	REQUIRE_EQ(rmpadjust(page, RMP_PG_4K, RMPADJUST_ATTR(LOWER, RMP_RWX)), 0);
	vmsa()->event_inj = vmsa()->guest_exit_int_info;
	vmsa()->vintr_ctrl &= ~VINTR_BUSY;
	run(STAY);
	run(STAY);
	CHECK_EQ(taken_n, 1);
	CHECK_EQ(taken[0], LOW);
	CHECK_EQ(vmsa()->vintr_ctrl, control & ~VINTR_IRQ);
}

TEST(vintr_cut_short, "vintr-cut-short",
     "an exit in the middle of a delivery: EXITINTINFO has the event, the VMSA is busy, none is "
     "lost",
     "apm:15.36.16:exit-int-info apm:15.36.16:busy ghcb:run-vmpl:busy")
{
	begin();
	test_case("EVENTINJ");
	cut_short(EVENT_VALID | LOW, VINTR_GIF, AWAY);
	test_case("V_IRQ");
	cut_short(0, VINTR_GIF | IRQ(LOW, 5), AWAY_OPEN);
	end();
}
