# SPDX-License-Identifier: MIT
SERVICE_CFLAGS_spin := -ffreestanding -fno-stack-protector -mno-red-zone -U_FORTIFY_SOURCE
SERVICE_LDFLAGS_spin := -nostdlib -Wl,-e,spin_start
