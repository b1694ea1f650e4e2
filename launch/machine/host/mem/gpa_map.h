/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Guest physical memory: where a page of the guest's lies in the host's RAM, as KVM's memory slots
 * say. The guest's RAM has the addresses that it has on a q35 of its size, whatever QEMU's own map
 * is, and an IGVM file's pages outside of it get RAM too, as QEMU gives them (backends/igvm.c). The
 * monitor reaches all of it in one piece, at GUEST_BASE plus the guest's address.
 *
 * CPU 0 makes the map before any guest runs; then it does not change, and any CPU may ask.
 */
#include "base/addr.h"

struct gpa_extent {
	uint64_t base, size; /* bytes, page aligned */
	uint64_t host;       /* equal to base modulo 2 MiB where it is as long as that */
	bool guest; /* false: the machine's own, such as the boot VMSA; no guest reaches it */
};

/* Memory at base. host lies in RAM and is nobody else's. Nothing may be there yet. */
void gpa_map_add(struct gpa_extent e);
void gpa_map_reset(void); /* an empty map: unit tests */
/* The extents in ascending order. */
unsigned gpa_map_extents(const struct gpa_extent **e);
uint64_t gpa_map_end(void); /* first address behind the last byte of it, for sizing tables */

/* Bytes from g on that lie in a row in the host's memory, from *host on; 0: there is none at g. */
uint64_t gpa_map_run(gpa_t g, hpa_t *host);
/* The host's address of g, where there is memory; else a fault. */
hpa_t gpa_map_host(gpa_t g);
/* Any byte of [g, g+len) is memory of the map; also when that wraps. */
bool gpa_map_touches(gpa_t g, uint64_t len);
/* [g, g+len) lies wholly in memory that belongs to the guest. */
bool host_guest_ram(gpa_t g, uint64_t len);

/* The monitor's pointer to g. Whoever follows it has found that there is memory. */
void *guest_ptr(gpa_t g);
gpa_t guest_gpa(const void *p); /* back from one */
