/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The parts of a guest that is firmware (boot/guest.h, guest_firmware_launch()). */
#include "abi/igvm.h"
#include "abi/launch.h"
#include "mm/memmap.h"

/*
 * The guest's memory as its firmware is to see it, ascending: RAM without the firmware's image and
 * the boot vCPU's page, and the SVSM's memory with that page as reserved. Returns how many entries
 * of out were filled; 0: there are more than `room`. Pure.
 */
unsigned firmware_memory_map(const struct launch_info *l, const struct memmap_range *ram,
			     unsigned count, struct igvm_memory_map_entry *out, unsigned room);

/* Write what launch_info.params asks for into the firmware's memory, which is valid and zero. */
void firmware_params_write(const struct launch_info *l);
