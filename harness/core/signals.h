/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * SIGINT, SIGTERM and SIGHUP, taken in the event loop: the target is stopped and the run folder
 * finished before the program ends with 128 + the signal's number.
 */
#include "base/types.h"

void signals_init(void);      /* from now on the three are held back */
int signals_fd(void);         /* readable when one has come */
int signals_taken(void);      /* the first one's number, 0: none */
bool signals_or_room(int to); /* waits until the descriptor takes more; false: one has come */
void signals_restore(void);   /* in a child, before exec */
