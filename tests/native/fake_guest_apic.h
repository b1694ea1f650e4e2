/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A guest of two vCPUs whose APICs the SVSM emulates, on fake.h's machine, with a doorbell page and
 * a host that notes what it is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake.h"
#include "tests/native/gs.h"
#include "abi/doorbell.h"
#include "abi/launch.h"
#include "apic/guest_apic_state.h"
#include "base/assert.h"
#include "cpu/timer.h"
#include "cpu/trap/hv.h"
#include "cpu/vectors.h"
#include "platform/inject.h"
#include "platform/snp/doorbell.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

#define X(reg) (0x800u + (reg))
#define VALID  BIT(31)
#define NMI    (VALID | 2u << 8 | 2)

/* ---- the machine ---- */

struct launch_info launch_info;
static struct guest_apic second; /* of CPU 1: area leads there */
static struct hv_doorbell page;
static struct ghcb ghcb;
static uint64_t own_features, offered;
static struct {
	uint64_t code, info1;
} asked[32];
static unsigned asks, eois;
static bool refuses, no_page;
static jmp_buf over;
static struct platform_ops mine;

struct hv_doorbell *doorbell_page(void)
{
	return no_page ? NULL : &page;
}

bool doorbell_there(void)
{
	return !no_page;
}

uint64_t snp_sev_features(void)
{
	return own_features;
}

bool snp_offers(uint64_t feature)
{
	return offered & feature;
}

struct ghcb *ghcb_begin(void)
{
	return &ghcb;
}

void ghcb_end(struct ghcb *g)
{
	CHECK(g == &ghcb);
}

enum platform_result ghcb_call(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2)
{
	CHECK(g == &ghcb);
	CHECK_EQ(info2, 0);
	if (asks < ARRAY_LEN(asked)) {
		asked[asks].code = exit_code;
		asked[asks].info1 = info1;
	}
	asks++;
	return refuses ? PLATFORM_REFUSED : PLATFORM_OK;
}

uint8_t hv_take_before_run(void)
{
	uint8_t v = page.vector;

	page.vector = 0;
	return v;
}

static uint64_t clock_ns; /* a tick is a nanosecond */

uint64_t timer_now(void)
{
	return clock_ns;
}

uint64_t timer_ticks(uint64_t ns)
{
	return ns;
}

void timer_expired(void)
{
	eois++;
}

void panic(const char *fmt, ...)
{
	(void)fmt;
	longjmp(over, 1);
}

/* ---- the guest ---- */

static inline struct vmsa *vmsa(unsigned cpu)
{
	return fake_mem(VMSA(cpu));
}

static inline uint8_t *no_eoi(unsigned cpu)
{
	return (uint8_t *)fake_mem(fake_cpus[cpu].guest.caa.v) + 2;
}

static inline void become(unsigned cpu)
{
	gs_become(&fake_cpus[cpu]);
}

/* Two vCPUs with emulation, which have come back once without a call. */
static inline void begin(void)
{
	static const struct guest_apic none;

	fake_setup();
	mine = *platform;
	mine.inject = &snp_inject_ops;
	platform = &mine;
	own_features = SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ;
	offered = ~0ull;
	refuses = no_page = false;
	launch_info.flags = LAUNCH_FLAG_ALT_INJ;
	memset(&page, 0, sizeof(page));
	guest_apic = second = none;
	asks = eois = 0;
	clock_ns = 1;
	for (unsigned i = 0; i < CPUS; i++) {
		become(i);
		*no_eoi(i) = 0;
		fake_cpus[i].area = i ? (intptr_t)&second - (intptr_t)&guest_apic : 0;
		vmsa(i)->sev_features = FEATURES | SEV_FEAT_ALTERNATE_INJ;
		vmsa(i)->guest_exit_code = 0x60;
		CHECK(guest_apic_init_cpu());
		CHECK(!svsm_request(&fake_cpus[i]));
	}
	vmsa_registry_set_startup(gpa(VMSA(0)), FEATURES | SEV_FEAT_ALTERNATE_INJ);
	become(0);
	asks = 0;
}

/* The guest is back, for a reason of the host's. */
static inline void again(unsigned cpu)
{
	become(cpu);
	vmsa(cpu)->guest_exit_code = 0x60;
	CHECK(!svsm_request(&fake_cpus[cpu]));
	CHECK(vmsa(cpu)->vintr_ctrl & VINTR_GIF);
	CHECK(!(vmsa(cpu)->vintr_ctrl & VINTR_BUSY));
}

static inline uint64_t call(unsigned cpu, uint32_t number, uint64_t rcx, uint64_t rdx)
{
	become(cpu);
	return fake_raw_call(cpu, SVSM_CALL(SVSM_PROTO_APIC, number), rcx, rdx, 0);
}

static inline uint64_t get(unsigned cpu, unsigned reg)
{
	CHECK_EQ(call(cpu, SVSM_APIC_READ_REGISTER, X(reg), 0), SVSM_SUCCESS);
	return vmsa(cpu)->rdx;
}

static inline void put(unsigned cpu, unsigned reg, uint64_t value)
{
	CHECK_EQ(call(cpu, SVSM_APIC_WRITE_REGISTER, X(reg), value), SVSM_SUCCESS);
}

/* The vector that the VMSA presents; 0: none. */
static inline unsigned presented(unsigned cpu)
{
	uint64_t v = vmsa(cpu)->vintr_ctrl;

	if (!(v & VINTR_IRQ))
		return 0;
	CHECK_EQ((v & VINTR_PRIO_MASK) >> 16, (v >> 32 & 0xff) >> 4);
	CHECK(!(v & VINTR_IGN_TPR));
	return v >> 32 & 0xff;
}

static inline void take(unsigned cpu, unsigned vector)
{
	CHECK_EQ(presented(cpu), vector);
	vmsa(cpu)->vintr_ctrl &= ~VINTR_IRQ;
}

static inline bool in_service(unsigned cpu, unsigned vector)
{
	return get(cpu, APIC_ISR + vector / 32) >> vector % 32 & 1;
}

static inline void host(uint32_t status)
{
	page.vmpl[VMPL_GUEST - 1].status = status;
	page.per_vmpl_events |= 1 << (VMPL_GUEST - 1);
}

static inline void allow_all(void)
{
	CHECK_EQ(call(0, SVSM_APIC_CONFIGURE_VECTOR, SVSM_APIC_VECTOR_ALL | SVSM_APIC_VECTOR_ENABLE,
		      0),
		 SVSM_SUCCESS);
}
