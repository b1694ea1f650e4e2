/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The file of a VM's keys and launches: NAME.json in a folder, of which fd and path are given (the
 * path for messages). What is in it is harness/kbs/epochs.c's business.
 */
#include <jansson.h>

#include "base/types.h"

#define VM_FILE_SUFFIX ".json"

/* A VM without a file has no keys yet. NULL after a message: there is a file and it cannot be used,
 * so nothing may be put in its place. */
json_t *vm_file_load(int folder, const char *path, const char *vm);
/* The old file or the new one, whenever the power goes. False after a message. */
bool vm_file_save(int folder, const char *path, const char *vm, json_t *top);
