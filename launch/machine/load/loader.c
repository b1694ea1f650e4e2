/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The launch: what QEMU, KVM and the security processor do with an IGVM file on hardware. First
 * the whole file is checked, then it is placed, so a file that is refused has changed nothing.
 */
#include "machine/load/loader.h"
#include "machine/host/log.h"
#include "machine/host/time.h"
#include "machine/load/check.h"
#include "machine/load/place.h"
#include "machine/load/room.h"
#include "machine/snp/rmp/rmp.h"
#include "base/x86.h"

static struct loader l;

void loader_read_file(void)
{
	loader_open(&l);
	loader_make_room(&l);
}

void loader_launch(void)
{
	uint64_t start = rdtsc();

	loader_check(&l);
	rmp_launch_ram();
	loader_place(&l);
	loader_close(&l);
	host_log("igvm: launched %u KiB in %llu us", l.fw.size >> 10,
		 (unsigned long long)((rdtsc() - start) * 1000 / MAX(host_tsc_khz(), 1ull)));
}
