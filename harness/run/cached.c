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
#include "harness/report/report.h"
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

static bool boots(struct job *j)
{
	return session_start(&j->session, &j->setup) && talk_hello(&j->session);
}

/* The boot is over, and the run goes on whether it could be saved or not. */
static void save(struct job *j, const char *dir, const char *key)
{
	char *folder = store_begin(dir), *why;
	json_t *facts;

	if (!folder) {
		problem("boot cache: nothing can be written to %s", paths_short(dir));
		return;
	}
	why = snapshot_save(&j->session, folder);
	if (why) {
		problem("boot cache: the machine is not saved: %s", why);
		store_drop(folder);
	} else {
		facts = snapshot_facts(&j->session);
		store_keep(dir, folder, key, facts, STORE_MOST);
		json_decref(facts);
	}
	free(why);
}

/* False: no machine was loaded, and nothing is left of the attempt. */
static bool load(struct job *j, struct store_entry *e)
{
	char *state = str("%s/" SNAPSHOT_STATE, e->folder), *why = NULL;
	bool ok = snapshot_logs(e->folder, j->boot_folder);

	j->setup.launch.state = state;
	if (!ok)
		why = str("its logs cannot be copied");
	else if (session_start(&j->session, &j->setup))
		why = snapshot_load(&j->session, e->facts);
	else
		why = str("QEMU does not start");
	j->setup.launch.state = NULL;
	free(state);
	if (!why) {
		store_entry_free(e);
		return true;
	}
	session_stop(&j->session);
	session_free(&j->session);
	store_refuse(e, why);
	free(why);
	return false;
}

bool cached_start(struct job *j)
{
	char *dir = directory(j->options), *key = bootcache_key(&j->setup);
	struct store_entry e;
	bool ok = false;

	j->boot_cache = NULL;
	if (key && store_find(&e, dir, key) && (ok = load(j, &e))) {
		j->boot_cache = "loaded";
	} else {
		ok = boots(j);
		if (ok && key) {
			save(j, dir, key);
			j->boot_cache = "saved";
		}
	}
	free(dir);
	free(key);
	return ok;
}
