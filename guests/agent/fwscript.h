/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The script of a run without a word from the host (lib/script/script.h), from the machine's
 * fw_cfg. */
#include "lib/script/script.h"

/* It is looked for where the kernel's command line has the word keelson.script: to look costs exits
 * of every boot. False: it cannot be read. */
bool fwscript_find(struct script *s);
