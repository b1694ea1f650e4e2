/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The measurements of a direct boot: those that OVMF, Linux's EFI stub and systemd-stub make of the
 * same kernel, initrd and command line, with the same bytes hashed, so that who knows how to judge
 * a boot by EFI can judge this one. What only firmware has (its own code, its variables, its boot
 * options) is not there. docs/vtpm.md names the sources.
 */
#include "harness/igvm/events.h"
#include "harness/igvm/authenticode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* There are 12 at most; the page has room for more. */
static struct launch_event *append(struct launch_info *info, uint32_t pcr, uint32_t type,
				   const char *text)
{
	struct launch_event *e = &info->events[info->event_count++];

	e->pcr = pcr;
	e->type = type;
	snprintf(e->text, sizeof(e->text), "%s", text);
	return e;
}

static void append_bytes(struct launch_info *info, uint32_t pcr, uint32_t type, const char *text,
			 const void *data, size_t size)
{
	struct launch_event *e = append(info, pcr, type, text);
	struct digests d;

	digests_begin(&d);
	digests_add(&d, data, size);
	digests_end(&d, e);
}

/* TCG PC Client Platform Firmware Profile, EV_SEPARATOR: four bytes of zeroes end what comes before
 * an operating system, in each of PCRs 0 to 7. */
void events_separators(struct launch_info *info)
{
	static const uint8_t separator[4];

	for (uint32_t pcr = 0; pcr < 8; pcr++)
		append_bytes(info, pcr, LAUNCH_EV_SEPARATOR, "separator", separator,
			     sizeof(separator));
}

/* A kernel without an EFI stub is no PE image; firmware would not start it, so its event is another
 * one, of the whole file. */
bool events_kernel(struct launch_info *info, const struct blob *kernel)
{
	struct launch_event *e;
	struct digests d;
	bool pe = kernel->size > 2 && memcmp(kernel->data, "MZ", 2) == 0, ok = true;

	e = append(info, EVENTS_PCR_KERNEL, pe ? LAUNCH_EV_EFI_APP : LAUNCH_EV_IPL,
		   pe ? "kernel" : "kernel, no PE image");
	digests_begin(&d);
	if (pe)
		ok = authenticode_add(&d, kernel);
	else
		digests_add(&d, kernel->data, kernel->size);
	digests_end(&d, e);
	return ok || igvm_fail("the kernel is a damaged PE image: it cannot be measured");
}

uint8_t *events_utf16(const char *cmdline, size_t *size)
{
	size_t n = strlen(cmdline) + 1;
	uint8_t *wide = calloc(n, 2);

	if (!wide) {
		igvm_fail("out of memory");
		exit(IGVM_EXIT_HOST);
	}
	for (size_t i = 0; i < n; i++)
		wide[2 * i] = (uint8_t)cmdline[i];
	*size = 2 * n;
	return wide;
}

/* systemd-stub measures before it starts the kernel's own stub, which measures again. */
void events_cmdline(struct launch_info *info, const char *cmdline)
{
	size_t size;
	uint8_t *wide;

	if (!*cmdline)
		return;
	wide = events_utf16(cmdline, &size);
	append_bytes(info, EVENTS_PCR_CMDLINE, LAUNCH_EV_IPL, "command line", wide, size);
	append_bytes(info, EVENTS_PCR_STUB, LAUNCH_EV_EVENT_TAG, "LOADED_IMAGE::LoadOptions", wide,
		     size);
	free(wide);
}

void events_initrd(struct launch_info *info, const struct blob *initrd)
{
	append_bytes(info, EVENTS_PCR_STUB, LAUNCH_EV_EVENT_TAG, "Linux initrd", initrd->data,
		     initrd->size);
}
