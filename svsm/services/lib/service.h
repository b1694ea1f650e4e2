/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A service's side of abi/service.h: thin wrappers of the system calls. Each returns what the
 * kernel returns, -errno on failure. Unit tests define these functions themselves.
 */
#include "abi/service.h"

int64_t service_wait(struct service_head *head);
int64_t service_read(void *to, uint64_t offset, uint64_t len);
int64_t service_write(const void *from, uint64_t offset, uint64_t len);
int64_t service_answer(uint32_t status, uint32_t len);
int64_t service_store(uint32_t slot, const void *from, uint64_t len);
int64_t service_load(uint32_t slot, void *to, uint64_t room);
