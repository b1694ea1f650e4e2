/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "abi/service.h"

/* Serve one request, which SERVICE_CALL_WAIT has described. False: the kernel did not take the
 * answer. */
bool serve(const struct service_head *head);
