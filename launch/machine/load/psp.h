/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The pages that the security processor fills; each is zeroed before. */
#include "abi/cpuid_page.h"
#include "abi/secrets.h"

void psp_cpuid_page(struct snp_cpuid_page *p);
void psp_secrets_page(struct snp_secrets *s);
/*
 * The boot VMSA's counter, where it asks for SecureTSC: the firmware gives it a scale by the rate
 * that the launch wants, and an offset. Here a scale of 0 becomes 1.0, and the offset is the
 * file's, so that who builds it knows both. Returns TSC_FACTOR of the secrets page (lib/tsc.h).
 */
struct vmsa;
uint32_t psp_tsc(struct vmsa *v);
