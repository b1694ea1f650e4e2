/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The judges as tests of the agent (docs/writing-tests.md, programs of the guest image): each runs
 * below the image on the virtio disk, which is mounted at the first and keeps the logs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIST "/referee/judges" /* a name, a tab and one line each */
#define ROOT "/image"

enum {
	REPORT_FD = 3,
	LOOK = 20,       /* seconds between looks at a judge's log */
	SILENCE = 600,   /* seconds without a word in it that a judge may take */
	DISK_WAIT = 100, /* tenths of a second */
	SKIP_KSELFTEST = 4,
	SKIP_AUTOMAKE = 77,
	TAIL = 600, /* bytes of the log that a failure quotes */
};

static int fail(const char *what)
{
	dprintf(REPORT_FD, "FAIL referee %s: %s\n", what, strerror(errno));
	return 1;
}

static int list(void)
{
	char line[256];
	FILE *f = fopen(LIST, "re");

	while (f && fgets(line, sizeof(line), f))
		fputs(line, stdout);
	return f ? 0 : 1;
}

/* ---- the image ---- */

static void load_disk_driver(void)
{
	int fd = open("/modules/virtio_blk.ko", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	for (int i = 0; i < DISK_WAIT && access("/dev/vda", F_OK); i++)
		usleep(100000);
}

/* The agent's own mounts, seen from inside, and the link that udev would make. */
static int mount_shared(void)
{
	static const char *const shared[] = {"/dev", "/proc", "/sys"};
	char inside[64];

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
		snprintf(inside, sizeof(inside), ROOT "%s", shared[i]);
		if (mount(shared[i], inside, NULL, MS_BIND, NULL))
			return fail(shared[i]);
	}
	return symlink("/proc/self/fd", ROOT "/dev/fd") && errno != EEXIST ? fail("/dev/fd") : 0;
}

/* Once a boot, but for /tmp, which is new for each judge. */
static int mount_image(void)
{
	if (access(ROOT "/judges", F_OK)) {
		load_disk_driver();
		mkdir(ROOT, 0755);
		if (mount("/dev/vda", ROOT, "ext2", 0, NULL))
			return fail("no image on /dev/vda");
		if (mount_shared())
			return 1;
	}
	umount2(ROOT "/tmp", MNT_DETACH);
	return mount("tmpfs", ROOT "/tmp", "tmpfs", 0, NULL) ? fail("/tmp") : 0;
}

/* ---- one judge ---- */

static void become(const char *name)
{
	close(REPORT_FD);
	setsid();
	if (chroot(ROOT) == 0 && chdir("/") == 0)
		execl("/judges/judge", "judge", name, NULL);
	_exit(127);
}

static long log_size(const char *log)
{
	struct stat st;

	return stat(log, &st) == 0 ? (long)st.st_size : 0;
}

/* waitpid()'s status; -1 when its log did not grow any more, and then it was killed. */
static int wait_for(pid_t pid, const char *log)
{
	const struct timespec look = {.tv_sec = LOOK};
	long size = 0, before = 0;
	unsigned silent = 0;
	sigset_t set;
	int status;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (sigtimedwait(&set, NULL, &look) >= 0 || errno != EAGAIN)
			continue;
		size = log_size(log);
		silent = size == before ? silent + LOOK : 0;
		before = size;
		if (silent >= SILENCE) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		printf("%ld bytes of log\n", size); /* the harness hears that it goes on */
		fflush(stdout);
	}
	return status;
}

/* The log's last lines go to the control log; the whole of it is on the disk. */
static void quote(const char *log)
{
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	char text[TAIL + 1];
	ssize_t n;

	lseek(fd, -TAIL, SEEK_END);
	n = read(fd, text, TAIL);
	if (n > 0)
		printf("%.*s\n", (int)n, text);
	fflush(stdout);
	close(fd);
}

static int judge(const char *name)
{
	char log[128];
	sigset_t set;
	pid_t pid;
	int status;

	snprintf(log, sizeof(log), ROOT "/logs/%s.log", name);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		become(name);
	}
	status = wait_for(pid, log);
	sync();
	if (status == 0)
		return 0;
	quote(log);
	if (status == -1)
		dprintf(REPORT_FD, "FAIL %s no word for %d s, killed\n", name, SILENCE);
	else if (!WIFEXITED(status))
		dprintf(REPORT_FD, "FAIL %s ended by signal %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status) == SKIP_AUTOMAKE || WEXITSTATUS(status) == SKIP_KSELFTEST)
		dprintf(REPORT_FD, "SKIP it says so itself (exit code %d)\n", WEXITSTATUS(status));
	else
		dprintf(REPORT_FD, "FAIL %s exit code %d\n", name, WEXITSTATUS(status));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "--list") == 0)
		return list();
	dprintf(REPORT_FD, "LIMIT %d\n", 2 * SILENCE);
	return mount_image() ? 0 : judge(argv[1]);
}
