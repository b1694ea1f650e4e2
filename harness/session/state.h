/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* state.txt of a target that hangs or died: registers with symbols, and the ends of its logs. */
#include "harness/qemu/qmp.h"

/*
 * q is asked for every CPU's registers when alive; a target that is gone has only its logs left.
 * folder: the boot's folder. svsm_elf: of the SVSM that ran; NULL: its functions have no names.
 */
void state_write(const char *folder, const char *reason, struct qmp *q, bool alive,
		 const char *svsm_elf);
