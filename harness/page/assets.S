/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The page's style and script, as texts that end with a zero. */
	.section .rodata
	.global page_css, page_js
page_css:
	.incbin "harness/page/report.css"
	.byte 0
page_js:
	.incbin "harness/page/report.js"
	.byte 0

	.section .note.GNU-stack, "", @progbits
