/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* clang-format off
 *
 * Core protocol (0), version 1: SVSM specification (58019), chapter 6. RAX of each call, besides what
 * chapter 5 has for all of them: UNSUPPORTED_CALL, no such call in the protocol.
 *
 * REMAP_CA        INVALID_PARAMETER  address not page aligned
 *  6.1            INVALID_ADDRESS    not validated guest memory; a VMSA; another vCPU's calling
 *                                    area
 * PVALIDATE       INVALID_PARAMETER  list: not 8-byte aligned, empty, past its page, next >= count;
 *  6.2, table 6                      entry: reserved bit set, size above 1, address not aligned to
 *                                    the size
 *                 INVALID_ADDRESS    list: not in validated guest memory; entry: not guest memory,
 *                                    a VMSA, a calling area, deposited memory, or to be rescinded
 *                                    and the page that the list lies in; a page that the host has
 *                                    taken away
 *                 0x80001006         2M entry over 4K pages: ask for them one by one
 *                 0x80001010         in that state already (with ignore_cf: success, nothing done)
 *                 0x80001000 + n     what PVALIDATE or RMPADJUST answered, n up to 15
 *                 0x80001011         they answered more
 *                 INCOMPLETE         `next` entries are done; call again with the same list
 *                 Whatever the outcome of an entry, `next` in the list counts those that are done.
 * CREATE_VCPU     INVALID_PARAMETER  VMSA or calling area not page aligned; no vCPU with the APIC ID
 *  6.3                               in R8[31:0] (service CPUs are none); content of the VMSA: VMPL
 *                                    not the guest's, EFER.SVME clear, SEV_FEATURES not those of the
 *                                    startup vCPU's
 *                 INVALID_ADDRESS    VMSA or calling area: not validated guest memory, the same
 *                                    page; VMSA: a VMSA or calling area already; calling area: a
 *                                    VMSA, or another vCPU's calling area
 *                 BUSY               no room for another VMSA now; a vCPU that could still write the
 *                                    VMSA has not let go of its old translations in time
 *                 0x80001000 + n     what RMPADJUST answered
 *                 GUEST_EXITCODE and PCPU_ID in the VMSA and the first 8 bytes of the calling area
 *                 are cleared, maybe by the last two outcomes, too; the same call again is right.
 * DELETE_VCPU     INVALID_PARAMETER  not a VMSA that CREATE_VCPU made; the startup vCPU's
 *  6.4            0x80001003         in use: it runs, or its vCPU is in a call
 *                 INVALID_ADDRESS    the host has taken the page away
 *                 0x80001000 + n     what RMPADJUST answered
 *                 (none)             one's own VMSA: there is no way back. The vCPU sleeps until
 *                                    CREATE_VCPU gives it another one
 *                 EFER.SVME is clear in what was a VMSA.
 * DEPOSIT_MEM     as PVALIDATE       reserved bits are all of [11:2]; INVALID_ADDRESS also for memory
 *  6.5, table 7                      that is not validated
 * WITHDRAW_MEM    INVALID_PARAMETER  address not 8-byte aligned, or with room for the header only
 *  6.6, table 8   INVALID_ADDRESS    not in validated guest memory
 *                 SUCCESS            count and entries (4K pages) are filled in, all else is left
 *                                    alone; SVSM_MEM_AVAILABLE, in the calling areas of the startup
 *                                    vCPU and the caller, says whether there is more
 * QUERY_PROTOCOL  SUCCESS            RCX: max version << 32 | min version; 0 when not that version
 *  6.7
 * CONFIGURE_VTOM  SUCCESS            query (RCX 1): RCX 0, not supported
 *  6.8, table 9   INVALID_PARAMETER  query with any other bit set; else one of [11:5]
 *                 INVALID_REQUEST    everything else: vTOM cannot be had
 *
 * clang-format on */
#include "platform/platform.h"
#include "protocols/dispatch.h"

enum svsm_result core_remap_ca(struct svsm_call *call);
enum svsm_result core_pvalidate(struct svsm_call *call);
enum svsm_result core_create_vcpu(struct svsm_call *call);
enum svsm_result core_delete_vcpu(struct svsm_call *call);
enum svsm_result core_deposit_mem(struct svsm_call *call);
enum svsm_result core_withdraw_mem(struct svsm_call *call);

/* What a page operation's result is for the guest. */
enum svsm_result core_result(enum platform_result r);
