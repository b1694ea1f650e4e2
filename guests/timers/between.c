/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Timers while the CPUs are at work in the SVSM: long TPM commands, calls, page state changes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi/svsm.h"
#include "module/keelson_ioctl.h"
#include "timers/beat.h"
#include "timers/clocks.h"
#include "tools/external.h"

#define CALLS 2000
#define PAGES 512

EXTERNAL_TEST(tpm_busy, "beats-tpm",
	      "1 kHz on every CPU while the TPM makes an RSA key: none lost, none early")
{
	external_limit(600);
	if (!beats_start())
		return;
	CHECK_EQ(system("exec tpm2_createprimary -Q -C n -G rsa2048 -c /tmp/primary >/tmp/said "
			"2>&1"),
		 0);
	beats_stop("tpm", 1000);
}

static int open_svsm(void)
{
	int fd = open("/dev/keelson-svsm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		external_fail(EXTERNAL_HERE, "/dev/keelson-svsm: %s", strerror(errno));
	return fd;
}

/* 58019, 6.6: SVSM_CORE_QUERY_PROTOCOL changes nothing, but each call is a way to VMPL0 and back.
 */
EXTERNAL_TEST(calls, "beats-calls", "the same while each CPU in turn makes 2,000 calls of the SVSM")
{
	int fd = open_svsm();

	external_limit(600);
	if (fd < 0 || !beats_start())
		return;
	for (unsigned cpu = 0; cpu < cpus_online(); cpu++) {
		struct keelson_repeat r = {
			.call = {.rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
				 .rcx = 1,
				 .cpu = cpu,
				 .pending = 1},
			.times = CALLS};

		CHECK_EQ(ioctl(fd, KEELSON_REPEAT, &r), 0);
		CHECK_EQ(r.different, 0);
		CHECK_EQ(r.call.rax, SVSM_SUCCESS);
	}
	beats_stop("calls", 500);
	close(fd);
}

EXTERNAL_TEST(pages, "beats-pages",
	      "the same while 512 pages at a time become shared and private again")
{
	int fd = open_svsm();

	external_limit(600);
	if (fd < 0 || !beats_start())
		return;
	for (unsigned cpu = 0; cpu < cpus_online(); cpu++) {
		struct keelson_share s = {.cpu = cpu, .pages = PAGES, .times = 2};

		CHECK_EQ(ioctl(fd, KEELSON_SHARE, &s), 0);
		CHECK_EQ(s.done, 2);
	}
	beats_stop("pages", 500);
	close(fd);
}
