/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What gdb and its server run, as texts that end with a zero. */
	.section .rodata
	.global debug_machine, debug_history, debug_memory, debug_server, debug_commands
debug_machine:
	.incbin "harness/debug/machine.py"
	.byte 0
debug_history:
	.incbin "harness/debug/history.py"
	.byte 0
debug_memory:
	.incbin "harness/debug/memory.py"
	.byte 0
debug_server:
	.incbin "harness/debug/server.py"
	.byte 0
debug_commands:
	.incbin "harness/debug/commands.py"
	.byte 0

	.section .note.GNU-stack, "", @progbits
