/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A port of a virtio-serial device, found by its name (docs/test-control.md). The driver learns of
 * a device's ports only after it has taken the device, so a look waits for a while where there is
 * one: at most VPORT_WAIT seconds.
 */
#include "base/types.h"

#define VPORT_WAIT 10

/* A descriptor for reading and writing; -1: the kernel has no driver, or the machine no such port.
 */
int vport_open(const char *name);
