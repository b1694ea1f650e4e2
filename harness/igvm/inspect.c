/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson igvm inspect: what an IGVM file would do to a guest's memory, in the order of its
 * headers. It takes files of other projects too. Of a file that is refused it shows the headers up
 * to the one that is wrong: they often tell who made the file, and what for.
 */
#include "abi/vmsa.h"
#include "harness/igvm/fit.h"
#include "harness/igvm/igvm_cmd.h"
#include "harness/igvm/launch_page.h"
#include "harness/igvm/releases.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Opening checks the fixed header, checking walks over all others. Nothing of a file that
 * failed either may be used.
 */
bool igvm_open_blob(struct igvm_file *f, const struct blob *b, const char *path)
{
	uint32_t at;
	enum igvm_error e = igvm_open(f, b->data, b->size, b->size);

	if (e)
		return igvm_fail("%s: %s", path, igvm_error_text(e));
	e = igvm_check(f, &at);
	return !e || igvm_fail("%s: header at 0x%" PRIx32 ": %s", path, at, igvm_error_text(e));
}

/* Page data come by the thousand: pages of one kind in a row are one line. */
struct run {
	uint64_t gpa, end;
	uint32_t mask, flags;
	uint16_t type;
	bool zero;
};

static const char *page_kind(const struct run *r)
{
	static const char *const names[IGVM_PAGE_TYPES] = {"page data", "secrets page",
							   "CPUID page", "CPUID page (XF)"};

	return r->zero && !r->type ? "zero pages" : names[r->type];
}

/* Prints the pages collected so far as one line, and forgets them. */
static void flush(struct run *r)
{
	if (r->end != r->gpa)
		printf("  %-20s 0x%09" PRIx64 "..0x%09" PRIx64 " %8" PRIu64
		       " KiB mask 0x%x%s%s%s\n",
		       page_kind(r), r->gpa, r->end, (r->end - r->gpa) >> 10, r->mask,
		       r->flags & IGVM_PAGE_UNMEASURED ? " unmeasured" : "",
		       r->flags & IGVM_PAGE_SHARED ? " shared" : "",
		       r->flags & IGVM_PAGE_2M ? " 2M" : "");
	r->end = r->gpa;
}

/* Joins a page to the line that is being collected, or starts the next line. */
static void add_page(struct run *r, const struct igvm_page_data *p)
{
	bool zero = !p->file_offset;

	if (r->end != p->gpa || r->mask != p->compatibility_mask || r->flags != p->flags ||
	    r->type != p->type || r->zero != zero) {
		flush(r);
		*r = (struct run){.gpa = p->gpa,
				  .mask = p->compatibility_mask,
				  .flags = p->flags,
				  .type = p->type,
				  .zero = zero};
	}
	r->end = p->gpa + igvm_page_size(p);
}

static void show_platform(const struct igvm_supported_platform *p)
{
	printf("  %-20s %s, version %u, mask 0x%x, highest VTL %u, shared boundary 0x%" PRIx64 "\n",
	       "supported platform", igvm_platform_name(p->platform_type), p->platform_version,
	       p->compatibility_mask, p->highest_vtl, p->shared_gpa_boundary);
}

/*
 * The registers are shown only where the context is a VMSA: for other platforms it has another
 * layout.
 */
static void show_context(const struct igvm_file *f, const struct igvm_header *h)
{
	const struct igvm_vp_context *c = h->body;
	uint32_t snp = igvm_platform_mask(f, IGVM_PLATFORM_SEV_SNP) |
		       igvm_platform_mask(f, IGVM_PLATFORM_SEV_ES);
	const struct vmsa *v = (const void *)(f->base + c->file_offset);

	printf("  %-20s 0x%09" PRIx64 " VP %u mask 0x%x", "VP context", c->gpa, c->vp_index,
	       h->mask);
	if (h->mask & snp)
		printf(" rip 0x%" PRIx64 " cr0 0x%" PRIx64 " efer 0x%" PRIx64
		       " sev_features 0x%" PRIx64,
		       v->rip, v->cr0, v->efer, v->sev_features);
	putchar('\n');
}

static void show_range(const struct igvm_header *h, uint64_t gpa, uint64_t size)
{
	printf("  %-20s 0x%09" PRIx64 "..0x%09" PRIx64 " %8" PRIu64 " KiB mask 0x%x\n",
	       igvm_type_name(h->type), gpa, gpa + size, size >> 10, h->mask);
}

/*
 * Every header but page data, a line each. body points at the header's value; igvm_check() has
 * seen that it is long enough.
 */
static void show(const struct igvm_file *f, const struct igvm_header *h)
{
	const struct igvm_guest_policy *policy = h->body;
	const struct igvm_required_memory *required = h->body;
	const struct igvm_error_range *error = h->body;
	const struct igvm_parameter_area *area = h->body;
	const struct igvm_parameter_insert *insert = h->body;
	const struct igvm_parameter *parameter = h->body;

	switch (h->type) {
	case IGVM_SUPPORTED_PLATFORM:
		show_platform(h->body);
		break;
	case IGVM_GUEST_POLICY:
		printf("  %-20s 0x%" PRIx64 " mask 0x%x\n", "guest policy", policy->policy,
		       h->mask);
		break;
	case IGVM_REQUIRED_MEMORY:
		show_range(h, required->gpa, required->size);
		break;
	case IGVM_ERROR_RANGE:
		show_range(h, error->gpa, error->size);
		break;
	case IGVM_PARAMETER_AREA:
		printf("  %-20s %u: %" PRIu64 " KiB\n", "parameter area", area->index,
		       area->size >> 10);
		break;
	case IGVM_PARAMETER_INSERT:
		printf("  %-20s %u at 0x%09" PRIx64 " mask 0x%x\n", "parameter insert",
		       insert->index, insert->gpa, h->mask);
		break;
	case IGVM_VP_CONTEXT:
		show_context(f, h);
		break;
	default:
		if (h->length == sizeof(*parameter))
			printf("  %-20s area %u, offset 0x%x\n", igvm_type_name(h->type),
			       parameter->index, parameter->offset);
		else
			printf("  %-20s %u bytes, mask 0x%x\n", igvm_type_name(h->type), h->length,
			       h->mask);
	}
}

static void show_section(const struct launch_section *s)
{
	const char *name = s->type == LAUNCH_SECTION_MEMORY          ? "memory"
			   : s->type == LAUNCH_SECTION_SECRETS       ? "secrets"
			   : s->type == LAUNCH_SECTION_CPUID         ? "CPUID"
			   : s->type == LAUNCH_SECTION_CAA           ? "calling area"
			   : s->type == LAUNCH_SECTION_KERNEL_HASHES ? "hashes of kernel, initrd"
								     : "unknown";

	printf("  %-20s 0x%08x..0x%08" PRIx64 " %s\n", "firmware's section", s->gpa,
	       (uint64_t)s->gpa + s->size, name);
}

/* What the SVSM will do: all of it is measured. */
static void show_launch(const struct igvm_file *f)
{
	static const char *const guests[] = {"none", "Linux", "bare image", "firmware"};
	struct launch_info l;

	if (!launch_page_find(f, &l))
		return;
	printf("  %-20s guest: %s, VMPL %u, service CPUs: %u, TPM measurements: "
	       "%u%s%s%s%s%s%s%s%s%s\n",
	       "launch", l.guest < ARRAY_LEN(guests) ? guests[l.guest] : "unknown", l.guest_vmpl,
	       l.service_cpus, l.event_count, l.flags & LAUNCH_FLAG_SELFTEST ? ", self-tests" : "",
	       l.flags & LAUNCH_FLAG_TEST ? ", test protocol" : "",
	       l.flags & LAUNCH_FLAG_PANIC ? ", panic" : "",
	       l.flags & LAUNCH_FLAG_ALT_INJ ? ", alternate injection" : "",
	       l.flags & LAUNCH_FLAG_SECURE_TSC ? ", SecureTSC" : "",
	       l.flags & LAUNCH_FLAG_COM1 ? ", log on COM1" : "",
	       l.flags & LAUNCH_FLAG_STATE ? ", TPM's state kept" : "",
	       l.flags & LAUNCH_FLAG_STATE_REQUIRED ? ", and required" : "",
	       l.flags & LAUNCH_FLAG_KEYS_UNSIGNED ? ", sealed with anybody's keys"
	       : l.flags & LAUNCH_FLAG_KEYS        ? ", sealed with a key server's keys"
	       : l.flags & LAUNCH_FLAG_TEST_KEY    ? ", sealed with the TEST KEY"
						   : "");
	for (uint32_t i = 0; i < MIN(l.section_count, LAUNCH_SECTIONS_MAX); i++)
		show_section(&l.sections[i]);
}

/* All headers, or those before the first one that is wrong, whose offset is then in *at. */
static enum igvm_error inspect(const struct igvm_file *f, const char *path, uint32_t *at)
{
	struct igvm_iter it;
	struct igvm_header h;
	struct run run = {0};
	enum igvm_error e;

	printf("%s: IGVM version %u, %u bytes, headers 0x%x..0x%x\n", path, f->version, f->size,
	       f->header_start, f->data_start);
	show_launch(f);
	igvm_iter_init(&it, f);
	while ((e = igvm_next(&it, &h)) == IGVM_OK) {
		if (h.type == IGVM_PAGE_DATA) {
			add_page(&run, h.body);
			continue;
		}
		flush(&run);
		show(f, &h);
	}
	flush(&run);
	*at = it.at;
	return e == IGVM_END ? IGVM_OK : e;
}

static bool inspect_blob(const struct blob *b, const char *path)
{
	struct igvm_file f;
	uint32_t at;
	enum igvm_error e = igvm_open(&f, b->data, b->size, b->size);

	if (e)
		return igvm_fail("%s: %s", path, igvm_error_text(e));
	e = inspect(&f, path, &at);
	fflush(stdout); /* the error comes behind what was shown */
	return !e || igvm_fail("%s: header at 0x%" PRIx32 ": %s", path, at, igvm_error_text(e));
}

struct request {
	const char *path, *release;
	bool json;
};

/* FILE [--for RELEASE [--json]] in any order. */
static bool parse(struct request *r, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--for") && i + 1 < argc)
			r->release = argv[++i];
		else if (!strcmp(argv[i], "--json"))
			r->json = true;
		else if (argv[i][0] != '-' && !r->path)
			r->path = argv[i];
		else
			return false;
	}
	return r->path && (r->release || !r->json);
}

static int inspect_for(const struct request *r, const struct blob *b, unsigned release)
{
	struct igvm_file f;

	if (!igvm_open_blob(&f, b, r->path))
		return IGVM_EXIT_BAD_FILE;
	return igvm_fit(&f, r->path, release, r->json);
}

int igvm_inspect_command(int argc, char **argv)
{
	struct request r = {0};
	unsigned release = 0;
	struct blob b;
	int rc;

	if (!parse(&r, argc, argv)) {
		igvm_fail("usage: keelson igvm inspect FILE [--for qemu-10.1 [--json]]");
		return IGVM_EXIT_USAGE;
	}
	if (r.release && !release_read(r.release, &release)) {
		igvm_fail("--for takes a release as qemu-10.1, not '%s'", r.release);
		return IGVM_EXIT_USAGE;
	}
	if (!blob_read(r.path, &b))
		return IGVM_EXIT_HOST;
	if (r.release)
		rc = inspect_for(&r, &b, release);
	else
		rc = inspect_blob(&b, r.path) ? IGVM_EXIT_OK : IGVM_EXIT_BAD_FILE;
	blob_free(&b);
	return rc;
}
