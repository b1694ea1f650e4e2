/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What SEV-SNP needs of a host, below QEMU. */
#include "launch/profiles/checks.h"

void snp_host_checks(struct checks *c);
