/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The registers of the security processor's 16550 (abi/uart.h); a test has others in their place.
 */
#include "base/types.h"

uint8_t psp_port_in(unsigned reg);
void psp_port_out(unsigned reg, uint8_t value);
