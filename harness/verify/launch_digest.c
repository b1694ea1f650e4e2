/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What a launch of an IGVM file is measured as, by harness/igvm, which knows the format. */
#include <string.h>

#include "harness/igvm/measure.h"
#include "harness/igvm/open.h"
#include "harness/verify/launch_digest.h"

bool launch_digest(const char *path, const struct launch_host *host,
		   uint8_t digest[LAUNCH_DIGEST_BYTES], bool *unreadable)
{
	struct igvm_file f;
	struct measure m;
	struct blob b;
	bool ok;

	*unreadable = !blob_read(path, &b);
	if (*unreadable)
		return false;
	ok = igvm_open_blob(&f, &b, path);
	if (ok && measure_snp(&f, host->native_zero, &m) != IGVM_OK)
		ok = igvm_fail("%s: not for SEV-SNP", path);
	if (ok)
		measure_more_vcpus(&m, host->vcpus, host->cpu_signature);
	if (ok)
		memcpy(digest, m.digest, LAUNCH_DIGEST_BYTES);
	blob_free(&b);
	return ok;
}
