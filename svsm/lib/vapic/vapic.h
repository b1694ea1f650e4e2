/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The local APIC of one vCPU at one VMPL: AMD APM vol. 2, 16. All fields belong to the CPU that
 * runs the vCPU, except irr, tmr, nmi and startup, which any CPU sets atomically before it kicks
 * the owner. apic_state.c (what is requested and in service), apic.c (what it does of itself),
 * apic_regs.c (registers), apic_timer.c (deadlines) and apic_pv_eoi.c (an EOI without an exit) are
 * the model and contain no privileged instruction. The first stands alone. Whoever uses it
 * sends the IPIs: the monitor in launch/machine/hv/apic_ipi.c. One header serves the whole model,
 * because its parts work on one struct.
 */
#include "base/types.h"

/* Register numbers: the x2APIC MSR's low byte, the xAPIC offset divided by 16. */
enum apic_reg {
	APIC_ID = 0x02,
	APIC_VERSION = 0x03,
	APIC_TPR = 0x08,
	APIC_APR = 0x09,
	APIC_PPR = 0x0a,
	APIC_EOI = 0x0b,
	APIC_RRD = 0x0c,
	APIC_LDR = 0x0d,
	APIC_DFR = 0x0e,
	APIC_SVR = 0x0f,
	APIC_ISR = 0x10,
	APIC_TMR = 0x18,
	APIC_IRR = 0x20,
	APIC_ESR = 0x28,
	APIC_ICR = 0x30,
	APIC_ICR_HIGH = 0x31, /* xAPIC only */
	APIC_LVT_TIMER = 0x32,
	APIC_LVT_THERMAL = 0x33,
	APIC_LVT_PERF = 0x34,
	APIC_LVT_LINT0 = 0x35,
	APIC_LVT_LINT1 = 0x36,
	APIC_LVT_ERROR = 0x37,
	APIC_TMICT = 0x38,
	APIC_TMCCT = 0x39,
	APIC_TDCR = 0x3e,
	APIC_SELF_IPI = 0x3f, /* x2APIC only */
};

#define APIC_LVT_FIRST        APIC_LVT_TIMER
#define APIC_LVT_COUNT        6
#define APIC_LVT_MASKED       BIT(16)
#define APIC_SVR_ENABLE       BIT(8)
#define APIC_SVR_WRITABLE     0x3ffu /* vector, enable, focus processor checking */
#define APIC_TDCR_DIVIDER     0xbu   /* bits 3, 1, 0 */

#define APIC_BASE_ADDR        0xfee00000ull
#define APIC_BASE_BSP         BIT(8)
#define APIC_BASE_X2APIC      BIT(10)
#define APIC_BASE_ENABLE      BIT(11)

#define APIC_ESR_SEND_ILLEGAL BIT(5)
#define APIC_ESR_RECV_ILLEGAL BIT(6)
#define APIC_ESR_REGISTER     BIT(7)

enum apic_delivery {
	APIC_FIXED = 0,
	APIC_LOWEST = 1,
	APIC_SMI = 2,
	APIC_NMI = 4,
	APIC_INIT = 5,
	APIC_STARTUP = 6,
};

struct vapic {
	uint32_t irr[8], tmr[8]; /* atomic */
	uint32_t isr[8];
	uint32_t nmi;     /* atomic: an NMI is pending */
	uint32_t startup; /* atomic: INIT or SIPI seen, APIC_STARTUP_* */
	uint32_t id;
	uint8_t vmpl;
	bool nmi_blocked; /* until the guest's NMI Complete */
	uint32_t tpr, svr, ldr, dfr, icr_low, icr_high, esr, esr_next;
	uint32_t lvt[APIC_LVT_COUNT];
	uint32_t tmict, tdcr;
	uint64_t base;     /* MSR 0x1b */
	uint64_t deadline; /* TSC of the timer's next expiry, 0: none */
	uint64_t period;   /* TSC ticks of the periodic timer */
	uint64_t pv_eoi;   /* MSR 0x4b564d04 */
	bool pv_offered;   /* bit 0 of the byte named there was set for the guest */
};

#define APIC_SAW_INIT BIT(0)
#define APIC_SAW_SIPI BIT(1)

/* ---- apic_state.c ---- */
void apic_reset(struct vapic *a, uint32_t id, uint8_t vmpl, bool bsp);
static inline bool apic_x2(const struct vapic *a)
{
	return a->base & APIC_BASE_X2APIC;
}
static inline bool apic_enabled(const struct vapic *a)
{
	return (a->base & APIC_BASE_ENABLE) && (a->svr & APIC_SVR_ENABLE);
}
int apic_highest(const uint32_t map[8]); /* the highest bit that is set; -1: none */
/* Put a vector of 16 or more into IRR; any CPU. */
void apic_request(struct vapic *a, unsigned vector, bool level);
/* The vector that would be delivered now, or -1: highest in IRR, of a class above PPR. */
int apic_pending(const struct vapic *a);
void apic_accept(struct vapic *a, unsigned vector);  /* IRR to ISR */
void apic_retract(struct vapic *a, unsigned vector); /* and back: nobody has taken it */
/* End of interrupt. Returns the vector when it was level-triggered (the host's APIC waits for it),
 * else -1. */
int apic_eoi(struct vapic *a);
/* The vector in service, when it is alone: edge-triggered, and no other in service or requested.
 * Else -1. */
int apic_alone(const struct vapic *a);
uint32_t apic_ppr(const struct vapic *a);
uint32_t apic_ldr(const struct vapic *a); /* in x2APIC mode it follows from the ID */
/* Does this APIC answer to dest? Any CPU. A register that its owner changes at the same time is a
 * race on hardware, too. x2_sender: dest has 32 bits. */
bool apic_matches(const struct vapic *a, uint32_t dest, bool logical, bool x2_sender);
/* The same for a sender and an APIC that are both in x2APIC mode: its ID alone decides. */
bool apic_x2_matches(uint32_t id, uint32_t dest, bool logical);

/* ---- apic.c ---- */
/* Request a vector (IRR); any CPU. The caller kicks the owner when that is another CPU. */
void apic_post(struct vapic *a, unsigned vector, bool level);
/* MSR 0x1b. False for #GP: reserved bits, a moved base, an illegal mode change. */
bool apic_base_write(struct vapic *a, uint64_t value);
void apic_error(struct vapic *a, uint32_t bits); /* on the owner's CPU */
/* Raise an entry of the local vector table, as its delivery mode says. */
void apic_local(struct vapic *a, unsigned lvt_reg);

/* ---- apic_regs.c ---- */
/* One 32-bit register by number; unknown ones read 0 and set the error register. */
uint32_t apic_read(struct vapic *a, unsigned reg);
/* The same for writing. EOI, timer registers and ICR have their effect at once. */
void apic_write(struct vapic *a, unsigned reg, uint32_t value);
/* As x2APIC MSR 0x800 + reg: false for #GP (reserved register or bits, or not in x2APIC mode). */
bool apic_msr_read(struct vapic *a, unsigned reg, uint64_t *value);
bool apic_msr_write(struct vapic *a, unsigned reg, uint64_t value);

/* ---- apic_timer.c: one tick is one nanosecond before the divider ---- */
void apic_timer_set_count(struct vapic *a, uint32_t count);
void apic_timer_set_divide(struct vapic *a, uint32_t value); /* TDCR; the count goes on from where
								it is */
uint32_t apic_timer_current(const struct vapic *a);
void apic_timer_set_deadline(struct vapic *a, uint64_t tsc); /* ignored out of TSC-deadline mode */
uint64_t apic_timer_deadline(const struct vapic *a);
void apic_timer_mode_changed(struct vapic *a, uint32_t old_lvt);
/* Post the interrupt if the deadline is over; reload a periodic one. */
void apic_timer_expire(struct vapic *a, uint64_t now);
/* The same in the middle of a guest's access, which may be answered without another exit. */
void apic_timer_catch_up(struct vapic *a);

/*
 * ---- apic_pv_eoi.c: KVM's paravirtual EOI (Linux, Documentation/virt/kvm/x86/msr.rst) ----
 *
 * The guest names a byte of its shared memory in MSR 0x4b564d04. Bit 0 there, set for it before it
 * runs, says that clearing the bit is EOI enough. After each exit, before anything looks at the
 * APIC, the bit is taken back, or found cleared and the EOI made. So it is set only while the guest
 * runs. byte: NULL while it cannot be reached; then nothing is offered, and nothing was cleared.
 */
#define APIC_PV_EOI_ENABLE BIT(0)
/* The MSR write; 0 turns it off. False for #GP, and nothing has changed. */
bool apic_pv_eoi_write(struct vapic *a, uint64_t value);
bool apic_pv_eoi_due(const struct vapic *a); /* the next EOI may be made so */
void apic_pv_eoi_offer(struct vapic *a, uint8_t *byte);
bool apic_pv_eoi_sync(struct vapic *a, uint8_t *byte); /* true: the guest had made its EOI */

/* ---- what the model needs of its surroundings; the monitor's: launch/machine/hv/irq.c ---- */
uint64_t apic_host_tsc_khz(void);
uint64_t apic_host_tsc(void);
void apic_host_timer_changed(struct vapic *a); /* the deadline moved */
void apic_host_eoi_level(struct vapic *a, unsigned vector);
void apic_host_retry(
	struct vapic *a); /* TPR fell, EOI, self IPI, error: something may be deliverable */
void apic_host_logical(struct vapic *a); /* LDR, DFR or mode changed */
void apic_ipi_send(struct vapic *a, uint32_t low, uint32_t dest);
