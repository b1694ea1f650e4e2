/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The machine around its own disk (launch/machine/dev/disk): QEMU's virtio-blk function as a driver
 * has placed it, memory of a guest's, a file, and what was sent and told.
 */
#include "machine/dev/pci/pcirule.h"

/* The function is at 00:03.0: BAR 1 has the MSI-X table, BAR 4, of 64 bits, the rest. */
#define FUNCTION  (3u << 3)
#define REGISTERS 0x380000000000ull
#define NOTIFY    (REGISTERS + 0x3000)
#define WINDOW    0x50 /* the capability that leads to the registers: virtio 1.2, 4.1.4.9 */
#define MASTER    4u

/* The guest's memory: shared pages, and one behind them that is not. */
#define DESCRIPTORS 0x000u
#define AVAILABLE   0x400u
#define USED        0x800u
#define HEADER      0xc00u
#define STATUS      0xc80u
#define DATA        0x1000u
#define SHARED      0x404000u
#define ENTRIES     8u

extern uint8_t guest[SHARED + PAGE_SIZE];
extern uint8_t file[(3u << 20) + 3 * PAGE_SIZE + 512]; /* the disk's */
extern uint8_t registers[0x40];                        /* the common configuration */
extern uint32_t entry[8]; /* of the MSI-X table: the queue's, the configuration's */
extern uint32_t msix_control, command, window_offset, window_length;
extern unsigned messages, config_messages; /* sent by the first entry's data, by the second's */
extern unsigned pages_left, lines;         /* of the pool; of the log */
extern bool (*watcher)(const struct pci_write *w);

/* What the IOMMU's side was told last. */
extern struct refused {
	unsigned n;
	uint16_t device;
	uint64_t at;
	bool write;
} refused;
