/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The harness says EXEC with the payload's command line, and gets EXEC_END with its exit code. */
#include "bare/lib/bare.h"
#include "bare/lib/control.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"
#include "bare/shim/shim.h"
#include "lib/fmt.h"

void shim_fail(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	control_printf(CONTROL_LOG, "shim: %s", text);
	ghcb_terminate(0, 0);
	for (;;)
		;
}

/* An exit code has 8 bits, and none but 0 may become 0. */
void shim_exit(uint32_t code)
{
	control_printf(CONTROL_EXEC_END, "%u", code && !(code & 0xff) ? 1 : code & 0xff);
	test_serve(NULL);
	for (;;)
		;
}

void bare_main(void)
{
	static struct control_frame f;

	test_hello("payload");
	do {
		control_receive(&f);
	} while (f.type != CONTROL_EXEC && f.type != CONTROL_BYE);
	if (f.type == CONTROL_BYE)
		test_serve(&f);
	memory_init();
	vcpus_boot(f.payload);
}
