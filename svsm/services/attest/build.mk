# SPDX-License-Identifier: MIT
# Of libcrypto it takes AES, GHASH and SHA-512 and nothing that those do not need, without a C library: 50 KiB in
# place of 4 MiB. runtime.c has what libcrypto wants from below.
SERVICE_CFLAGS_attest := -ffreestanding -ffunction-sections -fdata-sections -fno-stack-protector -U_FORTIFY_SOURCE
SERVICE_LDFLAGS_attest := -nostdlib -Wl,-e,attest_start
SERVICE_SRC_attest := svsm/services/lib/service.c svsm/lib/string.c
SERVICE_LIBS_attest := -lcrypto
