/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The secrets page, whose keys are the SVSM's way to the security processor (VMPCK0). It is mapped
 * for as long as somebody uses it and no longer. One user at a time: the boot CPU before the guest
 * runs, and then who holds LOCK_ATTEST.
 */
#include "abi/secrets.h"

/* Once, as soon as the launch is checked and before other CPUs start: from here on it is not
 * mapped. */
void secrets_hide(void);

/* Map the page, and unmap it again, on this CPU. */
const struct snp_secrets *secrets_open(void);
void secrets_close(void);

/* For good: nothing can be sealed with VMPCK0 any more. */
void secrets_wipe_key(void);
