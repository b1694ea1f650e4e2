/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The end of QEMU. */
#include "abi/machine.h"

/* The run is over: log "exit: ..." and leave QEMU with that code. Stops every CPU. */
NORETURN void host_exit(enum machine_end code, const char *fmt, ...) PRINTF(2, 3);
/* Leave QEMU without a word. */
NORETURN void exit_now(enum machine_end code);
