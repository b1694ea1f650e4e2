/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The vTPM's program: sets up the libraries, then serves one request after the other. It ends when
 * the TPM cannot be started or goes on no more; the kernel reports that and starts the program
 * anew for the next request.
 */
#include <openssl/crypto.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include "services/lib/service.h"
#include "services/vtpm/serve.h"

/* libtpms allocates and frees 272 KiB with each NV write. Keep these pages: otherwise each time
 * they are mapped, zeroed and unmapped. */
static bool keep_memory(void)
{
	return mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

int main(void)
{
	struct service_head head;

	/* no configuration file and no exit handlers */
	if (!keep_memory() ||
	    !OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) ||
	    !serve_start())
		return EXIT_FAILURE;
	while (service_wait(&head) == 0 && serve(&head))
		;
	return EXIT_FAILURE;
}
