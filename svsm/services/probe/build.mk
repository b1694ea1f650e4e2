# SPDX-License-Identifier: MIT
# Tests of user mode need no C library: the program stays a few pages small.
SERVICE_CFLAGS_probe := -ffreestanding -fno-stack-protector -mno-red-zone -U_FORTIFY_SOURCE
SERVICE_LDFLAGS_probe := -nostdlib -Wl,-e,probe_start
SERVICE_SRC_probe := svsm/lib/string.c
# Flags go by the third part of a source's path: this one is a file of svsm/lib.
SERVICE_CFLAGS_string.c := -ffreestanding -U_FORTIFY_SOURCE
