/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The limits of each platform's machine, from launch/profiles; native's are the monitor's own
 * (abi/machine_limits.h), so the two cannot disagree.
 */
#include "harness/run/limits.h"
#include "harness/run/make_igvm.h"
#include "launch/profiles/profile.h"

/* Without an SVSM there are no services to have CPUs for. */
static unsigned service_cpus(const struct options *o, const struct suite *s)
{
	return profile_find(o->platform)->plain ? 0 : make_igvm_service_cpus(s, o);
}

char *limits_refuse(const struct suite *s, const struct options *o)
{
	unsigned most = profile_find(o->platform)->vcpus_max;
	unsigned smp = o->smp ? o->smp : s->smp, services = service_cpus(o, s);

	if ((uint64_t)smp + services <= most)
		return NULL;
	if (services >= most)
		return str("--service-cpus %u: platform %s has at most %u vCPUs, the guest's "
			   "among them",
			   services, o->platform, most);
	return str("--smp takes a number from 1 to %u on platform %s (service CPUs: %u), not %u",
		   most - services, o->platform, services, smp);
}
