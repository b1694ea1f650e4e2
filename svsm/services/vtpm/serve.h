/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The vTPM as a service: what each kind of request (abi/service.h) does. */
#include "abi/service.h"

/* Power on with the state the kernel keeps. False: no TPM. */
bool serve_start(void);
/* Serve one request, up to its answer. False: the TPM is gone, and the program must end. */
bool serve(const struct service_head *head);
