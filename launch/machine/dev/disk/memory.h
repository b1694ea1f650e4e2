/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The guest's memory as the disk finds it: what is shared. What is not is told as that of any
 * device is, which the IOMMU refuses it (iommu/dma_fault.h).
 */
#include "base/addr.h"

/* n bytes at g, n up to a page. False, and nothing was copied: they are not all shared. */
bool memory_read(gpa_t g, void *to, size_t n);
bool memory_write(gpa_t g, const void *from, size_t n);
