/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Virtual interrupts from the VMSA. TCG knows V_IRQ, but may deliver an injected interrupt twice
 * (docs/field-notes.md), and knows neither V_NMI nor VINTR_CTRL of a VMSA: so events are delivered
 * by hand before VMRUN, and the VMCB's V_IRQ is only the window that tells when one can be taken.
 */
#include "machine/cpu/event/vintr.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "base/x86.h"

#define PRIORITY(vintr) ((vintr) >> 16 & 0xf)
#define VECTOR(vintr)   ((uint8_t)((vintr) >> 32))

/* V_TPR and the shadow move on in the VMCB. */
#define IN_VMCB (VINTR_TPR_MASK | VINTR_SHADOW)

void vintr_load(struct vmpl_ctx *c, const struct vmsa *s)
{
	struct vmcb *m = c->vmcb;

	c->vintr = READ_ONCE(s->vintr_ctrl);
	m->event_inj = READ_ONCE(s->event_inj);
	m->int_state = c->vintr & VINTR_SHADOW ? VMCB_INT_SHADOW : 0;
	m->int_ctl = (m->int_ctl & ~(uint32_t)VMCB_V_TPR_MASK) | (c->vintr & VMCB_V_TPR_MASK);
	/* a VMRUN that fails leaves these as they are */
	m->exit_code = s->guest_exit_code;
	m->exit_info1 = s->guest_exit_info_1;
	m->exit_info2 = s->guest_exit_info_2;
	m->exit_int_info = s->guest_exit_int_info;
}

static void intercept(struct vmcb *m, enum svm_exit exit, bool on)
{
	if (on)
		m->intercept3 |= VMCB_INTERCEPT3(exit);
	else
		m->intercept3 &= ~VMCB_INTERCEPT3(exit);
}

/* The IRET that was to be stepped over has not been made. */
static void unstep(struct vmpl_ctx *c)
{
	if (!c->nmi_iret)
		return;
	c->nmi_iret = false;
	c->vmcb->exceptions &= (uint32_t)~BIT(VEC_DB);
	c->vmcb->rflags &= ~RFLAGS_TF;
	c->vintr |= VINTR_NMI_MASK;
}

/* Nothing of it stays behind in the VMCB, which may run without the feature next. */
void vintr_save(struct vmpl_ctx *c, struct vmsa *s)
{
	struct vmcb *m = c->vmcb;

	unstep(c);
	s->vintr_ctrl = (c->vintr & ~IN_VMCB) | (m->int_ctl & VMCB_V_TPR_MASK) |
			(m->int_state & VMCB_INT_SHADOW ? VINTR_SHADOW : 0);
	s->event_inj = m->event_inj;
	m->event_inj = 0;
	m->int_ctl &= (uint32_t) ~(VMCB_V_IRQ | VMCB_V_IGN_TPR);
	intercept(m, SVM_EXIT_VINTR, false);
	intercept(m, SVM_EXIT_IRET, false);
}

/* 15.21.4: a request that waits for nothing but RFLAGS.IF and the shadow. */
static bool irq_ready(const struct vmpl_ctx *c)
{
	uint64_t v = c->vintr;

	return (v & VINTR_IRQ) && (v & VINTR_GIF) &&
	       ((v & VINTR_IGN_TPR) || PRIORITY(v) > (c->vmcb->int_ctl & VMCB_V_TPR_MASK));
}

/* 15.21.10 */
static bool nmi_ready(const struct vmpl_ctx *c)
{
	const uint64_t want = VINTR_NMI | VINTR_NMI_ENABLE | VINTR_GIF;

	return (c->vintr & (want | VINTR_NMI_MASK)) == want && !c->nmi_iret;
}

/* 15.20: TYPE is not reserved, and an exception has the vector of one; 2 is the NMI's. */
static bool is_valid(uint64_t event)
{
	uint64_t type = event & EVENT_TYPE_MASK, vector = event & EVENT_VECTOR;

	if (type == EVENT_EXCEPTION)
		return vector < 32 && vector != VEC_NMI;
	return type == EVENT_INTR || type == EVENT_NMI || type == EVENT_SOFT;
}

/* What cannot be delivered by hand goes through EVENTINJ after all: a fault on the way is the
 * processor's business then. */
static void take(struct vcpu *v, uint64_t event)
{
	uint8_t vector = (event & EVENT_TYPE_MASK) == EVENT_NMI ? VEC_NMI : event & EVENT_VECTOR;

	vcpu_ctx(v)->vmcb->event_inj = 0;
	if (!deliver_interrupt(v, vector))
		vcpu_ctx(v)->vmcb->event_inj = event;
}

/* Exceptions whose error code TCG does not push. */
static int take_exception(struct vcpu *v, uint64_t event)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;
	int rc;

	m->event_inj = 0;
	rc = deliver_exception(v, event & EVENT_VECTOR, event >> 32);
	if (rc != RESUME) {
		m->exit_int_info = event;
		vcpu_ctx(v)->vintr |= VINTR_BUSY;
	}
	return rc;
}

#define NO_ERROR_ON_TCG (BIT(VEC_CP) | BIT(VEC_VC) | BIT(VEC_SX))

static int inject(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);
	uint64_t event = c->vmcb->event_inj;

	if (!is_valid(event))
		return event_fault(v, "VMRUN refused EVENTINJ of the VMSA", event);
	switch (event & EVENT_TYPE_MASK) {
	case EVENT_NMI:
		/* 15.21.10: an injected NMI is masked as a virtual one */
		if (c->vintr & VINTR_NMI_ENABLE)
			c->vintr |= VINTR_NMI_MASK;
		take(v, event);
		return RESUME;
	case EVENT_INTR:
		take(v, event);
		return RESUME;
	case EVENT_EXCEPTION:
		if ((event & EVENT_HAS_ERROR) && (NO_ERROR_ON_TCG & BIT(event & EVENT_VECTOR)))
			return take_exception(v, event);
		return RESUME;
	default:
		return RESUME;
	}
}

/* An event that is still on its way comes first; then this is looked at again. */
static void take_nmi(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);

	if (!machine_can_inject_nmi(v)) {
		host_kick(host_cpu());
		return;
	}
	c->vintr = (c->vintr & ~VINTR_NMI) | VINTR_NMI_MASK;
	take(v, EVENT_VALID | EVENT_NMI);
}

static bool irq_waits(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);

	if (c->nmi_iret || !irq_ready(c))
		return false;
	if (!machine_can_inject(v))
		return true;
	c->vintr &= ~VINTR_IRQ;
	take(v, EVENT_VALID | EVENT_INTR | VECTOR(c->vintr));
	return false;
}

int vintr_enter(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);
	int rc = RESUME;

	if (c->vintr & VINTR_BUSY)
		return MACHINE_BUSY;
	if (c->vmcb->event_inj & EVENT_VALID)
		rc = inject(v);
	if (rc != RESUME)
		return rc;
	if (nmi_ready(c))
		take_nmi(v);
	machine_want_window(v, irq_waits(v));
	intercept(c->vmcb, SVM_EXIT_IRET, c->vintr & VINTR_NMI_MASK);
	return RESUME;
}

void vintr_leave(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);
	struct vmcb *m = c->vmcb;

	unstep(c);
	/* an event of its own, such as the trap of TF, was not being delivered */
	if (!(m->event_inj & EVENT_VALID) || m->event_inj != m->exit_int_info)
		return;
	c->vintr |= VINTR_BUSY;
	m->event_inj = 0;
}

bool vintr_wakes(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);

	return !machine_can_inject_nmi(v) || nmi_ready(c) ||
	       (irq_ready(c) && machine_can_inject(v));
}

/*
 * The next NMI may come when the IRET has ended, not before it: so where one waits, IRET is made
 * with TF set, and the #DB behind it stops here. The flags that it loads replace that TF.
 */
int vintr_iret(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);

	c->vintr &= ~VINTR_NMI_MASK;
	if (!nmi_ready(c))
		return RESUME;
	c->nmi_iret = true;
	c->vmcb->rflags |= RFLAGS_TF;
	c->vmcb->exceptions |= BIT(VEC_DB);
	return RESUME;
}

bool vintr_stepped(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);

	if (!c->nmi_iret)
		return false;
	c->nmi_iret = false;
	c->vmcb->exceptions &= (uint32_t)~BIT(VEC_DB);
	c->vmcb->dr6 &= ~DR6_BS;
	return true;
}
