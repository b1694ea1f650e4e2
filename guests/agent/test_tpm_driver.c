/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The SVSM's vTPM as a TPM of Linux: by upstream's driver where the kernel has it, else by ours. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/svsm.h"
#include "agent/agent.h"
#include "agent/module.h"
#include "agent/tpm.h"

#define CHIP "/sys/class/tpm/tpm0"

/* FIPS 180-2, appendix B.1: SHA-256 of "abc". */
static const uint8_t abc_digest[32] = {
	0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
	0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
	0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

static bool upstream_driver(void)
{
	return access("/sys/bus/platform/drivers/tpm-svsm", F_OK) == 0;
}

/* Another test may have ended with the module unloaded. Without any driver the test is skipped. */
static bool chip_there(void)
{
	if (access(CHIP, F_OK) == 0)
		return true;
	if (!upstream_driver()) {
		if (!module_there())
			return false;
		module_load();
	}
	if (access(CHIP, F_OK) == 0)
		return true;
	agent_fail(AGENT_HERE, "there is no %s", CHIP);
	return false;
}

AGENT_TEST(present, "tpm-present",
	   "a TPM 2.0 chip, its two devices, and a line about it in the kernel log")
{
	char text[16], *log = agent_dmesg();

	if (chip_there()) {
		CHECK(agent_read(CHIP "/tpm_version_major", text, sizeof(text)) == 1);
		CHECK(!strcmp(text, "2"));
		CHECK(access("/dev/tpm0", R_OK | W_OK) == 0);
		CHECK(access("/dev/tpmrm0", R_OK | W_OK) == 0);
		CHECK(strstr(log, "SNP SVSM vTPM 2.0 device") != NULL);
	}
	free(log);
}

/* Linux says "A TPM error (256) occurred attempting the self test" of a TPM that nobody has
 * started: that is the firmware's part, here the SVSM's. */
AGENT_TEST(no_error, "tpm-no-error", "the kernel log has no word of an error of the TPM")
{
	char *log = agent_dmesg();

	if (chip_there())
		CHECK(strstr(log, "TPM error") == NULL);
	free(log);
}

/* The name of the driver that is bound to the chip's device. */
static void bound_driver(char *name, size_t size)
{
	char link[PATH_MAX];
	ssize_t n = readlink(CHIP "/device/driver", link, sizeof(link) - 1);

	link[n > 0 ? n : 0] = 0;
	snprintf(name, size, "%s", strrchr(link, '/') ? strrchr(link, '/') + 1 : "");
}

AGENT_TEST(one_driver, "tpm-one-driver",
	   "the kernel's own driver has the vTPM where there is one, else ours, never both")
{
	char name[64], *log = agent_dmesg();
	bool left = strstr(log, "left to it") != NULL;

	if (chip_there()) {
		bound_driver(name, sizeof(name));
		agent_log("driver %s", name);
		CHECK(!strcmp(name, upstream_driver() ? "tpm-svsm" : "keelson-tpm"));
		CHECK(access("/sys/class/tpm/tpm1", F_OK) != 0);
		CHECK_EQ(left, upstream_driver());
	}
	free(log);
}

/* 64 hexadecimal digits. */
static bool sysfs_pcr(unsigned pcr, uint8_t digest[32])
{
	char path[64], text[80];

	snprintf(path, sizeof(path), CHIP "/pcr-sha256/%u", pcr);
	if (agent_read(path, text, sizeof(text)) != 64)
		return false;
	for (unsigned i = 0; i < 32; i++)
		if (sscanf(text + 2 * i, "%2hhx", &digest[i]) != 1)
			return false;
	return true;
}

AGENT_TEST(pcrs, "tpm-pcrs", "sysfs shows the 24 PCRs of the SHA-256 bank as the TPM answers them")
{
	int fd = chip_there() ? tpm_open("/dev/tpm0") : -1;

	for (unsigned pcr = 0; fd >= 0 && pcr < 24; pcr++) {
		uint8_t shown[32], told[32];

		CHECK(sysfs_pcr(pcr, shown));
		CHECK_EQ(tpm_pcr_read(fd, pcr, told), 0);
		if (memcmp(shown, told, sizeof(told)))
			agent_fail(AGENT_HERE, "PCR %u differs", pcr);
	}
	close(fd);
}

/* ---- more than one at a time ---- */

enum {
	ROUNDS = 10
};

/* The exit code: 0, or which step failed. */
static int hash_rounds(void)
{
	int fd = tpm_open("/dev/tpmrm0");
	uint8_t digest[32];

	for (int i = 0; i < ROUNDS; i++)
		if (tpm_hash(fd, "abc", 3, digest) || memcmp(digest, abc_digest, sizeof(digest)))
			return i + 1;
	return 0;
}

AGENT_TEST(two_processes, "tpm-two-processes",
	   "two processes use /dev/tpmrm0 at once, each with an object of its own in the TPM")
{
	pid_t child[2];
	int status;

	if (!chip_there())
		return;
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i] == 0)
			_exit(hash_rounds());
	}
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(waitpid(child[i], &status, 0), child[i]);
		CHECK_EQ(status, 0);
	}
}

struct load {
	bool stop;
	unsigned commands, bad;
};

static void *random_load(void *arg)
{
	struct load *load = arg;
	int fd = tpm_open("/dev/tpmrm0");
	uint8_t bytes[32];

	for (; !READ_ONCE(load->stop) || !load->commands; load->commands++)
		load->bad += tpm_random(fd, bytes, sizeof(bytes)) != 0;
	close(fd);
	return NULL;
}

AGENT_TEST(raw_beside, "tpm-raw-calls",
	   "raw calls and TPM commands at the same time do not disturb each other")
{
	int raw = chip_there() ? module_open() : -1;
	struct load load = {0};
	pthread_t thread;

	if (raw < 0)
		return;
	if (pthread_create(&thread, NULL, random_load, &load)) {
		agent_fail(AGENT_HERE, "no thread");
		return;
	}
	for (unsigned i = 0; i < 20; i++) {
		struct keelson_repeat r = {
			.call = {.rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
				 .rcx = (uint64_t)SVSM_PROTO_VTPM << 32 | 1,
				 .cpu = i % agent_cpus_online(),
				 .pending = 1},
			.times = 50,
		};

		CHECK_EQ(ioctl(raw, KEELSON_REPEAT, &r), 0);
		CHECK_EQ(r.different, 0);
		CHECK_EQ(r.call.rax, SVSM_SUCCESS);
		CHECK_EQ(r.call.rcx, 1ull << 32 | 1);
	}
	WRITE_ONCE(load.stop, true);
	pthread_join(thread, NULL);
	agent_log("%u commands beside the calls", load.commands);
	CHECK_EQ(load.bad, 0);
	close(raw);
}

/* ---- long commands ---- */

AGENT_TEST(long_command, "tpm-long-command",
	   "a command that takes seconds comes back with its answer")
{
	int fd = chip_there() ? tpm_open("/dev/tpmrm0") : -1;

	if (fd >= 0)
		CHECK_EQ(tpm_make_rsa(fd), 0);
	close(fd);
}

static bool primary_command(int fd, struct tpm_message *m)
{
	(void)fd;
	tpm_rsa_command(m);
	return true;
}

/* A process that starts a long command, which is under way soon, and never reads the answer. */
static pid_t start_long_command(bool (*command)(int fd, struct tpm_message *m))
{
	struct tpm_message m;
	int fd, ready[2];
	pid_t pid;

	CHECK_EQ(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		fd = tpm_open("/dev/tpmrm0");
		if (!command(fd, &m) || write(ready[1], "", 1) != 1)
			_exit(2);
		_exit(write(fd, m.bytes, m.len) == (ssize_t)m.len ? 0 : 1);
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &m, 1), 1);
	close(ready[0]);
	return pid;
}

/* A TPM has room for three objects; a hash sequence is one. */
static void check_killed(bool (*command)(int fd, struct tpm_message *m))
{
	uint8_t digest[32];
	int fd, status;

	if (!chip_there())
		return;
	fd = tpm_open("/dev/tpmrm0");
	for (int i = 0; i < 3; i++) {
		pid_t pid = start_long_command(command);

		usleep(50000);
		kill(pid, SIGKILL);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFSIGNALED(status)); /* it was not done already */
		CHECK_EQ(tpm_random(fd, digest, sizeof(digest)), 0);
	}
	CHECK_EQ(tpm_hash(fd, "abc", 3, digest), 0);
	CHECK(!memcmp(digest, abc_digest, sizeof(digest)));
	close(fd);
}

AGENT_TEST(killed, "tpm-killed",
	   "processes can be killed in the middle of commands: the TPM goes on, and loses no room")
{
	check_killed(primary_command);
}

AGENT_TEST(killed_loaded, "tpm-killed-loaded",
	   "a process that dies with an object loaded leaves no object in the TPM")
{
	check_killed(tpm_rsa_child_command);
}

/* ---- the driver goes ---- */

AGENT_TEST(
	unload_open, "tpm-unload-open",
	"the module can go while /dev/tpm0 is open: the file is dead, and a new chip comes with it")
{
	uint8_t bytes[32];
	int fd, error;
	uint32_t rc;

	if (!chip_there() || !module_there())
		return;
	fd = tpm_open("/dev/tpm0");
	CHECK_EQ(tpm_random(fd, bytes, sizeof(bytes)), 0);
	CHECK_EQ(module_unload(), 0);
	rc = tpm_random(fd, bytes, sizeof(bytes));
	error = errno;
	CHECK_EQ(rc, upstream_driver() ? 0 : ~0u); /* upstream's chip does not care */
	CHECK_EQ(error, upstream_driver() ? 0 : EPIPE);
	CHECK_EQ(access(CHIP, F_OK) == 0, upstream_driver());
	close(fd);
	CHECK_EQ(module_load(), 0);
	fd = tpm_open("/dev/tpm0");
	CHECK_EQ(tpm_random(fd, bytes, sizeof(bytes)), 0);
	close(fd);
}

AGENT_TEST(unload_busy, "tpm-unload-busy",
	   "unloading waits for the command that is under way, and a new chip goes on after it")
{
	uint8_t bytes[32];
	int fd, status;
	pid_t pid;

	if (!chip_there() || !module_there())
		return;
	pid = start_long_command(primary_command);
	usleep(200000);
	CHECK_EQ(module_unload(), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(module_load(), 0);
	fd = tpm_open("/dev/tpmrm0");
	CHECK_EQ(tpm_random(fd, bytes, sizeof(bytes)), 0);
	close(fd);
}
