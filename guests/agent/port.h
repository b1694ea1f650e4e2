/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The control port: frames of abi/control.h to and from the harness, over virtio-serial where the
 * kernel and the machine have that, else over the serial line. One thread owns it; tests that fork
 * report from the parent. A port that fails ends the guest: nobody would hear of it again.
 */
#include "base/types.h"
#include "lib/control_frame.h"

void port_open(void);
void port_send(uint8_t type, const char *text, size_t length); /* cut to what a frame holds */
void port_next(struct control_frame *f);                       /* waits for one */
/* With a script (lib/script/script.h) port_next() takes what it says, and the host is not heard. */
bool port_has_script(void);
/* The script's answer to a HOST; the running test counts as skipped where there is none. False:
 * there is no script, the host answers. */
bool port_answer(const char *request, char *answer, size_t size);
void port_exec_failed(void); /* the rest of the EXEC lines is not for now */
/*
 * Powers off at once. What still waits in a virtio port's ring is lost then: who wants it to arrive
 * waits for an answer first.
 */
NORETURN void port_power_off(const char *why);
