/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Questions to a QEMU program. It is the program that knows what was built into it: a version says
 * nothing of IGVM, which is a build option, or of planes, which are a branch's. No question starts
 * a machine. An answer that does not come within five minutes is none.
 */
#include "base/types.h"

/* All that the words write to stdout, and their exit status in *status (-1: ended otherwise).
 * Malloc'ed, "" when they do not run. No shell reads them. */
char *ask_program(const char *const words[], int *status);

/* major * 100 + minor; 0 when it does not run. text (malloc'ed) is the first line of --version. */
unsigned ask_qemu_version(const char *qemu, char **text);
/* Does -object take this type? Only types are asked for whose help QEMU prints without making one.
 */
bool ask_qemu_object(const char *qemu, const char *type);
/* Does the machine q35 have this option of -machine ("igvm-cfg"), its own or the accelerator's? */
bool ask_qemu_machine(const char *qemu, const char *option);
/* Is there a device of this name for -device? */
bool ask_qemu_device(const char *qemu, const char *device);
