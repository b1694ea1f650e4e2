/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What Linux says when it distrusts a clock, or when a timer did not come. */
#include "base/types.h"

/* Such words in a line of the kernel's log; NULL: none. */
const char *words_in(const char *line);
/* Each record of the log so far with such words goes to found, without its head. Those that user
 * space wrote count only where `written` says so. False: the log cannot be read. */
bool words_look(bool written, void (*found)(const char *line));
