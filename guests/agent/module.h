/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* keelson.ko (docs/module.md): loading it, and the raw calls it gives. */
#include "base/types.h"
#include "module/keelson_ioctl.h"

/* Is there one for this kernel in the image? Skips the test when not. */
bool module_there(void);
/* 0, or errno. Loading what is loaded and unloading what is not are errors here. */
int module_load(void);
int module_unload(void);
/* /dev/keelson-svsm; -1 after a failure or a skip has been reported. */
int module_open(void);
/* A call on a CPU; it is a failure when the SVSM does not take it. */
struct keelson_call module_call(int fd, unsigned cpu, uint64_t rax, uint64_t rcx);
