/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The APIC ID list of the GHCB: who is told of which vCPUs.
 *
 * sources: launch/machine/hv/ghcb/nae_apic_ids.c
 */
#include "abi/ghcb.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/state/state.h"
#include "machine/snp/rmp/rmp.h"
#include "tests/native/check.h"

#include <string.h>

#define LIST 0x5000

static struct vcpu vcpus[3] = {{.apic_id = 0}, {.apic_id = 1}, {.apic_id = 7}};
struct vcpu *machine_vcpus[] = {&vcpus[0], &vcpus[1], &vcpus[2]};
unsigned machine_vcpu_count = 3;
static uint32_t list[1024];
static unsigned failed_with;
extern const struct nae_handler __start_nae_handlers[];

unsigned machine_guest_vcpus(void)
{
	return 2;
}

bool rmp_is_shared(gpa_t g, uint64_t len)
{
	return g.v == LIST && len <= PAGE_SIZE;
}

void *guest_ptr(gpa_t g)
{
	CHECK_EQ(g.v, LIST);
	return list;
}

bool ghcb_store(const struct ghcb_call *c, void *to, const void *from, size_t n)
{
	(void)c;
	memcpy(to, from, n);
	return true;
}

void ghcb_fail(struct ghcb_call *c, unsigned reason)
{
	(void)c;
	failed_with = reason;
}

void ghcb_set_rax(struct ghcb_call *c, uint64_t value)
{
	(void)c;
	CHECK_EQ(value, 1);
}

static void ask(uint8_t vmpl, uint64_t at)
{
	struct ghcb_call c = {.v = &vcpus[0], .info1 = at, .rax = 1};

	vcpus[0].vmpl = vmpl;
	memset(list, 0xff, sizeof(list));
	failed_with = 0;
	__start_nae_handlers->run(&c);
}

TEST(services_are_the_svsm_s_business)
{
	for (uint8_t vmpl = 1; vmpl < VMPL_COUNT; vmpl++) {
		ask(vmpl, LIST);
		CHECK_EQ(failed_with, 0);
		CHECK_EQ(list[0], 2);
		CHECK_EQ(list[1], 0);
		CHECK_EQ(list[2], 1);
		CHECK_EQ(list[3], ~0u);
	}
	ask(0, LIST);
	CHECK_EQ(list[0], 3);
	CHECK_EQ(list[3], 7);
}

TEST(a_list_that_is_not_shared)
{
	ask(0, LIST + 0x1000);
	CHECK_EQ(failed_with, GHCB_ERR_INVALID_INPUT);
	ask(0, LIST + 4);
	CHECK_EQ(failed_with, GHCB_ERR_INVALID_INPUT);
	CHECK_EQ(list[0], ~0u);
}
