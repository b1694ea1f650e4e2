/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Functions that execute one instruction each, for the tests of #VC (insn.h). */

	.macro insn name
	.globl insn_\name
	.globl insn_\name\()_at
insn_\name:
	.endm

	.text
	insn cpuid
	xor %eax, %eax
	xor %ecx, %ecx
	push %rbx
	jmp 1f
insn_cpuid_at:
1:	cpuid
	pop %rbx
	ret

	insn rdmsr
	mov $0xc0010015, %ecx /* HWCR */
insn_rdmsr_at:
	rdmsr
	ret

	insn wrmsr
	mov $0xc0010015, %ecx
	xor %eax, %eax
	xor %edx, %edx
insn_wrmsr_at:
	wrmsr
	ret

	insn in
	mov $0x3ff, %edx /* COM1's scratch register */
insn_in_at:
	in %dx, %al
	ret

	insn out
	mov $0x3ff, %edx
insn_out_at:
	out %al, %dx
	ret

	insn outs
	mov $0x3ff, %edx
	lea insn_target(%rip), %rsi
	mov $4, %ecx
insn_outs_at:
	rep outsb
	ret

	insn mmio_read
	mov $0xfec00000, %edx /* IOAPIC; the runtime maps it with C=0 */
insn_mmio_read_at:
	mov (%rdx), %eax
	ret

	insn mmio_write
	mov $0xfec00000, %edx
	xor %eax, %eax
insn_mmio_write_at:
	mov %eax, (%rdx)
	ret

	insn wbinvd
insn_wbinvd_at:
	wbinvd
	ret

	insn invd
insn_invd_at:
	invd
	ret

	insn monitor
	lea insn_target(%rip), %rax
	xor %ecx, %ecx
	xor %edx, %edx
insn_monitor_at:
	monitor
	ret

	insn mwait
	xor %eax, %eax
	xor %ecx, %ecx
insn_mwait_at:
	mwait
	ret

	insn dr7_read
insn_dr7_read_at:
	mov %dr7, %rax
	ret

	insn dr7_write
	mov $0x400, %eax
insn_dr7_write_at:
	mov %rax, %dr7
	ret

	insn rdpmc
	xor %ecx, %ecx
insn_rdpmc_at:
	rdpmc
	ret

	insn vmmcall
insn_vmmcall_at:
	vmmcall
	ret

	insn rmpupdate
	xor %eax, %eax
	xor %ecx, %ecx
insn_rmpupdate_at:
	.byte 0xf2, 0x0f, 0x01, 0xfe
	ret

	insn psmash
	xor %eax, %eax
insn_psmash_at:
	.byte 0xf3, 0x0f, 0x01, 0xff
	ret

	insn vmrun
	xor %eax, %eax
insn_vmrun_at:
	vmrun
	ret

	insn vmload
	xor %eax, %eax
insn_vmload_at:
	vmload
	ret

	insn vmsave
	xor %eax, %eax
insn_vmsave_at:
	vmsave
	ret

	insn clgi
insn_clgi_at:
	clgi
	ret

	insn stgi
insn_stgi_at:
	stgi
	ret

	insn skinit
	xor %eax, %eax
insn_skinit_at:
	skinit
	ret

	insn touch_read
	mov insn_target(%rip), %rax
insn_touch_read_at:
	mov (%rax), %rax
	ret

	insn touch_write
	mov insn_target(%rip), %rax
insn_touch_write_at:
	movb $0xc3, (%rax) /* RET: touch_exec may run it */
	ret

	insn touch_exec
	mov insn_target(%rip), %rax
	jmp *%rax
insn_touch_exec_at:

	insn pvalidate
	mov insn_target(%rip), %rax
	xor %ecx, %ecx
	mov $1, %edx
insn_pvalidate_at:
	.byte 0xf2, 0x0f, 0x01, 0xff
	ret

	insn rmpadjust
	mov insn_target(%rip), %rax
	xor %ecx, %ecx
	mov $0x102, %edx
insn_rmpadjust_at:
	.byte 0xf3, 0x0f, 0x01, 0xfe
	ret

	insn hlt
insn_hlt_at:
	hlt
	ret

	insn rdtsc
insn_rdtsc_at:
	rdtsc
	ret

	insn rdtscp
insn_rdtscp_at:
	rdtscp
	ret

	insn int50
insn_int50_at:
	int $0x50
	ret

	insn int_3
insn_int_3_at:
	.byte 0xcd, 3
	ret

	insn int3
insn_int3_at:
	int3
	ret

	insn nop
insn_nop_at:
	ret

	insn pause
insn_pause_at:
	pause
	ret

	insn vmgexit
insn_vmgexit_at:
	rep; vmmcall
	nopl (%rax) /* undefined when it is entered a byte late: the CPL 3 stack's UD2 is near */
	ret

	.globl insn_end_user
insn_end_user:
	ud2

	.bss
	.balign 8
	.globl insn_target
insn_target:
	.quad 0

	.section .note.GNU-stack, "", @progbits
