/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * QEMU's virtio-blk function on the bus, and where its registers lie, as the guest has placed them.
 * Nothing of it is kept here but what no guest can change: its number and its capabilities.
 */
#include "machine/dev/pci/pcirule.h"

enum function_place {
	PLACE_COMMON, /* virtio 1.2, 4.1.4.3 */
	PLACE_NOTIFY, /* 4.1.4.4 */
	PLACE_TABLE,  /* of MSI-X */
	FUNCTION_PLACES,
};

/* What a write to the notification's register would be. */
struct disk_notification {
	unsigned len;
	uint64_t value;
};

bool function_find(void); /* CPU 0, once; false: there is none */
/* Bus, slot and function, as dev/pci/pciconf.h has them. */
uint16_t function_number(void);
/* Where these registers are now; 0: they do not answer. */
uint64_t function_address(enum function_place p);
/* It may access memory: the bus master bit. Its messages are such accesses, too (PCI Local Bus 3.0,
 * 6.2.2 and 6.8.1). */
bool function_is_master(void);
/* The first dword of its MSI-X capability; 0: it has none. */
uint32_t function_msix(void);
/* A write of len bytes there notifies it, as QEMU sees it. */
bool function_notifies(uint64_t a, unsigned len);
/* A write to configuration does so, by the window of 4.1.4.9. For pciconf_watch(): pciconf's lock
 * is held. */
bool function_notified(const struct pci_write *w, struct disk_notification *n);
