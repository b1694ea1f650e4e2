/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * System calls of ring 3: arguments, results, the log; random calls with random arguments.
 * services/probe checks the same ones from inside.
 *
 * sources: svsm/user/syscall.c svsm/user/sys_memory.c svsm/user/sys_file.c svsm/user/sys_process.c
 * sources: svsm/user/sys_time.c svsm/user/console.c svsm/user/space.c
 * sources: tests/native/fake_user.c
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "abi/service.h"
#include "tests/native/check.h"
#include "tests/native/fake_user.h"
#include "user/console.h"
#include "user/elf.h"
#include "user/syscall.h"

#define BUF   0x10000000ull /* two writable pages */
#define TEXT  0x20000000ull /* one of the image */
#define LIMIT 200

static uint8_t text[PAGE_SIZE] ALIGNED(4096);

static struct process *start(void)
{
	static struct process p;

	p = (struct process){.name = "test", .brk_start = 0x600000, .brk = 0x600000};
	CHECK(space_create(&p.space, LIMIT));
	CHECK(space_map(&p.space, BUF, 2 * PAGE_SIZE, SPACE_R | SPACE_W));
	CHECK(space_map_image(&p.space, TEXT, text, PAGE_SIZE, SPACE_R | SPACE_X));
	fake_loaded = &p.space;
	fake_lines = 0;
	fake_line[0] = 0;
	syscall_init();
	return &p;
}

static void finish(struct process *p)
{
	fake_check_space(&p->space);
	space_destroy(&p->space);
	CHECK_EQ(fake_pages, 0);
}

static enum syscall_then then;

static int64_t call(struct process *p, uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct syscall_args args = {.a = {a, b, c, d, ~0ull, 0}};

	then = syscall_serve(p, nr, &args);
	return args.result;
}

static void *user(struct process *p, uint64_t va)
{
	return fake_byte(&p->space, va, SPACE_R);
}

TEST(unknown_numbers_are_logged_once)
{
	static const uint64_t nr[] = {SYS_socket, SYS_clone, 511,        512,
				      100000,     ~0ull,     1ull << 32, 1ull << 63};
	struct process *p = start();

	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < ARRAY_LEN(nr); i++) {
			check_context("call %lu", nr[i]);
			CHECK_EQ(call(p, nr[i], 0, 0, 0, 0), -ENOSYS);
			CHECK_EQ(then, SYSCALL_RESUME);
		}
	CHECK_EQ(fake_lines, 3); /* socket, clone, and all that Linux does not have together */
	CHECK_EQ(call(p, SERVICE_CALL_WAIT + 15, 0, 0, 0, 0), -ENOSYS);
	CHECK_EQ(call(p, SERVICE_CALL_WAIT - 1, 0, 0, 0, 0), -ENOSYS);
	finish(p);
}

TEST(error_numbers_are_linuxs)
{
	CHECK(SYS_EPERM == EPERM && SYS_ENOENT == ENOENT && SYS_EIO == EIO && SYS_EBADF == EBADF);
	CHECK(SYS_EAGAIN == EAGAIN && SYS_ENOMEM == ENOMEM && SYS_EACCES == EACCES);
	CHECK(SYS_EFAULT == EFAULT && SYS_EINVAL == EINVAL && SYS_ENOTTY == ENOTTY);
	CHECK(SYS_ESPIPE == ESPIPE && SYS_ENOSYS == ENOSYS && SYS_ETIMEDOUT == ETIMEDOUT);
}

TEST(ends)
{
	struct process *p = start();

	call(p, SYS_exit, 0x1ff, 0, 0, 0);
	CHECK_EQ(then, SYSCALL_EXIT);
	CHECK_EQ(p->exit_status, 0xff);
	call(p, SYS_exit_group, 3, 0, 0, 0);
	CHECK_EQ(then, SYSCALL_EXIT);
	CHECK_EQ(p->exit_status, 3);
	call(p, SYS_tgkill, 1, 1, 6, 0);
	CHECK_EQ(then, SYSCALL_FAULT);
	*(uint32_t *)user(p, BUF) = 7;
	call(p, SYS_futex, BUF, 0, 7, 0);
	CHECK_EQ(then, SYSCALL_FAULT);
	CHECK_EQ(call(p, SYS_futex, BUF, 128, 8, 0), -EAGAIN);
	CHECK_EQ(call(p, SYS_futex, BUF, 128, 7, BUF), -ETIMEDOUT);
	CHECK_EQ(call(p, SYS_futex, BUF, 129, 1, 0), 0);
	finish(p);
}

TEST(mmap_takes_private_anonymous_memory_only)
{
	const unsigned priv = MAP_PRIVATE | MAP_ANONYMOUS;
	static const struct {
		unsigned prot, flags;
		int result;
	} cases[] = {
		{PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, 0},
		{PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, 0},
		{PROT_READ, MAP_PRIVATE, -EINVAL},
		{PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -EINVAL},
		{PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -EINVAL},
		{PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -EINVAL},
		{PROT_READ, 0, -EINVAL},
		{PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -EACCES},
		{PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -EACCES},
		{0x1000000, MAP_PRIVATE | MAP_ANONYMOUS, -EACCES},
	};
	struct process *p = start();

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t r = call(p, SYS_mmap, 0, 1, cases[i].prot, cases[i].flags);

		check_context("case %u", i);
		CHECK_EQ(MIN(r, 0), cases[i].result);
	}
	CHECK_EQ(call(p, SYS_mmap, 0, 0, PROT_READ, priv), -EINVAL);
	CHECK_EQ(call(p, SYS_mmap, 0, ~0ull, PROT_READ, priv), -ENOMEM);
	CHECK_EQ(call(p, SYS_mmap, 0, LIMIT * PAGE_SIZE, PROT_READ, priv), -ENOMEM);
	finish(p);
}

TEST(brk)
{
	struct process *p = start();
	uint64_t base = 0x600000;

	CHECK_EQ(call(p, SYS_brk, 0, 0, 0, 0), base);
	CHECK_EQ(call(p, SYS_brk, base + 1, 0, 0, 0), base + 1);
	CHECK(fake_byte(&p->space, base, SPACE_W) && !fake_leaf(&p->space, base + PAGE_SIZE));
	CHECK_EQ(call(p, SYS_brk, base + 3 * PAGE_SIZE, 0, 0, 0), base + 3 * PAGE_SIZE);
	CHECK_EQ(call(p, SYS_brk, base + PAGE_SIZE + 1, 0, 0, 0), base + PAGE_SIZE + 1);
	CHECK(!fake_leaf(&p->space, base + 2 * PAGE_SIZE));
	CHECK_EQ(call(p, SYS_brk, base - 1, 0, 0, 0), base + PAGE_SIZE + 1);
	CHECK_EQ(call(p, SYS_brk, base + LIMIT * PAGE_SIZE, 0, 0, 0), base + PAGE_SIZE + 1);
	CHECK_EQ(call(p, SYS_brk, ~0ull, 0, 0, 0), base + PAGE_SIZE + 1);
	CHECK_EQ(call(p, SYS_brk, base, 0, 0, 0), base);
	finish(p);
}

TEST(executable_is_for_ever_and_never_anew)
{
	struct process *p = start();

	CHECK_EQ(call(p, SYS_mprotect, BUF, PAGE_SIZE, PROT_READ | PROT_EXEC, 0), -EACCES);
	CHECK_EQ(call(p, SYS_mprotect, TEXT, PAGE_SIZE, PROT_READ | PROT_WRITE, 0), -ENOMEM);
	CHECK_EQ(call(p, SYS_mprotect, BUF, PAGE_SIZE, PROT_NONE, 0), 0);
	CHECK_EQ(call(p, SYS_mprotect, BUF, 0, PROT_READ, 0), 0);
	CHECK_EQ(call(p, SYS_mprotect, BUF + 8, PAGE_SIZE, PROT_READ, 0), -EINVAL);
	CHECK_EQ(call(p, SYS_mprotect, BUF, ~0ull, PROT_READ, 0), -ENOMEM);
	CHECK_EQ(call(p, SYS_mprotect, 0, PAGE_SIZE, PROT_READ, 0), -ENOMEM);
	CHECK_EQ(call(p, SYS_mprotect, USER_END, PAGE_SIZE, PROT_READ, 0), -ENOMEM);
	CHECK_EQ(call(p, SYS_mprotect, 0, 0, PROT_READ, 0), 0);
	CHECK_EQ(call(p, SYS_munmap, TEXT, 1, 0, 0), 0);
	CHECK(!fake_leaf(&p->space, TEXT));
	finish(p);
}

TEST(lines_in_the_log)
{
	struct process *p = start();
	char *b = user(p, BUF);

	memcpy(b, "one\nt\x1b[wo\r\nrest", 15);
	CHECK_EQ(call(p, SYS_write, 1, BUF, 15, 0), 15);
	CHECK_EQ(fake_lines, 2);
	CHECK_STR(fake_line, "test: t?[wo?");
	console_flush(p);
	CHECK_STR(fake_line, "test: rest");
	memset(b, 'x', CONSOLE_LINE + 1);
	CHECK_EQ(call(p, SYS_write, 2, BUF, CONSOLE_LINE + 1, 0), CONSOLE_LINE + 1);
	CHECK_EQ(fake_lines, 4);
	CHECK_EQ(strlen(fake_line), CONSOLE_LINE + 6);
	CHECK_EQ(call(p, SYS_write, 3, BUF, 1, 0), -EBADF);
	/* up to the end of what can be read, as Linux does */
	CHECK_EQ(call(p, SYS_write, 1, BUF + 2 * PAGE_SIZE - 512, 1024, 0), 512);
	CHECK_EQ(call(p, SYS_write, 1, BUF + 2 * PAGE_SIZE, 1, 0), -EFAULT);
	finish(p);
}

TEST(the_log_cannot_be_flooded)
{
	struct process *p = start();
	char *b = user(p, BUF);

	for (unsigned i = 0; i < 100; i++) {
		memset(b, '\n', PAGE_SIZE); /* empty lines are none */
		memset(b, 'x', 10);
		for (unsigned j = 0; j < 400; j++)
			b[10 * j] = '\n';
		CHECK_EQ(call(p, SYS_write, 1, BUF, PAGE_SIZE, 0), PAGE_SIZE);
	}
	CHECK(fake_lines <= CONSOLE_BURST + 2 * (p->console.lines / CONSOLE_SPARSE) + 2);
	finish(p);
}

TEST(random_needs_a_source)
{
	struct process *p = start();

	CHECK_EQ(call(p, SYS_getrandom, BUF, 100, 0, 0), 100);
	CHECK_EQ(((uint8_t *)user(p, BUF))[99], 0x5a);
	CHECK_EQ(((uint8_t *)user(p, BUF))[100], 0);
	CHECK_EQ(call(p, SYS_getrandom, BUF, ~0ull, 0, 0), PAGE_SIZE);
	fake_no_random = true;
	CHECK_EQ(call(p, SYS_getrandom, BUF, 1, 0, 0), -EIO);
	fake_no_random = false;
	CHECK_EQ(call(p, SYS_getrandom, TEXT, 1, 0, 0), -EFAULT);
	finish(p);
}

TEST(time)
{
	struct process *p = start();
	uint64_t *t = user(p, BUF);

	CHECK_EQ(call(p, SYS_clock_gettime, 1, BUF, 0, 0), 0);
	CHECK_EQ(t[0], 5);
	CHECK_EQ(t[1], 123);
	CHECK_EQ(call(p, SYS_gettimeofday, BUF, 0, 0, 0), 0);
	CHECK_EQ(t[1], 0);
	CHECK_EQ(call(p, SYS_time, BUF, 0, 0, 0), 5);
	CHECK_EQ(call(p, SYS_clock_gettime, 12, BUF, 0, 0), -EINVAL);
	CHECK_EQ(call(p, SYS_clock_gettime, -1ull, BUF, 0, 0), -EINVAL);
	CHECK_EQ(call(p, SYS_clock_gettime, 0, 0, 0, 0), -EFAULT);
	finish(p);
}

/* Whatever comes, in whatever order: the books are right, and no page is writable and executable.
 */
TEST(random_calls)
{
	static const uint64_t values[] = {0,
					  1,
					  2,
					  8,
					  0x22,
					  0x1000,
					  0x1002,
					  0x5401,
					  BUF,
					  BUF + PAGE_SIZE,
					  BUF + 2 * PAGE_SIZE - 4,
					  TEXT,
					  0x600000,
					  0x601000,
					  ELF_MMAP_TOP - 2 * PAGE_SIZE,
					  USER_END - 8,
					  USER_END,
					  1ull << 47,
					  1ull << 63,
					  0xffffffff80000000,
					  ~0ull,
					  ~0ull - 7};
	struct process *p = start();
	uint32_t seed = 4711;

	for (unsigned round = 0; round < 200000; round++) {
		struct syscall_args args = {.result = 0};
		uint64_t nr = check_random(&seed) % 350;

		for (unsigned i = 0; i < 6; i++)
			args.a[i] = values[check_random(&seed) % ARRAY_LEN(values)];
		check_context("round %u, call %lu", round, nr);
		syscall_serve(p, nr, &args);
		CHECK(args.result >= -4095);
		if (round % 5000 == 0)
			fake_check_space(&p->space);
	}
	finish(p);
}
