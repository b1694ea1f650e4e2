/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "task/vmsa_stop.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "mm/guest_mem.h"
#include "mm/guestpage.h"

static gpa_t efer_of(gpa_t vmsa)
{
	return gpa_add(vmsa, offsetof(struct vmsa, efer));
}

bool vmsa_stop_begin(gpa_t vmsa)
{
	return guest_clear64(efer_of(vmsa), EFER_SVME);
}

bool vmsa_stop_holds(gpa_t vmsa)
{
	uint64_t efer;

	return guestpage_vmsa_barrier(vmsa) == PLATFORM_OK && guest_read64(efer_of(vmsa), &efer) &&
	       !(efer & EFER_SVME);
}

void vmsa_stop_end(gpa_t vmsa)
{
	guest_set64(efer_of(vmsa), EFER_SVME);
}
