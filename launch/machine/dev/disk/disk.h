/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The disk of a run that can be repeated (MACHINE_FW_DISK). QEMU completes a request at a moment of
 * the host's: a thread reads the file, and its main loop writes the used ring and raises the
 * interrupt. So QEMU's virtio-blk function is left what a driver sees of it, configuration,
 * registers and features, but no notification gets there: the machine serves the queue itself
 * before the access that notifies is over, in instructions that the guest's clock counts. Of a
 * request that is large the rest follows in rounds of the vCPUs (disk_turn()). What is
 * written stays in the machine's memory and is gone at the end: the next run has the same disk.
 *
 * The queue is a split one without indirect descriptors and event index, which QEMU is told not to
 * offer (launch/profiles/profile.c); used buffers come in the order of the available ones, so
 * used.idx is all that the device keeps of those it is done with. An interrupt is a message
 * (MSI-X); a driver without MSI-X has to poll, as firmware does. A driver that leaves the rules
 * finds DEVICE_NEEDS_RESET. (virtio 1.2: 2.1.2, 2.7, 4.1.4, 5.2.)
 *
 * Any CPU that has a guest; a lock. Guests write the queue, so everything in it is checked.
 */
#include "base/types.h"

void disk_init(void); /* CPU 0, once, when PCI configuration can be read */
/* Around each write of a guest's to registers of devices or to PCI configuration. In between the
 * disk does nothing, so a reset finds no request half done; behind it the disk does what the write
 * asks it for. Without a disk both do nothing. */
void disk_begin(void);
void disk_end(void);
/* In between: one write to a device's memory. True: it notifies the disk, and is not to go on to
 * QEMU. */
bool disk_kick(uint64_t a, unsigned len, uint64_t value);
/* A request is not done: a vCPU that would sleep is not to. */
bool disk_busy(void);
/* Once in each round of a vCPU: go on with it, so far as one visit goes (disk/queue.h). */
void disk_turn(void);
