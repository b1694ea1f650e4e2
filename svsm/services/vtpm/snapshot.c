/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A TPM's whole state as one blob, and back. For suites of test builds only, by way of
 * protocols/test_protocol.c: it takes the TPM's secrets out of the SVSM. A blob that comes in is
 * checked before the running TPM is given up.
 */
#include "services/vtpm/snapshot.h"
#include <string.h>
#include "lib/crc32.h"
#include "services/vtpm/tpm.h"

static const uint8_t magic[4] = {'K', 'T', 'P', 'M'};

/* Returns the blob's length; 0: no room. */
static uint32_t put(const struct tpm_image *image, uint8_t *out, uint32_t room)
{
	struct snapshot_head head = {.version = SNAPSHOT_VERSION,
				     .permanent_len = image->permanent_len,
				     .volatile_len = image->transient_len};
	uint32_t len = image->permanent_len + image->transient_len;

	if (room < sizeof(head) || room - sizeof(head) < len)
		return 0;
	memcpy(head.magic, magic, sizeof(magic));
	memcpy(out + sizeof(head), image->permanent, image->permanent_len);
	memcpy(out + sizeof(head) + image->permanent_len, image->transient, image->transient_len);
	head.crc = crc32_update(0, out + sizeof(head), len);
	memcpy(out, &head, sizeof(head));
	return (uint32_t)sizeof(head) + len;
}

uint32_t snapshot_save(void *out, uint32_t room)
{
	struct tpm_image image;
	uint32_t len;

	if (!tpm_image_take(&image))
		return 0;
	len = put(&image, out, room);
	tpm_image_free(&image);
	return len;
}

/* Checks a blob and points *image into it. Nothing is copied. False: not a blob of this version,
 * or damaged. */
static bool parse(const uint8_t *blob, uint32_t len, struct tpm_image *image)
{
	struct snapshot_head head;

	if (len < sizeof(head))
		return false;
	memcpy(&head, blob, sizeof(head));
	len -= (uint32_t)sizeof(head);
	blob += sizeof(head);
	if (memcmp(head.magic, magic, sizeof(magic)) || head.version != SNAPSHOT_VERSION ||
	    head.permanent_len > len || head.volatile_len != len - head.permanent_len ||
	    head.crc != crc32_update(0, blob, len))
		return false;
	*image = (struct tpm_image){.permanent = (uint8_t *)blob,
				    .permanent_len = head.permanent_len,
				    .transient = (uint8_t *)blob + head.permanent_len,
				    .transient_len = head.volatile_len};
	return true;
}

/* When the TPM does not take the new state, it gets its old one back. */
bool snapshot_restore(const void *blob, uint32_t len, bool *alive)
{
	struct tpm_image new, old;
	bool ok;

	*alive = true;
	if (!parse(blob, len, &new) || !tpm_image_take(&old))
		return false;
	ok = tpm_image_run(&new);
	if (!ok)
		*alive = tpm_image_run(&old);
	tpm_image_free(&old);
	return ok;
}
