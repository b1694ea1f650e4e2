/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The vTPM as a service: what each request kind (abi/service.h) does. */
#include "abi/service.h"

/* Power on with the state the kernel keeps. False: no TPM. */
bool serve_start(void);
/* One request, up to its answer. False: the TPM is gone; the program must end. */
bool serve(const struct service_head *head);
