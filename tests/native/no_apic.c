/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The SVSM of a unit test emulates no APIC of its guest (svsm/apic/guest_apic.h). */
#include "apic/guest_apic.h"
#include "tests/native/check.h"

void guest_apic_leave(const struct vmsa_entry *self)
{
	(void)self;
	CHECK(!"there is no emulation");
}

void guest_apic_enter(const struct vmsa_entry *self)
{
	guest_apic_leave(self);
}
