/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The TPM before its guest: manufactured, tested, and in a direct boot, where the SVSM is the
 * firmware, started and extended by what the launch page lists. All of that is one request
 * (VTPM_REQ_BOOT, abi/service.h), which goes before any command of the guest.
 *
 * Where there is a service CPU, that does it while the guest boots; else, and where the launch
 * keeps the TPM's state, the boot CPU does it before the guest starts: the key of the channel is
 * agreed upon before the guest can read along (abi/host/channel.h), or the channel is closed.
 * Without a state that is required no guest starts: the launch ends.
 */
#include "abi/launch.h"

struct service_request;

/* Boot CPU, around guest_launch(), in this order. `l` must stay. */
void vtpm_boot_before_guest(const struct launch_info *l);
void vtpm_boot_after_guest(const struct launch_info *l);

/* What follows is serialised by the caller (LOCK_VTPM). */

/*
 * The request while it is under way; NULL: it is over, or nobody has asked for it. A request that
 * was lost with its program is made again, so that no TPM serves a guest that was to be measured
 * and was not.
 */
struct service_request *vtpm_boot_pending(void);
/* True from the beginning of the boot to the first vtpm_boot_answered(): the guest has not had an
 * answer to any command yet. */
bool vtpm_boot_lasts(void);
void vtpm_boot_answered(void);

/*
 * True while the guest is its firmware: launched as such, and no operating system has taken over.
 * That is seen by the startup vCPU's calling area: firmware calls by the one that its metadata
 * names, and an operating system, to which that is ordinary memory, moves it (58019, 6.1). Once
 * false it stays so. LOCK_REGISTRY is taken inside.
 */
bool vtpm_boot_firmware(void);
