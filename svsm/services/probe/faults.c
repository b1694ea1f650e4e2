/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a process must not get away with: each deed ends it. selftest/selftest_user_faults.c has
 * the exception that each must meet. A deed that returns has failed its test.
 */
#include "mm/layout.h"
#include "services/probe/call.h"
#include "user/elf.h"

static uint8_t data[64] = {0xc3}; /* RET */

static int read_at(uint64_t va)
{
	__asm__("" : "+r"(va)); /* so that the compiler cannot know the address */
	return *(volatile const uint8_t *)va;
}

static int write_at(uint64_t va)
{
	__asm__("" : "+r"(va));
	*(volatile uint8_t *)va = 1;
	return 0;
}

static int run_at(uint64_t va)
{
	__asm__ volatile("call *%0" : : "r"(va) : "memory");
	return 0;
}

#define DEED(name, body)                                                                           \
	static int name(void)                                                                      \
	{                                                                                          \
		return body;                                                                       \
	}

DEED(null_read, read_at(8))
DEED(null_write, write_at(8))
DEED(null_run, run_at(0))
DEED(kernel_read, read_at(KERNEL_BASE + 0x1000))
DEED(kernel_write, write_at(KERNEL_BASE + 0x1000))
DEED(kernel_run, run_at(KERNEL_BASE + 0x1000))
DEED(guest_read, read_at(GUEST_MAP_BASE))
DEED(gap_read, read_at(0x800000000000))
DEED(guard_read, read_at(ELF_STACK_TOP - ELF_STACK_SIZE - 8))
DEED(above_stack, read_at(ELF_STACK_TOP))
DEED(text_write, write_at((uint64_t)read_at))
DEED(rodata_write, write_at((uint64_t)fault_deeds))
DEED(data_run, run_at((uint64_t)data))

static int stack_run(void)
{
	volatile uint8_t code[16] = {0xc3};

	return run_at((uint64_t)code);
}

/* Down the stack, page by page, until the guard page. */
static int deep(void)
{
	__asm__ volatile("1: subq $4096, %%rsp\n"
			 "pushq $1\n"
			 "addq $8, %%rsp\n"
			 "jmp 1b\n"
			 :
			 :
			 : "memory");
	return 0;
}

static int divide(void)
{
	__asm__ volatile("xorl %%edx, %%edx\nxorl %%ecx, %%ecx\ndivl %%ecx"
			 :
			 :
			 : "eax", "ecx", "edx");
	return 0;
}

/* RFLAGS.TF: single step */
static int step(void)
{
	__asm__ volatile("pushfq\norq $0x100, (%%rsp)\npopfq\nnop" : : : "memory", "cc");
	return 0;
}

/* x87 division by zero, unmasked */
static int x87(void)
{
	uint16_t cw = 0x37b;

	__asm__ volatile("fldcw %0\nfld1\nfldz\nfdivrp\nfwait" : : "m"(cw));
	return 0;
}

static int avx(void)
{
	__asm__ volatile(".byte 0xc5, 0xfc, 0x57, 0xc0"); /* vxorps %ymm0, %ymm0, %ymm0 */
	return 0;
}

/* IRET to the kernel's code segment */
static int iret(void)
{
	__asm__ volatile("movq %%rsp, %%rax\n"
			 "pushq %0\n"
			 "pushq %%rax\n"
			 "pushfq\n"
			 "pushq %1\n"
			 "leaq 1f(%%rip), %%rax\n"
			 "pushq %%rax\n"
			 "iretq\n"
			 "1: nop\n"
			 :
			 : "i"(SEL_DATA), "i"(SEL_CODE)
			 : "rax", "memory");
	return 0;
}

/* A page that was just used, so that the CPU may still have its translation. */
static uint64_t used_page(void)
{
	uint64_t at = (uint64_t)call6(NR_MMAP, 0, 4096, 3, 0x22, ~0ull, 0);

	write_at(at);
	return at;
}

static int unmapped_write(void)
{
	uint64_t at = used_page();

	call(NR_MUNMAP, at, 4096, 0);
	return write_at(at);
}

static int protected_write(void)
{
	uint64_t at = used_page();

	call(NR_MPROTECT, at, 4096, 1);
	return write_at(at);
}

static int abort_self(void)
{
	return (int)call(NR_TGKILL, 1, 1, 6);
}

/* A futex that nobody will ever wake. */
static int wait_for_ever(void)
{
	return (int)call6(NR_FUTEX, (uint64_t)&data[8], 0, 0, 0, 0, 0);
}

#define INSTRUCTION(name, text)                                                                    \
	static int name(void)                                                                      \
	{                                                                                          \
		__asm__ volatile(text : : : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "memory");   \
		return 0;                                                                          \
	}

INSTRUCTION(ud2, "ud2")
INSTRUCTION(hlt, "hlt")
INSTRUCTION(cli_, "cli")
INSTRUCTION(sti_, "sti")
INSTRUCTION(rdmsr_, "movl $0xc0000101, %%ecx\nrdmsr")
INSTRUCTION(wrmsr_, "movl $0xc0000101, %%ecx\nxorl %%eax, %%eax\nxorl %%edx, %%edx\nwrmsr")
INSTRUCTION(ghcb_msr, "movl $0xc0010130, %%ecx\nxorl %%eax, %%eax\nxorl %%edx, %%edx\nwrmsr")
INSTRUCTION(in, "inb $0x80, %%al")
INSTRUCTION(out, "outb %%al, $0x80")
INSTRUCTION(ins, "movq %%rsp, %%rdi\nmovl $0x80, %%edx\ninsb")
INSTRUCTION(outs, "movq %%rsp, %%rsi\nmovl $0x80, %%edx\noutsb")
INSTRUCTION(rep_ins, "movq %%rsp, %%rdi\nmovl $0x80, %%edx\nmovl $4, %%ecx\nrep insl")
INSTRUCTION(rep_outs, "movq %%rsp, %%rsi\nmovl $0x80, %%edx\nmovl $4, %%ecx\nrep outsw")
INSTRUCTION(lock_cpuid, ".byte 0xf0, 0x0f, 0xa2")
INSTRUCTION(cr0_read, "movq %%cr0, %%rax")
INSTRUCTION(cr3_write, "movq %%rax, %%cr3")
INSTRUCTION(cr8_write, "xorl %%eax, %%eax\nmovq %%rax, %%cr8")
INSTRUCTION(dr7_read, "movq %%dr7, %%rax")
INSTRUCTION(invlpg_, "invlpg (%%rsp)")
INSTRUCTION(swapgs_, "swapgs")
INSTRUCTION(sysret, "sysretq")
INSTRUCTION(wbinvd, "wbinvd")
INSTRUCTION(invd, "invd")
INSTRUCTION(dr7_write, "xorl %%eax, %%eax\nmovq %%rax, %%dr7")
INSTRUCTION(monitor, "movq %%rsp, %%rax\nxorl %%ecx, %%ecx\nxorl %%edx, %%edx\nmonitor")
INSTRUCTION(mwait, "xorl %%eax, %%eax\nxorl %%ecx, %%ecx\nmwait")
INSTRUCTION(rdpmc, "xorl %%ecx, %%ecx\nrdpmc")
INSTRUCTION(int3, "int3")
INSTRUCTION(int_nmi, "int $2")
INSTRUCTION(int_vc, "int $29")
INSTRUCTION(int_timer, "int $0xf0")
INSTRUCTION(int_80, "int $0x80")
INSTRUCTION(sidt, "subq $16, %%rsp\nsidt (%%rsp)\naddq $16, %%rsp")
INSTRUCTION(xgetbv, "xorl %%ecx, %%ecx\nxgetbv")
INSTRUCTION(wrfsbase, "wrfsbase %%rax")
INSTRUCTION(vmrun, "vmrun")
INSTRUCTION(pvalidate, "movq %%rsp, %%rax\nxorl %%ecx, %%ecx\nxorl %%edx, %%edx\n"
		       ".byte 0xf2, 0x0f, 0x01, 0xff")
INSTRUCTION(rmpadjust, "movq %%rsp, %%rax\nxorl %%ecx, %%ecx\nmovl $1, %%edx\n"
		       ".byte 0xf3, 0x0f, 0x01, 0xfe")
INSTRUCTION(vmmcall, "vmmcall")
INSTRUCTION(sysenter, "sysenter")
INSTRUCTION(ldt, "movl $7, %%eax\nmov %%eax, %%es")
INSTRUCTION(kernel_data, "movl $0x10, %%eax\nmov %%eax, %%es")
INSTRUCTION(tss, "movl $0x2b, %%eax\nmov %%eax, %%es")
INSTRUCTION(bad_rip, "movq $0x800000000000, %%rax\njmp *%%rax")

const struct deed fault_deeds[] = {
	{"null-read", null_read},
	{"null-write", null_write},
	{"null-run", null_run},
	{"kernel-read", kernel_read},
	{"kernel-write", kernel_write},
	{"kernel-run", kernel_run},
	{"guest-read", guest_read},
	{"gap-read", gap_read},
	{"guard-read", guard_read},
	{"above-stack", above_stack},
	{"text-write", text_write},
	{"rodata-write", rodata_write},
	{"data-run", data_run},
	{"stack-run", stack_run},
	{"deep", deep},
	{"divide", divide},
	{"step", step},
	{"x87", x87},
	{"avx", avx},
	{"iret", iret},
	{"unmapped-write", unmapped_write},
	{"protected-write", protected_write},
	{"abort", abort_self},
	{"wait-for-ever", wait_for_ever},
	{"ud2", ud2},
	{"hlt", hlt},
	{"cli", cli_},
	{"sti", sti_},
	{"rdmsr", rdmsr_},
	{"wrmsr", wrmsr_},
	{"ghcb-msr", ghcb_msr},
	{"in", in},
	{"out", out},
	{"ins", ins},
	{"outs", outs},
	{"rep-ins", rep_ins},
	{"rep-outs", rep_outs},
	{"lock-cpuid", lock_cpuid},
	{"cr0-read", cr0_read},
	{"cr3-write", cr3_write},
	{"cr8-write", cr8_write},
	{"dr7-read", dr7_read},
	{"invlpg", invlpg_},
	{"swapgs", swapgs_},
	{"sysret", sysret},
	{"wbinvd", wbinvd},
	{"invd", invd},
	{"dr7-write", dr7_write},
	{"monitor", monitor},
	{"mwait", mwait},
	{"rdpmc", rdpmc},
	{"int3", int3},
	{"int-nmi", int_nmi},
	{"int-vc", int_vc},
	{"int-timer", int_timer},
	{"int-80", int_80},
	{"sidt", sidt},
	{"xgetbv", xgetbv},
	{"wrfsbase", wrfsbase},
	{"vmrun", vmrun},
	{"pvalidate", pvalidate},
	{"rmpadjust", rmpadjust},
	{"vmmcall", vmmcall},
	{"sysenter", sysenter},
	{"ldt", ldt},
	{"kernel-data", kernel_data},
	{"tss", tss},
	{"bad-rip", bad_rip},
	{NULL, NULL},
};
