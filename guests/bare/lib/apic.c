/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* x2APIC registers by the GHCB's MSR event: a bare guest's own driver. */
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"

#define SVR_ON   BIT(8)
#define SPURIOUS 0xff

bool apic_enable(void)
{
	uint64_t base;

	if (!ghcb_rdmsr(MSR_APIC_BASE, &base) ||
	    !ghcb_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ON | APIC_BASE_X2))
		return false;
	return apic_write(APIC_SVR, SVR_ON | SPURIOUS) && apic_write(APIC_TPR, 0);
}

/* x2APIC to xAPIC goes through "disabled" only: APM vol. 2, 16.9. */
void apic_disable(void)
{
	uint64_t base;

	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_SVR, SPURIOUS);
	if (!ghcb_rdmsr(MSR_APIC_BASE, &base))
		return;
	base &= ~(uint64_t)(APIC_BASE_ON | APIC_BASE_X2);
	ghcb_wrmsr(MSR_APIC_BASE, base);
	ghcb_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ON);
}

uint64_t apic_read(unsigned reg)
{
	uint64_t v = 0;

	return ghcb_rdmsr(MSR_X2APIC_BASE + reg, &v) ? v : ~0ull;
}

bool apic_write(unsigned reg, uint64_t value)
{
	return ghcb_wrmsr(MSR_X2APIC_BASE + reg, value);
}

void apic_ipi(uint32_t apic_id, uint8_t vector)
{
	apic_write(APIC_ICR, (uint64_t)apic_id << 32 | BIT(14) | vector);
}
