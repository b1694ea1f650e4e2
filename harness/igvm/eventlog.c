/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The event log in the format that firmware hands to an operating system. It is little-endian and
 * packed. Event data are what was hashed for separators and systemd-stub's command line, as the
 * firmware profile and tpm2_eventlog expect; for the others they say what it was.
 */
#include "harness/igvm/eventlog.h"
#include "harness/igvm/events.h"

#include <stdlib.h>
#include <string.h>

#define EV_NO_ACTION 3
/* Linux, drivers/firmware/efi/libstub/efistub.h */
#define TAG_INITRD       0x8f3b22ecu
#define TAG_LOAD_OPTIONS 0x8f3b22edu

static void put(struct blob *out, const void *data, size_t size)
{
	if (size)
		memcpy(blob_grow(out, size), data, size);
}

static void put32(struct blob *out, uint32_t v)
{
	put(out, &v, sizeof(v));
}

static void put16(struct blob *out, uint16_t v)
{
	put(out, &v, sizeof(v));
}

/* TCG_EfiSpecIDEvent: platform class 0, version 2.0 errata 0, UINTN of 8 bytes, the algorithms, no
 * vendor data. */
static void put_spec_id(struct blob *out)
{
	static const uint8_t head[] = {0, 0, 0, 0, 0, 2, 0, 2}, vendor[1];

	put(out, "Spec ID Event03", 16);
	put(out, head, sizeof(head));
	put32(out, BANKS);
	for (enum bank b = 0; b < BANKS; b++) {
		put16(out, bank_info[b].alg);
		put16(out, bank_info[b].bytes);
	}
	put(out, vendor, sizeof(vendor));
}

/* The first event has the old form, with one SHA-1 digest, of zeroes. */
static void put_header(struct blob *out)
{
	static const uint8_t digest[20];
	struct blob id = {0};

	put_spec_id(&id);
	put32(out, 0); /* PCR */
	put32(out, EV_NO_ACTION);
	put(out, digest, sizeof(digest));
	put32(out, (uint32_t)id.size);
	put(out, id.data, id.size);
	blob_free(&id);
}

/* TCG_PCClientTaggedEvent */
static void put_tagged(struct blob *out, const char *text)
{
	size_t size = strlen(text) + 1;

	put32(out, strcmp(text, "Linux initrd") ? TAG_LOAD_OPTIONS : TAG_INITRD);
	put32(out, (uint32_t)size);
	put(out, text, size);
}

/* UEFI_IMAGE_LOAD_EVENT: address, length, link time, length of the device path, no device path. No
 * loader has loaded the kernel, so there is nothing to say. */
static void put_image(struct blob *out)
{
	static const uint8_t unknown[32];

	put(out, unknown, sizeof(unknown));
}

static void put_ipl(struct blob *out, const struct launch_event *e, const char *cmdline)
{
	size_t size;
	uint8_t *wide = events_utf16(e->pcr == EVENTS_PCR_CMDLINE ? cmdline : e->text, &size);

	put(out, wide, size);
	free(wide);
}

static void put_data(struct blob *out, const struct launch_event *e, const char *cmdline)
{
	switch (e->type) {
	case LAUNCH_EV_SEPARATOR:
		put32(out, 0);
		break;
	case LAUNCH_EV_EFI_APP:
		put_image(out);
		break;
	case LAUNCH_EV_EVENT_TAG:
		put_tagged(out, e->text);
		break;
	default:
		put_ipl(out, e, cmdline);
	}
}

static void put_event(struct blob *out, struct launch_event e, const char *cmdline)
{
	struct blob data = {0};

	put_data(&data, &e, cmdline);
	put32(out, e.pcr);
	put32(out, e.type);
	put32(out, BANKS);
	for (enum bank b = 0; b < BANKS; b++) {
		put16(out, bank_info[b].alg);
		put(out, digest_of(&e, b), bank_info[b].bytes);
	}
	put32(out, (uint32_t)data.size);
	put(out, data.data, data.size);
	blob_free(&data);
}

void eventlog_make(const struct launch_info *info, const char *cmdline, struct blob *out)
{
	put_header(out);
	for (uint32_t i = 0; i < info->event_count; i++)
		put_event(out, info->events[i], cmdline);
}
