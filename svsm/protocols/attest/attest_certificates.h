/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/*
 * How many of the room's bytes a certificate table takes (abi/guest_message.h): to the end of the
 * certificate that lies behind the others, and all of its entries in any case. 0: it has none, or
 * is no such table. Pure; the bytes are the host's, in a copy.
 */
uint32_t attest_certificates_size(const void *table, uint32_t room);
