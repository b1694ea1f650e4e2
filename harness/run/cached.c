/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The cache only saves time: whatever is wrong with it is one line, and the machine boots. Who uses
 * it by default is the suite's to say (boot_cache in launch/suites.cfg), and only as the suite
 * stands: a machine of somebody's own options is seldom booted twice.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/bootcache/key.h"
#include "harness/bootcache/store.h"
#include "harness/core/paths.h"
#include "harness/core/signals.h"
#include "harness/run/cached.h"
#include "harness/session/snapshot.h"
#include "harness/session/talk.h"

/* What makes it another machine than the suite's. */
static bool changes_machine(const struct options *o)
{
	return o->monitor || o->kernel || o->initrd || o->append || o->disk || o->sev_features ||
	       o->smp || o->mem || o->service_cpus >= 0 || o->icount >= 0 || o->words.n ||
	       o->strict || o->secure_tsc || o->tsc_offset || o->alternate_injection;
}

/* Why there is nothing to be saved, or it would not be the same; NULL: it may. Firmware's guest is
 * told what to boot by its machine; a disk that was given has contents of its own later. */
static const char *unfit(const struct suite *s, const struct options *o)
{
	if (strcmp(o->platform, "native") != 0)
		return "the platform has no boot cache";
	if (o->psp_given)
		return "a guest and its security processor begin together";
	if (o->state)
		return "the TPM's state may have changed since";
	if (o->deterministic)
		return "a run that can be repeated begins with its boot";
	if (s->kind != SUITE_LINUX || o->no_agent)
		return "there is no agent that waits when the boot is over";
	if (s->firmware || o->firmware || o->igvm)
		return "a guest with firmware, or one that was given whole, always boots";
	if (o->kdump || o->disk)
		return "a disk or a crash kernel that was given always boots";
	if (o->test && s->boot_only)
		return "its boot is what it tests";
	return NULL;
}

bool cached_wanted(const struct options *o, const struct suite *s)
{
	if (o->no_boot_cache || unfit(s, o))
		return false;
	return o->boot_cache || (o->test && s->boot_cache && !changes_machine(o));
}

char *cached_refuse(const struct suite *s, const struct options *o)
{
	const char *why = o->boot_cache && !o->no_boot_cache ? unfit(s, o) : NULL;

	return why ? str("--boot-cache: %s", why) : NULL;
}

static char *directory(const struct options *o)
{
	return o->boot_cache && *o->boot_cache ? str_dup(o->boot_cache)
					       : paths_in_build("boot-cache");
}

/* The boot is over, and the run goes on whether it could be saved or not. */
static bool save(struct session *s, const char *dir, const char *key)
{
	char *folder = store_begin(dir), *why;
	json_t *facts;
	bool ok;

	if (!folder) {
		problem("boot cache: nothing can be written to %s", paths_short(dir));
		return false;
	}
	why = snapshot_save(s, folder);
	if (why) {
		problem("boot cache: the machine is not saved: %s", why);
		store_drop(folder);
		free(why);
		return false;
	}
	facts = snapshot_facts(s);
	ok = store_keep(dir, folder, key, facts, STORE_MOST);
	json_decref(facts);
	return ok;
}

/* False: no machine was loaded, and nothing is left of the attempt. */
static bool load(struct session *s, struct session_setup *setup, struct store_entry *e)
{
	char *state = str("%s/" SNAPSHOT_STATE, e->folder), *why = NULL;
	bool ok = snapshot_logs(e->folder, setup->folder);

	setup->launch.state = state;
	if (!ok)
		why = str("its logs cannot be copied");
	else if (session_start(s, setup))
		why = snapshot_load(s, e->facts);
	else
		why = str("QEMU does not start");
	setup->launch.state = NULL;
	free(state);
	if (!why) {
		store_entry_free(e);
		return true;
	}
	if (ok) { /* else there is no session yet */
		session_stop(s);
		session_free(s);
	}
	if (signals_taken()) /* the run is to end: that is no fault of the entry */
		store_entry_free(e);
	else
		store_refuse(e, why);
	free(why);
	return false;
}

bool cached_start(struct session *s, struct session_setup *setup, const struct options *o,
		  const char **did)
{
	char *dir = directory(o), *key = bootcache_key(setup);
	struct store_entry e;
	bool ok;

	*did = NULL;
	ok = key && store_find(&e, dir, key) && load(s, setup, &e);
	if (ok) {
		*did = "loaded";
	} else {
		ok = session_start(s, setup) && talk_hello(s);
		if (ok && key && save(s, dir, key))
			*did = "saved";
	}
	free(dir);
	free(key);
	return ok;
}
