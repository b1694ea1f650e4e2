/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The inputs that the vTPM protocol's fuzzer found, once more: tests/fuzz.
 *
 * sources: tests/native/no_apic.c
 * sources: tests/fuzz/page.c tests/fuzz/page_service.c tests/fuzz/fuzz.c tests/fuzz/replay.c
 * sources: tests/native/fake.c svsm/lib/crc32.c svsm/mm/pagestate.c
 * sources: svsm/task/vmsa_registry.c svsm/platform/snp/vcpu_state.c svsm/task/vmsa_flush.c
 * sources: svsm/mm/guestpage.c svsm/protocols/dispatch.c
 * sources: svsm/protocols/buffer.c svsm/protocols/core.c svsm/protocols/mem_available.c
 * sources: svsm/protocols/core_memory.c
 * sources: svsm/protocols/core_vcpu.c svsm/protocols/vtpm.c svsm/protocols/vtpm_pace.c
 * sources: tests/native/no_release.c svsm/protocols/vtpm_boot.c
 * sources: svsm/protocols/vtpm_page.c svsm/protocols/vtpm_request.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "tests/fuzz/replay.h"

TEST(found_inputs)
{
	CHECK(replay("tests/fuzz/page.hex") > 40);
}
