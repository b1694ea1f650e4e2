/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The script of a run without a word from the host: what the harness would say on the control port
 * (abi/control.h), known before the target starts. A line is a frame:
 *
 *	LIST
 *	RUN pattern TAB pattern ...     all tests whose name fits one of them, in the list's order
 *	EXEC command line               not behind one that has failed
 *	ANSWER request=answer           no frame: what HOST gets
 *
 * "\n" and "\\" stand for a newline and a backslash. At its end comes BYE, and from then on
 *BYE_ACK. The harness writes it, bare guests and the Linux agent read it. No allocation, no system
 *call.
 */
#include "lib/control_frame.h"

#define SCRIPT_MAX 16384u /* bytes of a script, its NUL included */

struct script {
	const char *text; /* NUL-terminated, stays the caller's; NULL: the host speaks */
	const char *at;
	bool failed; /* the last EXEC, as the target says */
	bool over;
};

void script_open(struct script *s, const char *text);
void script_next(struct script *s, struct control_frame *f);
/*
 * The answer to a HOST frame: that of an ANSWER line, or "ok" for what the host only takes note of,
 * or the text of `echo`. False, and an answer that begins with "error": it is not known beforehand.
 */
bool script_answer(const struct script *s, const char *request, char *answer, size_t size);
/* Does the name fit one of the patterns, which are split by tabs? '*' stands for any text, '?' for
 * one character, all else for itself. */
bool script_wants(const char *patterns, const char *name);
