# SPDX-License-Identifier: MIT
# make nightly, hardware: docs/nightly.md

STEPS ?=
RESUME ?=
SHORT ?=
NIGHTLY = $(PYTHON) -B ci/nightly/nightly.py $(if $(RESUME),--resume) $(if $(SHORT),--short)
.PHONY: nightly hardware
nightly: ## everything on this machine, step by step, and one report (STEPS='check fuzz', RESUME=1, SHORT=1): docs/nightly.md
	$(Q)$(NIGHTLY) $(STEPS)

hardware: ## suites on an SNP host; the doctor first, an unfit host is neutral (STEPS='fit core'): docs/nightly.md
	$(Q)RESUME=$(RESUME) ci/hardware/run $(STEPS)
