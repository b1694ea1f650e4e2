/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A suite on its way through the harness: its run folder, its IGVM file, its boots, what came of
 * them. `run` and `test` both drive one of these.
 */
#include "harness/core/options.h"
#include "harness/run/record.h"

struct job {
	const struct options *options;
	const struct suite *suite;
	struct runfolder folder;
	struct record record;
	struct results results;
	struct session_setup setup;
	struct session session;
	const struct known *known; /* what is known to fail; NULL: nothing */
	bool known_end;            /* a test that is known to fail has ended this boot */
	char *script;              /* of the next boot, where it is deterministic; malloc'ed */
	unsigned boots;
	unsigned losses;         /* output_losses() when it began */
	struct outcome outcome;  /* the gravest so far */
	const char *boot_cache;  /* this boot "saved" a machine there, or was "loaded"; else NULL */
	bool own_igvm, own_disk; /* files in the folder that a good run removes */
	char *boot_folder;
};

/* This program's own command line, as recreate.sh and run.json keep it. */
void job_words(struct strlist *words, int argc, char **argv);
/* Makes the folder, inside outer when that is not NULL. words: the program's own command line. */
bool job_open(struct job *j, const struct options *o, const struct suite *s,
	      const struct runfolder *outer, const struct strlist *words);
/* Checks the host, builds the IGVM and the disk. False: j->outcome says why. */
bool job_prepare(struct job *j);
/* Prints what would be started. Needs no job_open(). */
void job_dry_run(const struct options *o, const struct suite *s);
/* The next boot, up to HELLO where the target has a control port. False: it did not get there. */
bool job_boot(struct job *j);
/* The boot after a reset that the target announced: as job_boot(), with the files that it has put.
 */
bool job_reboot(struct job *j);
/* Why the last boot failed (malloc'ed). */
char *job_why(const struct job *j);
/* What the next boot is to do (run/host_script.h); taken over. */
void job_script(struct job *j, char *script);
/* Ends the session and notes it; false when it had not ended as it should. */
bool job_boot_end(struct job *j);
/* Writes junit.xml and run.json; the job's exit code. Results and outcome stay until job_free(). */
int job_close(struct job *j);
void job_free(struct job *j);
