/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include <openssl/x509.h>

#include "base/types.h"

/* Is this certificate's key that of one of AMD's own roots? What it says of itself does not count.
 */
bool amd_root(const X509 *x);
