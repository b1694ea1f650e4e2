/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The vTPM's program. What ends it (a TPM that cannot be started, a fault) the kernel reports. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include "services/lib/service.h"
#include "services/vtpm/serve.h"

int main(void)
{
	struct service_head head;

	/* no configuration file, and nothing to do at exit */
	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) ||
	    !serve_start())
		return EXIT_FAILURE;
	while (service_wait(&head) == 0 && serve(&head))
		;
	return EXIT_FAILURE;
}
