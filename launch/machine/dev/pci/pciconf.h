/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * PCI configuration by both of its ways, the ports 0xcf8..0xcff and the memory at PCIEXBAR: QEMU's,
 * less the writes that dev/pci/pcirule.h keeps from a guest. Any CPU; a lock.
 */
#include "machine/dev/pci/pcirule.h"

#define PCICONF_FIRST 0xcf8
#define PCICONF_LAST  0xcff

/* CPU 0, once, before devices are kept from memory: none goes on with what firmware has begun. */
void pciconf_init(void);
/* A dword of a function, bus << 8 | slot << 3 | function; the guest's address stays in the port. */
uint32_t pciconf_get(uint16_t function, unsigned reg);
/* One look at each write of a guest's that is allowed, with this module's lock held: true keeps it
 * from QEMU. CPU 0, once. */
void pciconf_watch(bool (*taken)(const struct pci_write *w));
uint32_t pciconf_peek(uint16_t function, unsigned reg); /* pciconf_get(), for taken() */
/* One access within these ports. */
uint32_t pciconf_in(uint16_t port, unsigned size);
void pciconf_out(uint16_t port, unsigned size, uint32_t value);
/* Any byte of it is configuration space, or may become so while this is asked. */
bool pciconf_at(uint64_t a, unsigned len);
/* One access there: to() is called for what is allowed. */
void pciconf_write(uint64_t a, unsigned len, uint64_t value,
		   void (*to)(uint64_t a, unsigned len, uint64_t value));
uint64_t pciconf_pciexbar(void);
/* The highest bus that a bridge of bus 0 leads to, as the firmware has numbered them; else 0. */
uint8_t pciconf_last_bus(void);
