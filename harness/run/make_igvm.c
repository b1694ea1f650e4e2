/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * From a suite and the options to an IGVM file, by way of the words that `keelson igvm build`
 * takes: run.json and --dry-run show these words, so that a person can build the same file by
 * hand.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "abi/vmsa.h"
#include "harness/core/exitcode.h"
#include "harness/core/ranges.h"
#include "harness/igvm/igvm_cmd.h"
#include "harness/igvm/launch_page.h"
#include "harness/run/make_igvm.h"
#include "harness/core/paths.h"
#include "launch/profiles/profile.h"

/* The file that was given, or the suite's own below the root (malloc'ed); NULL: there is none. */
static char *choose(const char *given, const char *own)
{
	return given ? str_dup(given) : own ? paths_in_root(own) : NULL;
}

/* The agent looks for a script where the kernel's command line has it (guests/agent/fwscript.h). */
#define HOST_SCRIPT_WORD "keelson.script"

#define FIRMWARE         "guests/firmware/OVMF.fd" /* below the build folder: `make guests` */

char *make_igvm_firmware(const struct suite *s, const struct options *o)
{
	if (o->firmware)
		return *o->firmware ? str_dup(o->firmware) : paths_in_build(FIRMWARE);
	return choose(NULL, s->kind == SUITE_FIRMWARE ? s->image : s->firmware);
}

bool make_igvm_has_firmware(const struct options *o)
{
	struct launch_info l;

	return o->igvm && launch_page_read(o->igvm, &l) && l.guest == LAUNCH_GUEST_FIRMWARE;
}

/* Firmware boots a disk that was given, unless there is a word of a kernel. */
static bool boots_disk(const struct options *o)
{
	return o->disk && !o->kernel && !o->initrd && !o->append &&
	       (o->firmware || make_igvm_has_firmware(o));
}

char *make_igvm_kernel(const struct suite *s, const struct options *o)
{
	return boots_disk(o) ? NULL : choose(o->kernel, s->kernel);
}

#define AGENT_ALONE "guests/initramfs.cpio"

/* Where nothing can be fetched, installed, a boot without tests does with the agent's own image. */
static char *agent_alone(const struct suite *s, char *own)
{
	if (!own || !s->boot_only || !paths_installed() || file_exists(own))
		return own;
	free(own);
	return paths_in_build(AGENT_ALONE);
}

char *make_igvm_initrd(const struct suite *s, const struct options *o)
{
	if (boots_disk(o) || o->initrd)
		return boots_disk(o) ? NULL : str_dup(o->initrd);
	return agent_alone(s, choose(NULL, s->initrd));
}

char *make_igvm_cmdline(const struct suite *s, const struct options *o)
{
	if (boots_disk(o))
		return str_dup("");
	/* To a target that hears nothing its tests cannot be said by a frame. */
	return str("%s%s%s%s%s%s", s->cmdline ? s->cmdline : "",
		   o->deterministic ? " " HOST_SCRIPT_WORD : "",
		   o->deterministic && s->tests ? " keelson.tests=" : "",
		   o->deterministic && s->tests ? s->tests : "", o->append ? " " : "",
		   o->append ? o->append : "");
}

/* Ours has a launch page. A file that cannot be read is told later. */
bool make_igvm_foreign(const struct options *o)
{
	struct launch_info l;

	return o->igvm && !launch_page_read(o->igvm, &l);
}

bool make_igvm_com1(const struct suite *s, const struct options *o)
{
	struct launch_info l;

	if (o->igvm)
		return launch_page_read(o->igvm, &l) && l.flags & LAUNCH_FLAG_COM1;
	return o->com1 && s->kind != SUITE_PAYLOAD;
}

bool make_igvm_says(const struct options *o, const char *word)
{
	char *behind = str(" %s", word);
	size_t size;
	char *file = file_text(o->igvm, &size);
	bool found = file && memmem(file, size, behind, strlen(behind));

	free(file);
	free(behind);
	return found;
}

unsigned make_igvm_service_cpus(const struct suite *s, const struct options *o)
{
	struct launch_info l;

	if (o->igvm)
		return launch_page_read(o->igvm, &l) ? l.service_cpus : 0;
	if (o->service_cpus >= 0 && s->kind != SUITE_PAYLOAD)
		return (unsigned)o->service_cpus;
	return suite_service_cpus(s);
}

/* value is malloc'ed or NULL; it goes into the words and is freed. */
static void add_option(struct strlist *w, const char *option, char *value)
{
	if (value) {
		strlist_add(w, option);
		strlist_add(w, value);
	}
	free(value);
}

/* The SVSM of this build. Another one is tried by --igvm. */
static void add_svsm(struct strlist *w)
{
	char *svsm = paths_in_build("svsm.elf");

	strlist_add(w, "--svsm");
	strlist_add(w, svsm);
	free(svsm);
}

/* What the SVSM has to have room for, and what it cannot get from this QEMU. */
static void add_machine(const struct suite *s, const struct options *o, struct strlist *w)
{
	unsigned services = make_igvm_service_cpus(s, o), smp = o->smp ? o->smp : s->smp;
	const struct profile *p = profile_find(o->platform);

	if (p->takes_madt && !p->takes_madt(o->qemu))
		strlist_add(w, "--no-madt");
	add_option(w, "--service-cpus", str("%u", services));
	add_option(w, "--mem", str("%u", o->mem ? o->mem : s->mem));
	add_option(w, "--cpus", str("%u", smp + services));
}

/* A guest with kernel, initrd and command line. */
static void add_linux(const struct suite *s, const struct options *o, struct strlist *w)
{
	char *kernel = make_igvm_kernel(s, o);

	add_svsm(w);
	add_option(w, "--firmware", make_igvm_firmware(s, o));
	add_option(w, "--kernel", kernel ? str_dup(kernel) : NULL);
	add_option(w, "--initrd", make_igvm_initrd(s, o));
	if (kernel)
		add_option(w, "--cmdline", make_igvm_cmdline(s, o));
	free(kernel);
}

/* What the native machine gives to a boot VMSA with SecureTSC: load/psp.h. */
static void add_tsc(const struct suite *s, const struct options *o, const char *features,
		    struct strlist *w)
{
	uint64_t bits = 0;

	if (features && sev_features_read(features, &bits) && (bits & SEV_FEAT_SECURE_TSC))
		add_option(w, "--tsc-offset", str_dup(o->tsc_offset ? o->tsc_offset : "0"));
	if (o->secure_tsc && s->kind != SUITE_PAYLOAD)
		strlist_add(w, "--secure-tsc");
}

static void add_features(const struct suite *s, const struct options *o, struct strlist *w)
{
	const struct profile *p = profile_find(o->platform);
	const char *n = o->sev_features ? o->sev_features : s->sev_features;

	if (!n && p->sev_features && s->kind != SUITE_PAYLOAD)
		n = p->sev_features();
	add_option(w, "--sev-features", n ? str_dup(n) : NULL);
	add_tsc(s, o, n, w);
	if (s->kind != SUITE_PAYLOAD && (s->alternate_injection || o->alternate_injection))
		strlist_add(w, "--alternate-injection");
	if (make_igvm_com1(s, o))
		add_option(w, "--console-port", str("com1"));
	if (o->state && s->kind != SUITE_PAYLOAD)
		add_option(w, "--state", str("keelson run"));
	if (o->keys_signer && s->kind != SUITE_PAYLOAD)
		add_option(w, "--keys-signer", str_dup(o->keys_signer));
	if (o->keys_unsigned && s->kind != SUITE_PAYLOAD)
		strlist_add(w, "--keys-unsigned");
	if (o->state_required && s->kind != SUITE_PAYLOAD)
		strlist_add(w, "--state-required");
}

/* A payload has no SVSM, so nothing of what the SVSM is told goes with it. */
void make_igvm_words(const struct suite *s, const struct options *o, const char *out,
		     struct strlist *w)
{
	strlist_add(w, "igvm");
	strlist_add(w, "build");
	switch (s->kind) {
	case SUITE_BARE:
		add_svsm(w);
		add_option(w, "--bare", choose(NULL, s->image));
		break;
	case SUITE_FIRMWARE:
		add_svsm(w);
		add_option(w, "--firmware", make_igvm_firmware(s, o));
		break;
	case SUITE_PAYLOAD:
		add_option(w, "--payload", choose(NULL, s->image));
		add_option(w, "--multiboot", choose(o->payload, NULL));
		break;
	case SUITE_LINUX:
		add_linux(s, o, w);
		break;
	case SUITE_SELFTEST:
		add_svsm(w);
		strlist_add(w, "--selftest");
		break;
	}
	if (s->kind != SUITE_PAYLOAD)
		add_machine(s, o, w);
	if (s->kind != SUITE_PAYLOAD && o->test && s->test)
		strlist_add(w, "--test");
	add_features(s, o, w);
	strlist_add(w, "--output");
	strlist_add(w, out);
}

/* The remedy in words: the target of `make` that brings a file, or, where there is no checkout,
 * what to give. */
static char *missing(const char *name, const char *path, bool guest)
{
	if (paths_installed() && guest)
		return str("no guest is installed: give one by %s FILE", name);
	if (paths_installed())
		return str("%s is missing: install keelson again", path);
	return str("%s is missing: run `make%s`", paths_short(path), guest ? " guests" : "");
}

/* Names the first input that is not there. */
static char *lacking(const struct strlist *w)
{
	for (size_t i = 2; i + 1 < w->n; i++) {
		const char *name = w->v[i], *path = w->v[i + 1];
		bool guest = !strcmp(name, "--kernel") || !strcmp(name, "--initrd") ||
			     !strcmp(name, "--firmware");

		if (!guest && strcmp(name, "--svsm") && strcmp(name, "--bare") &&
		    strcmp(name, "--payload") && strcmp(name, "--multiboot"))
			continue;
		if (!strcmp(name, "--multiboot") && !file_exists(path))
			return str("no such payload: %s", path);
		if (!file_exists(path))
			return missing(name, path, guest);
	}
	return NULL;
}

/*
 * The builder runs in this process. Its own complaint stands on stderr already when it fails;
 * *why goes into the report.
 */
int make_igvm(const struct suite *s, const struct options *o, const char *out, char **why)
{
	struct strlist words = {0};
	int rc;

	make_igvm_words(s, o, out, &words);
	*why = lacking(&words);
	rc = *why ? CODE_HOST : CODE_PASSED;
	if (!*why) {
		optind = 0;
		rc = igvm_command((int)words.n, words.v);
		if (rc)
			*why = str("the IGVM file could not be built");
	}
	strlist_free(&words);
	return rc ? CODE_HOST : CODE_PASSED;
}
