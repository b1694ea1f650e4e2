# SPDX-License-Identifier: MIT
# run, check, bench: what a user types.

.PHONY: run shell check check-all bench boots drift repeats integration integration-again distro
RUNFLAGS ?=
export KERNEL INITRAMFS TOOLS BENCH LOAD SMP

# INITRD= is what run and shell boot; the others speak with our agent, so its image is made whatever INITRD= says.
run: ## boot an unmodified Debian kernel under the SVSM, on plain QEMU
	$(Q)$(MAKE) --no-print-directory deps && $(MAKE) --no-print-directory all guests
	$(if $(INITRD)$(TOOLS),,@echo '  no Debian packages here, so the guest has neither tools nor a shell (README.md, "Other distributions")')
	$(Q)$(BUILD)/keelson run --qemu $(QEMU) --kernel $(VMLINUZ) $(if $(INITRD),--no-agent )--initrd $(or $(INITRD),$(TOOLS),$(INITRAMFS)) $(RUNFLAGS)

shell: ## the same, with a shell of the guest in this terminal
	$(Q)$(MAKE) --no-print-directory run RUNFLAGS='--shell $(RUNFLAGS)'

# What check compiles takes all cores, unless make was told how many to take.
all_cores = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

check: ## everything: unit tests, lint, suites on native QEMU; leaves build/report.html
	$(Q)$(MAKE) --no-print-directory deps && $(MAKE) --no-print-directory $(all_cores) all guests mutants INITRD=
	$(Q)CHECK_JOBS='$(all_cores)' ci/check.sh lint unit integration

check-all: ## check, and what takes too long for each change: a whole distribution (docs/distro.md)
	$(Q)$(MAKE) --no-print-directory deps && $(MAKE) --no-print-directory $(all_cores) all guests mutants INITRD= && $(MAKE) --no-print-directory image
	$(Q)CHECK_JOBS='$(all_cores)' ci/check.sh lint unit integration distro

distro: ## suite distro, on the images that are there: Debian up to a login, its root opened by the vTPM or refused
	$(Q)$(PYTHON) -m pytest -q -p no:cacheprovider tests/distro

# How many tests at once, by Debian's python3-pytest-xdist (tests/integration/beside.py). Three or more were not tried.
BESIDE ?= $(shell [ "$$(nproc)" -ge 2 ] && $(PYTHON) -c 'import xdist' 2>/dev/null && echo 2 || echo 1)

# pytest keeps which tests failed.
PYTEST_KEPT = $(PYTHON) -m pytest -q -o cache_dir=$(abspath $(BUILD))/pytest tests/integration

integration: ## the pytest suites (boots guests), two at once; BESIDE=1: one after another
	$(Q)n=$(BESIDE); $(PYTEST_KEPT) $$([ "$$n" = 1 ] || echo "-n $$n --dist loadgroup")

integration-again: ## of the pytest suites the tests that failed last
	$(Q)$(PYTEST_KEPT) --last-failed --last-failed-no-failures none

bench: ## figures beside their goals: boot ratio, exits, SVSM calls, the vTPM (BENCH_BASE=, BENCH_ONLY=: docs/performance.md)
	$(Q)$(MAKE) --no-print-directory deps && $(MAKE) --no-print-directory all guests INITRD= $(BENCH)
	$(Q)$(PYTHON) ci/bench/bench.py

boots: ## 50 boots with two vCPUs in a row (BOOTS=n, SMP=n), or of the suites named (SUITES=); LOAD=n: n busy processes beside them
	$(Q)$(MAKE) --no-print-directory deps && $(MAKE) --no-print-directory all guests INITRD=
	$(Q)ci/boots.sh $(or $(BOOTS),50) $(SUITES)

drift: ## Linux with SecureTSC: the drift of its clock from the host's over a minute (SECONDS=n; DRIFT_SUITE=trixie-backports)
	$(Q)$(MAKE) --no-print-directory deps && $(MAKE) --no-print-directory all guests INITRD=
	$(Q)kernel=$(BUILD)/guests/kernels/$(or $(DRIFT_SUITE),trixie-backports); \
		[ -e $$kernel/vmlinuz ] || guests/kernels/fetch.sh $$kernel $(or $(DRIFT_SUITE),trixie-backports) && \
		ci/drift.py $$kernel/vmlinuz $(TOOLS) $(or $(SECONDS),60)

repeats: ## deterministic runs that have to be equal, RUNS=10 of each of SUITES (ci/repeats.sh); QEMU=PROGRAM
	$(Q)$(MAKE) --no-print-directory deps && $(MAKE) --no-print-directory all guests INITRD=
	$(Q)ci/repeats.sh $(or $(RUNS),10) $(or $(SUITES),core vtpm-raw boot disk ovmf)

# SVSMs with one deviation each (tests/mutants/README.md): all objects of the SVSM, and one that wraps a function.
MUTANT_SRC := $(sort $(wildcard tests/mutants/*.c))
MUTANTS := $(patsubst tests/mutants/%.c,$(BUILD)/mutants/%.elf,$(MUTANT_SRC))

.PHONY: mutants
mutants: $(MUTANTS) ## SVSMs with one deliberate deviation each, which the conformance images have to find
$(BUILD)/mutants/%.elf: $(BUILD)/obj/svsm/tests/mutants/%.o $(SVSM_OBJ) svsm/svsm.lds ci/symtab.sh
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)ci/symtab.sh $(BUILD)/obj/svsm/tests/mutants/$*.symtab svsm/svsm.lds $@ $(FW_LDFLAGS) \
		$$(sed -n 's/.*__real_\([a-z_0-9]*\)(.*;$$/--wrap=\1/p' tests/mutants/$*.c) -- $(SVSM_OBJ) $<
.SECONDARY: $(call objects,svsm,$(MUTANT_SRC))
