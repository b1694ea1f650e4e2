/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson doctor: one line for each thing that builds and runs depend on, with what to do when
 * it is missing. It changes nothing and starts no guest. The exit code is 0 when all that `make
 * check` needs is there; what only some platform needs is reported and does not count, unless that
 * platform is asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/commands.h"
#include "harness/doctor.h"
#include "harness/core/exitcode.h"
#include "launch/profiles/ask.h"
#include "launch/profiles/profile.h"
#include "harness/core/options.h"
#include "harness/core/paths.h"

static unsigned faults;

static void good(const char *what, const char *detail)
{
	printf("ok       %-16s %s\n", what, detail);
}

/* Only these lines make the exit code: see optional(). */
static void bad(const char *what, const char *todo)
{
	printf("MISSING  %-16s %s\n", what, todo);
	faults++;
}

/* Something that most users can do without. */
static void optional(const char *what, const char *why)
{
	printf("no       %-16s %s\n", what, why);
}

/* First line of a command's output (malloc'ed); NULL when it has none, or fails: then the line is a
 * shell's or a program's complaint. The rest is read too, or the command would die of it. */
static char *first_line(const char *command)
{
	char line[256], rest[256];
	FILE *f = popen(command, "re");
	bool got = f && fgets(line, sizeof(line), f);

	while (got && fgets(rest, sizeof(rest), f))
		;
	if (!f || pclose(f) != 0 || !got)
		return NULL;
	line[strcspn(line, "\n")] = 0;
	return str_dup(line);
}

/* ask: what to run, one line of its output says that the tool is there. */
static void check(const char *name, const char *package, const char *ask)
{
	char *line = first_line(ask);
	char *todo = str("install it (Debian: apt install %s)", package);

	if (line)
		good(name, line);
	else
		bad(name, todo);
	free(todo);
	free(line);
}

static void check_tool(const char *name, const char *package)
{
	char *ask = str("%s --version 2>&1", name);

	check(name, package, ask);
	free(ask);
}

/* For programs that have no --version. */
static void check_program(const char *name, const char *package)
{
	char *ask = str("command -v %s", name);

	check(name, package, ask);
	free(ask);
}

/* What the linker would find. */
static void check_library(const char *name, const char *package)
{
	char *ask = str("gcc -print-file-name=%s | grep /", name);

	check(name, package, ask);
	free(ask);
}

/* As a word for the shell, whatever is in it (malloc'ed). */
static char *quote(const char *word)
{
	struct strlist one = {0};
	char *quoted;

	strlist_add(&one, word);
	quoted = strlist_shell(&one);
	strlist_free(&one);
	return quoted;
}

/*
 * QEMU's version decides most of it. A distribution may build it without TCG or with a TCG that
 * plays no AMD processor: the program itself is asked, by QMP and without a machine.
 */
static void check_qemu(const char *qemu)
{
	char *why = profile_native.missing(qemu), *text = NULL, *command, *line, *quoted;

	if (why) {
		bad("QEMU", why);
		free(why);
		return;
	}
	ask_qemu_version(qemu, &text);
	good("QEMU", text);
	free(text);
	quoted = quote(qemu);
	/* TCG is a build option of QEMU. It says itself what processor it plays. */
	command =
		str("printf '%%s' '{\"execute\":\"qmp_capabilities\"}"
		    "{\"execute\":\"query-cpu-model-expansion\",\"arguments\":"
		    "{\"type\":\"full\",\"model\":{\"name\":\"max\"}}}{\"execute\":\"quit\"}' | "
		    "timeout 120 %s -machine none -accel tcg -nodefaults -display none -qmp stdio "
		    "2>/dev/null | grep -o '\"svm\": true'",
		    quoted);
	line = first_line(command);
	if (line)
		good("TCG with SVM", "the native platform's processor");
	else
		bad("TCG with SVM", "this QEMU cannot play an AMD processor with SVM: use your "
				    "distribution's build");
	free(line);
	free(command);
	free(quoted);
}

/* Hardware that this host may have or not: the profile knows what it needs. */
static void check_platform(const struct profile *p, const char *qemu)
{
	char *why = profile_missing(p, qemu), *what = str("platform %s", p->name);

	if (why)
		optional(what, why);
	else
		good(what, p->says);
	free(why);
	free(what);
}

/* A file that some target of make brings. */
static void check_file(const char *what, const char *name, const char *todo)
{
	char *path = paths_in_build(name);

	if (file_exists(path))
		good(what, paths_short(path));
	else
		bad(what, todo);
	free(path);
}

/* ask: a command, run in the project's root with guests/apt.sh's functions; it says one line, or
 * none. */
static void check_apt(const char *what, const char *ask, const char *todo)
{
	char *root = quote(paths_root());
	char *command = str("cd %s && . guests/apt.sh && %s", root, ask);
	char *line = first_line(command);

	if (line)
		good(what, line);
	else
		optional(what, todo);
	free(line);
	free(command);
	free(root);
}

/* What brings the guest's kernel and its tools; where both are there already, it is not needed. */
static void check_fetching(void)
{
	check_apt("apt", "command -v apt-get",
		  "no Debian packages here: KERNEL=path/to/vmlinuz, or a container (README.md)");
	check_apt("Debian mirror", "apt_mirrors",
		  "none in this system's apt sources: make guests DEBIAN_MIRROR=URL");
	check_apt("Debian keyring", "[ -r \"$apt_keyring\" ] && echo \"$apt_keyring\"",
		  "install debian-archive-keyring; it verifies the guest's packages");
	check_apt("kernel to fetch", "guests/kernels/default.sh", "");
	check_apt("tools to fetch", "apt_package_suite", "");
}

/* The compiler that the headers of the fetched kernel name; another one may do for the module. */
static void check_module_compiler(const char *dir)
{
	char *quoted = quote(dir);
	char *ask = str("sed -n 's/^CC = .*\\(gcc-[0-9]*\\)$/\\1/p' "
			"%s/headers/usr/src/linux-headers-*/.kernelvariables 2>/dev/null",
			quoted);
	char *wanted = first_line(ask), *there, *todo;

	free(ask);
	free(quoted);
	if (!wanted)
		return;
	ask = str("x86_64-linux-gnu-%s --version 2>/dev/null", wanted);
	todo = str("the kernel's headers want %s (Debian: apt install %s); gcc may do", wanted,
		   wanted);
	there = first_line(ask);
	if (there)
		good("module compiler", there);
	else
		optional("module compiler", todo);
	free(there);
	free(todo);
	free(ask);
	free(wanted);
}

/* It may have been left out, with a reason; before `make guests` there is nothing to say. */
static void check_module(void)
{
	char *dir = paths_in_build("guests/kernel"), *built = str("%s/module/built", dir);
	char *ko = str("%s/module/keelson.ko", dir);
	char *todo = str("left out, see %s/module/log; mend that, remove %s and run `make guests`",
			 paths_short(dir), paths_short(built));

	check_module_compiler(dir);
	if (file_exists(ko))
		good("kernel module", paths_short(ko));
	else if (file_exists(built))
		optional("kernel module", todo);
	free(todo);
	free(ko);
	free(built);
	free(dir);
}

static void check_firmware(void)
{
	char *fd = paths_in_build("guests/firmware/OVMF.fd");

	if (file_exists(fd))
		good("OVMF", paths_short(fd));
	else
		optional("OVMF", "not fetched; only needed to boot by EFI: run `make guests`");
	free(fd);
}

/* The first folder above a path that is there (malloc'ed). */
static char *there(char *path)
{
	char *slash;

	while (access(path, F_OK) != 0 && (slash = strrchr(path, '/')) && slash != path)
		*slash = 0;
	return path;
}

/* They are made when a run begins, so it counts whether the folder can be made. */
static void check_runs(void)
{
	char *runs = paths_runs(), *above = there(str_dup(runs));

	if (access(above, W_OK) == 0)
		good("run folders", paths_short(runs));
	else
		bad("run folders", "their folder cannot be written: use --runs");
	free(above);
	free(runs);
}

/* What a checkout is built and checked with, and what a run takes from it. */
static void check_checkout(void)
{
	check_tool("gcc", "gcc");
	check_tool("ld", "binutils");
	check_tool("make", "make");
	check_tool("/usr/bin/python3", "python3");
	check("pytest", "python3-pytest", "/usr/bin/python3 -m pytest --version 2>&1");
	check_tool("clang-format", "clang-format");
	check_tool("cppcheck", "cppcheck");
	check("shellcheck", "shellcheck", "shellcheck --version | grep ^version:");
	check_tool("pyflakes3", "pyflakes3");
	check_tool("yamllint", "yamllint");
	check_program("iasl", "acpica-tools");
	check_program("cpio", "cpio");
	check_program("tpm2_checkquote", "tpm2-tools");
	check_library("libtpms.a", "libtpms-dev");
	check_library("libcrypto.a", "libssl-dev");
	check_library("libtss2-esys.so", "libtss2-dev");
	check_firmware();
	check_fetching();
	check_file("guest kernel", "guests/kernel/vmlinuz", "run `make guests`");
	check_module();
	check_file("initramfs", "guests/initramfs.cpio", "run `make guests`");
	check_file("TPM tools image", "guests/tools.cpio", "run `make guests`");
}

int doctor_command(int argc, char **argv)
{
	const char *todo = paths_installed() ? "install keelson again" : "run `make`";
	struct options o;
	int rc = options_read(&o, argc, argv,
			      "doctor [--platform snp|tdx [--json]] [--qemu PROGRAM]");
	const struct profile *p;

	if (rc)
		return rc < 0 ? CODE_PASSED : rc;
	p = profile_find(o.platform);
	if (!p) {
		problem("no such platform: %s", o.platform);
		return CODE_USAGE;
	}
	if (p->checks)
		return doctor_platform(p, o.qemu, o.json);
	check_qemu(o.qemu);
	if (!paths_installed())
		check_checkout();
	check_runs();
	check_file("monitor", "monitor.elf.mb", todo);
	check_file("SVSM", "svsm.elf", todo);
	check_platform(&profile_snp, o.qemu);
	check_platform(&profile_tdx, o.qemu);
	return faults ? CODE_HOST : CODE_PASSED;
}
