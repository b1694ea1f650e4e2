/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The vTPM's program. What ends it (a TPM that cannot be started, a fault) the kernel reports. */
#include <openssl/crypto.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include "services/lib/service.h"
#include "services/vtpm/serve.h"

/* libtpms takes and gives back 272 KiB with each NV write: keep the pages, or each time they are
 * mapped, zeroed and unmapped. */
static bool keep_memory(void)
{
	return mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

int main(void)
{
	struct service_head head;

	/* no configuration file, and nothing to do at exit */
	if (!keep_memory() ||
	    !OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) ||
	    !serve_start())
		return EXIT_FAILURE;
	while (service_wait(&head) == 0 && serve(&head))
		;
	return EXIT_FAILURE;
}
