/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The pages that the security processor fills; each is zeroed before. */
#include "abi/cpuid_page.h"
#include "abi/secrets.h"

void psp_cpuid_page(struct snp_cpuid_page *p);
void psp_secrets_page(struct snp_secrets *s);
