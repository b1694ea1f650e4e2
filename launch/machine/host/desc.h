/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* GDT, TSS, IDT and GS base of this CPU; IST stacks as in the TSS by then. */

void desc_early(void); /* CPU 0, before there are stacks */
void desc_load(unsigned cpu);
void desc_set_gs(unsigned cpu);
/* As a Linux guest has them: each that differs costs a TLB flush a switch (docs/field-notes.md). */
void desc_control_registers(void);
