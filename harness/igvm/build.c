/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson igvm build: puts together the initial memory of a confidential guest. The SVSM's ELF
 * file brings its segments and, by symbols, the places where the loader and the security
 * processor write: the SVSM's own sources decide where those lie. Kernel, initrd and command
 * line become measured pages (linux.c), and launch_info tells the SVSM where all of that is.
 */
#include "harness/igvm/build.h"
#include "harness/igvm/kept_state.h"
#include "abi/q35.h"
#include "harness/igvm/elf.h"
#include "harness/igvm/region.h"
#include "lib/tsc.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Pages of the ELF that the loader or the security processor fills, by symbol. */
static const struct {
	const char *name;
	enum igvm_type param;     /* a host parameter, or */
	enum igvm_page_type page; /* a page of its own kind */
	bool needed;              /* by an SVSM; a payload may lack any */
} places[] = {
	{"snp_cpuid_page", 0, IGVM_PAGE_CPUID, true},
	{"snp_secrets_page", 0, IGVM_PAGE_SECRETS, true},
	{"igvm_memory_map", IGVM_MEMORY_MAP, 0, true},
	{"igvm_madt", IGVM_MADT, 0, true},
	{"igvm_vp_count", IGVM_VP_COUNT, 0, false},
	{"igvm_environment", IGVM_ENVIRONMENT_INFO, 0, false},
};

/*
 * One entry of places[]. False, and said why: an SVSM lacks a symbol that it needs, or a page
 * of its own kind is not aligned.
 */
static bool add_place(const struct elf *e, struct image *m, unsigned i, bool svsm)
{
	uint64_t at, size;

	if (!elf_symbol(e, places[i].name, &at, &size))
		return !(svsm && places[i].needed) ||
		       igvm_fail("%s: no symbol %s", e->path, places[i].name);
	if (places[i].page && (at & PAGE_MASK))
		return igvm_fail("%s: %s is not page aligned", e->path, places[i].name);
	if (places[i].page)
		image_special(m, at, places[i].page);
	else
		image_param(m, places[i].param, at, MAX(size, sizeof(uint32_t)));
	return true;
}

/* At a 2 MiB boundary, because the SVSM's boot page tables map it by pages of that size. */
static uint64_t svsm_base(const struct igvm_build_options *o, unsigned mem)
{
	uint64_t low_end = MIN((uint64_t)mem << 20, Q35_FIRMWARE_LOW_END);

	return o->firmware ? ALIGN_UP(low_end, SIZE_2M) : BUILD_SVSM_BASE;
}

/* The SVSM's memory: at its place, or what a payload linked elsewhere takes. */
static bool choose_region(const struct igvm_build_options *o, const struct elf *e, bool svsm,
			  struct launch_range *r)
{
	unsigned mem = o->mem ? o->mem : REGION_DEFAULT_MEM;
	uint64_t most = o->firmware ? BUILD_FIRMWARE_SVSM_MAX : BUILD_SVSM_MAX;

	*r = (struct launch_range){svsm_base(o, mem),
				   region_size(mem, o->cpus ? o->cpus : REGION_DEFAULT_CPUS)};
	if (svsm && r->size > most)
		return igvm_fail("the SVSM would need %" PRIu64 " MiB for so much memory and so "
				 "many CPUs (--mem, --cpus), and has %" PRIu64 " MiB at most",
				 r->size >> 20, most >> 20);
	if (e->start >= r->gpa && e->end <= r->gpa + r->size)
		return true;
	if (svsm)
		return igvm_fail("%s: 0x%" PRIx64 "..0x%" PRIx64 " leaves the SVSM's region",
				 e->path, e->start, e->end);
	r->gpa = ALIGN_DOWN(e->start, SIZE_2M);
	r->size = ALIGN_UP(e->end, SIZE_2M) - r->gpa;
	return true;
}

/* The page of firmware's boot vCPU is the second behind the SVSM: not at a 2 MiB boundary, since
 * some processors take a VMSA in use there for 2 MiB in use. */
static void add_required(const struct igvm_build_options *o, struct image *m,
			 struct launch_info *info)
{
	uint64_t behind = info->svsm.gpa + info->svsm.size;

	if (o->firmware)
		info->setup = (struct launch_range){behind + PAGE_SIZE, PAGE_SIZE};
	image_require(m, info->svsm.gpa, info->svsm.size + (o->firmware ? 2 * PAGE_SIZE : 0));
}

/* The image that starts at VMPL0, its places, and the vCPU that starts it. */
static bool add_elf(const struct igvm_build_options *o, struct elf *e, struct image *m,
		    struct launch_info *info, bool svsm)
{
	if (o->firmware)
		elf_move(e, svsm_base(o, o->mem ? o->mem : REGION_DEFAULT_MEM));
	if (!choose_region(o, e, svsm, &info->svsm))
		return false;
	elf_load(e, m);
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		if (o->no_madt && places[i].param == IGVM_MADT)
			continue; /* its page stays as it is, zeros */
		if (!add_place(e, m, i, svsm))
			return false;
	}
	add_required(o, m, info);
	build_vmsa(&m->vmsa, (uint32_t)e->entry,
		   o->sev_features ? o->sev_features
		   : svsm          ? BUILD_SEV_FEATURES
				   : BUILD_SEV_FEATURES_PAYLOAD);
	m->vmsa.tsc_offset = o->tsc_offset;
	if (svsm)
		m->vmsa.rbp = e->start; /* svsm/boot/boot.S finds itself by it */
	return true;
}

/* A flat image runs from its first byte, at a fixed address. */
static bool add_bare(const char *path, struct image *m, struct launch_info *info)
{
	struct blob b;

	if (!blob_read(path, &b))
		return false;
	info->guest = LAUNCH_GUEST_BARE;
	info->kernel = (struct launch_range){BUILD_BARE_BASE, b.size};
	image_add(m, BUILD_BARE_BASE, b.data, b.size);
	blob_free(&b);
	return info->kernel.size || igvm_fail("%s: the file is empty", path);
}

static bool add_guest(const struct igvm_build_options *o, struct image *m, struct launch_info *info)
{
	if (o->firmware)
		return build_firmware(o, m, info);
	if (o->kernel)
		return build_linux(o, m, info);
	if (o->bare)
		return add_bare(o->bare, m, info);
	return true;
}

/* launch_info goes in last, when all ranges are known. */
static bool add_launch_info(const struct elf *e, struct image *m, const struct launch_info *info,
			    bool svsm)
{
	uint64_t at, size;

	if (!elf_symbol(e, "launch_info", &at, &size))
		return !svsm || igvm_fail("%s: no symbol launch_info", e->path);
	if (at & PAGE_MASK)
		return igvm_fail("%s: launch_info is not page aligned", e->path);
	image_replace(m, at, info);
	return true;
}

/*
 * All parts in the order in which they need each other. Policy: SMT is allowed; bit 17 must be
 * one (56860, table "Guest Policy").
 */
static bool fill(const struct igvm_build_options *o, struct elf *e, struct image *m)
{
	struct launch_info info = {
		.magic = LAUNCH_MAGIC,
		.version = LAUNCH_VERSION,
		.guest_vmpl = 2,
		.flags = (o->selftest ? LAUNCH_FLAG_SELFTEST : 0) |
			 (o->panic ? LAUNCH_FLAG_PANIC : 0) | (o->test ? LAUNCH_FLAG_TEST : 0) |
			 (o->alternate_injection ? LAUNCH_FLAG_ALT_INJ : 0) |
			 (o->secure_tsc ? LAUNCH_FLAG_SECURE_TSC : 0) |
			 (o->com1 ? LAUNCH_FLAG_COM1 : 0) |
			 (o->state_required ? LAUNCH_FLAG_STATE_REQUIRED : 0),
		.service_cpus = o->service_cpus,
		.tsc_scale = o->tsc_known ? TSC_SCALE_ONE : 0,
		.tsc_offset = o->tsc_offset,
	};
	bool svsm = !o->payload;

	if (o->state && !state_add(o->state, o->keys_signer, o->keys_unsigned, &info))
		return false;
	m->policy = IGVM_SNP_POLICY_SMT | IGVM_SNP_POLICY_ONE;
	return add_elf(o, e, m, &info, svsm) && add_guest(o, m, &info) &&
	       add_launch_info(e, m, &info, svsm) && (!o->multiboot || build_multiboot(o, e, m));
}

/*
 * Missing inputs are told apart from bad ones before anything is read: the first is a problem
 * of the host (3), the second one of the file (1).
 */
int igvm_build(const struct igvm_build_options *o)
{
	const char *elf_path = o->payload ? o->payload : o->svsm;
	const char *const inputs[] = {elf_path, o->kernel,   o->initrd,
				      o->bare,  o->firmware, o->multiboot};
	struct image *m = &(struct image){0};
	struct blob out = {0};
	struct elf e;
	bool ok, written;

	for (unsigned i = 0; i < ARRAY_LEN(inputs); i++)
		if (inputs[i] && access(inputs[i], R_OK)) {
			igvm_fail("%s: cannot be read", inputs[i]);
			return IGVM_EXIT_HOST;
		}
	if (!elf_open(&e, elf_path))
		return IGVM_EXIT_BAD_FILE;
	ok = fill(o, &e, m) && image_write(m, &out);
	written = ok && blob_write(o->output, out.data, out.size);
	blob_free(&out);
	image_free(m);
	elf_close(&e);
	return !ok ? IGVM_EXIT_BAD_FILE : written ? IGVM_EXIT_OK : IGVM_EXIT_HOST;
}
