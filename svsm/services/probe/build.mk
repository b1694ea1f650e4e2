# SPDX-License-Identifier: MIT
# Tests of user mode need no C library: the program stays a few pages small.
SERVICE_CFLAGS_probe := -ffreestanding -fno-stack-protector -mno-red-zone -U_FORTIFY_SOURCE
SERVICE_LDFLAGS_probe := -nostdlib -Wl,-e,probe_start
