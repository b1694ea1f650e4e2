/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What a ready IGVM file or a suite's image has in it already, options cannot change. */
#include "harness/run/given.h"
#include "abi/launch.h"
#include "abi/q35.h"
#include "harness/igvm/launch_page.h"
#include "harness/run/make_igvm.h"
#include "launch/profiles/profile.h"

static bool names_a_kernel(const struct options *o)
{
	return o->kernel || o->initrd || o->append;
}

bool given_brings_its_guest(const struct options *o)
{
	return o->igvm && file_exists(o->igvm) && !make_igvm_foreign(o) &&
	       !make_igvm_has_firmware(o);
}

/* Only a Linux is booted by firmware. */
static char *refuse_firmware(const struct suite *s, const struct options *o)
{
	return o->firmware && s->kind != SUITE_LINUX
		       ? str("--firmware: suite %s boots no Linux", s->name)
		       : NULL;
}

/* A file of ours that another state of the project has built: it would pass for a foreign one. */
static char *refuse_version(const char *igvm)
{
	uint32_t version = file_exists(igvm) ? launch_page_version(igvm) : 0;

	return version && version != LAUNCH_VERSION
		       ? str("%s is of another Keelson: its launch page has version %u, this one "
			     "knows %u: build it again",
			     igvm, version, LAUNCH_VERSION)
		       : NULL;
}

/* With firmware the SVSM lies where the RAM of the machine that it was built for ends. */
static char *refuse_memory(const struct suite *s, const struct options *o)
{
	unsigned mem = o->mem ? o->mem : s->mem;
	uint64_t low_end = MIN((uint64_t)mem << 20, Q35_FIRMWARE_LOW_END);
	struct launch_info l;

	if (!file_exists(o->igvm) || !launch_page_read(o->igvm, &l) ||
	    l.guest != LAUNCH_GUEST_FIRMWARE || l.svsm.gpa >= low_end)
		return NULL;
	return str("--mem %u: %s is for a machine of at most %u MiB, where its SVSM lies", mem,
		   o->igvm, (unsigned)(l.svsm.gpa >> 20));
}

/* Where no SVSM says HELLO on the channel, the guest could, and would have the file for its own
 * (docs/channel.md). */
static char *refuse_state(const struct suite *s, const struct options *o)
{
	struct launch_info l;

	if (!o->state)
		return NULL;
	if (!o->igvm)
		return s->kind == SUITE_PAYLOAD
			       ? str("--state: suite %s has no SVSM that could keep it", s->name)
			       : NULL;
	if (!file_exists(o->igvm) || (launch_page_read(o->igvm, &l) && l.flags & LAUNCH_FLAG_STATE))
		return NULL;
	return str("--state: %s was built without it: its guest would reach the file, and its SVSM "
		   "not: build it with --state NAME",
		   o->igvm);
}

char *given_refuse(const struct suite *s, const struct options *o)
{
	char *why;

	why = refuse_state(s, o);
	if (why || !o->igvm)
		return why ? why : refuse_firmware(s, o);
	why = refuse_version(o->igvm);
	if (!why)
		why = refuse_memory(s, o);
	if (why)
		return why;
	if (profile_find(o->platform)->plain)
		return str("--igvm: platform %s starts a kernel without any IGVM file",
			   o->platform);
	if (o->service_cpus >= 0)
		return str("--service-cpus is for files that are built: %s says it itself",
			   o->igvm);
	if (o->sev_features)
		return str("--sev-features is for files that are built: the VMSA in %s has its own",
			   o->igvm);
	if (o->tsc_offset || o->secure_tsc)
		return str("--tsc-offset and --secure-tsc are for files that are built: %s says it "
			   "itself",
			   o->igvm);
	if (o->alternate_injection)
		return str("--alternate-injection is for files that are built: %s says it itself",
			   o->igvm);
	if (o->com1)
		return str("--console-port is for files that are built: %s says it itself",
			   o->igvm);
	if (o->state_required)
		return str("--state-required is for files that are built: %s says it itself",
			   o->igvm);
	if (o->keys_signer || o->keys_unsigned)
		return str("--keys-signer and --keys-unsigned are for files that are built: %s "
			   "says it itself",
			   o->igvm);
	if (o->firmware)
		return str("--firmware is for files that are built: %s has what it starts",
			   o->igvm);
	if (names_a_kernel(o) && given_brings_its_guest(o))
		return str("--kernel, --initrd and --append cannot change %s, which has its guest "
			   "in it: give them to `keelson igvm build`",
			   o->igvm);
	if (names_a_kernel(o) && s->kind != SUITE_LINUX)
		return str("--kernel, --initrd and --append: suite %s boots no Linux", s->name);
	return NULL;
}

bool given_hands_over(const struct suite *s, const struct options *o)
{
	return s->kind == SUITE_LINUX && (names_a_kernel(o) || o->test);
}
