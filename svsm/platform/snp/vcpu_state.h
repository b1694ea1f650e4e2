/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a VMSA says, and what the SVSM writes into it: the part of platform/vcpu.h's operations that
 * is about the page's content and has no privileged instruction, so the unit tests run it too. */
#include "platform/vcpu.h"

bool vcpu_state_features(gpa_t page, uint64_t *features);
bool vcpu_state_fits(gpa_t page, unsigned vmpl, uint64_t features);
bool vcpu_state_prepare(gpa_t page);
bool vcpu_state_stop(gpa_t page);
bool vcpu_state_stopped(gpa_t page);
void vcpu_state_resume(gpa_t page);
bool vcpu_state_called(gpa_t page);
bool vcpu_state_call_in(gpa_t page, struct vcpu_call *call);
bool vcpu_state_call_out(gpa_t page, const struct vcpu_call *call, const struct vcpu_call *before);
void vcpu_state_flush(gpa_t page);
bool vcpu_state_flushed(gpa_t page);
