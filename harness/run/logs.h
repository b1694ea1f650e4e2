/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * QEMU writes most logs of a boot itself, and says nothing when the disk does not take them. When
 * QEMU is gone, this tells as lost (core/output.h) what then cannot be whole.
 */
void logs_check(const char *folder);
