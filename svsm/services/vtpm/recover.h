/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * After the service died by a fault its TPM has lost what is volatile, as if the power had been
 * cut under a running system. Nobody may use that to get fresh PCRs and extend them with the
 * measurements of another system. So, before any command of the guest:
 *
 *  - TPM2_Startup(CLEAR);
 *  - TPM2_PCR_Event(RECOVER_EVENT) on PCRs 0 to 15 and 17 to 22, at locality 2: every active bank
 * is extended by its hash of RECOVER_EVENT (PCRs 16 and 23 can be reset by anyone anyway);
 *  - TPM2_HierarchyControl: the platform hierarchy is off until the next power cycle, because its
 *    password, which firmware had set, is gone.
 *
 * A guest that finds its TPM like this has lost sessions, objects and PCRs, and gets
 * TPM_RC_INITIALIZE for TPM2_Startup.
 */
#include "base/types.h"

#define RECOVER_EVENT "keelson vTPM restarted after a fault" /* without a NUL */

bool recover_after_fault(void); /* false: this TPM must not be used */
