/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Judges a file by the tables of releases.c. Each finding is one header and why; a second one of
 * the same kind is not told again. What only the host's kernel knows is told apart.
 */
#include "harness/igvm/fit.h"
#include "abi/vmsa.h"
#include "harness/igvm/releases.h"
#include "launch/profiles/words.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct findings {
	json_t *refused, *depends; /* arrays */
};

/* why is taken over. h NULL: the file as a whole. */
static void refuse(struct findings *found, const struct igvm_header *h, char *why)
{
	const char *name = h ? igvm_type_name(h->type) : "file";
	json_t *o;
	size_t i;

	json_array_foreach(found->refused, i, o)
	{
		if (!strcmp(json_string_value(json_object_get(o, "header")), name) &&
		    !strcmp(json_string_value(json_object_get(o, "why")), why)) {
			free(why);
			return;
		}
	}
	json_array_append_new(found->refused, json_pack("{s:s, s:i, s:i, s:s}", "header", name,
							"type", h ? (int)h->type : 0, "offset",
							h ? (int)h->offset : 0, "why", why));
	free(why);
}

static void depend(struct findings *found, char *what)
{
	json_array_append_new(found->depends, json_string(what));
	free(what);
}

static void judge_vmsa(struct findings *found, const struct igvm_header *h, const struct vmsa *v)
{
	uint64_t more = v->sev_features & ~SEV_FEAT_SNP_ACTIVE;
	int lost = release_vmsa_lost(v);

	if (!(v->sev_features & SEV_FEAT_SNP_ACTIVE))
		refuse(found, h, str("SEV_FEATURES without SNP: not enabled in VMSA sev_features"));
	if (lost >= 0)
		refuse(found, h,
		       str("the VMSA's field at %#x is not handed to KVM: contains fields that "
			   "are not synchronized with KVM",
			   (unsigned)lost));
	if (more)
		depend(found,
		       str("SEV_FEATURES %#" PRIx64 " in the VMSA: KVM has to offer %#" PRIx64
			   " (upstream offers no restricted injection, 0x8: igvm build "
			   "--sev-features 1)",
			   v->sev_features, more));
}

static void judge_context(struct findings *found, const struct igvm_file *f,
			  const struct igvm_header *h)
{
	const struct igvm_vp_context *c = h->body;
	struct vmsa v;

	if (!(h->mask & igvm_platform_mask(f, IGVM_PLATFORM_SEV_SNP)))
		return;
	if (c->gpa != IGVM_SNP_VMSA_GPA)
		refuse(found, h, str("the VMSA GPA must be %#llx", IGVM_SNP_VMSA_GPA));
	memcpy(&v, f->base + c->file_offset, sizeof(v));
	judge_vmsa(found, h, &v);
}

static bool is_parameter(const struct igvm_header *h)
{
	return h->length == sizeof(struct igvm_parameter) && h->mask == UINT32_MAX;
}

static void judge(struct findings *found, const struct igvm_file *f, const struct igvm_header *h,
		  unsigned release)
{
	const struct igvm_parameter *p = h->body;

	if (!release_knows(release, h->type))
		refuse(found, h,
		       str("Unknown header type encountered%s",
			   h->type == IGVM_MADT ? ": igvm build --no-madt" : ""));
	else if (h->type == IGVM_VP_CONTEXT)
		judge_context(found, f, h);
	else if (is_parameter(h) && p->offset && !release_offset_counts(h->type))
		refuse(found, h,
		       str("its offset in the area is ignored: it would overwrite what "
			   "stands at the start"));
}

static void judge_file(struct findings *found, const struct igvm_file *f, unsigned release)
{
	struct igvm_iter it;
	struct igvm_header h;

	if (release < RELEASE_FIRST) {
		refuse(found, NULL, str("this release loads no IGVM file: 10.1 is the first"));
		return;
	}
	if (!igvm_platform_mask(f, IGVM_PLATFORM_SEV_SNP))
		refuse(found, NULL,
		       str("it does not describe a compatible supported platform: no "
			   "SEV-SNP"));
	igvm_iter_init(&it, f);
	while (igvm_next(&it, &h) == IGVM_OK)
		judge(found, f, &h, release);
	depend(found, str("QEMU has to be built with libigvm (-object igvm-cfg,help)"));
	if (release > RELEASE_LAST)
		depend(found, str("judged as %u.%u, the newest release that is known here",
				  RELEASE_LAST / 100, RELEASE_LAST % 100));
}

static void show(const struct findings *found, const char *path, unsigned release)
{
	json_t *o;
	size_t i;

	printf("%s: QEMU %u.%u %s\n", path, release / 100, release % 100,
	       json_array_size(found->refused) ? "refuses it" : "loads it");
	json_array_foreach(found->refused, i, o)
	{
		printf("  refused  %s at 0x%x: %s\n",
		       json_string_value(json_object_get(o, "header")),
		       (unsigned)json_integer_value(json_object_get(o, "offset")),
		       json_string_value(json_object_get(o, "why")));
	}
	json_array_foreach(found->depends, i, o)
	{
		printf("  depends  %s\n", json_string_value(o));
	}
}

int igvm_fit(const struct igvm_file *f, const char *path, unsigned release, bool json)
{
	struct findings found = {json_array(), json_array()};
	bool refused;
	char *name;

	judge_file(&found, f, release);
	refused = json_array_size(found.refused);
	if (json) {
		name = str("%u.%u", release / 100, release % 100);
		json_t *o = json_pack("{s:s, s:b, s:O, s:O}", "release", name, "loads", !refused,
				      "refused", found.refused, "depends", found.depends);

		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
		free(name);
	} else {
		show(&found, path, release);
	}
	json_decref(found.refused);
	json_decref(found.depends);
	return refused ? IGVM_EXIT_BAD_FILE : IGVM_EXIT_OK;
}
