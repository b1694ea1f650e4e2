# SPDX-License-Identifier: MIT
# Dependencies, style and lint.

.PHONY: deps deps-browser doctor format lint size matrix outdated FORCE

deps: ## install what is missing from Debian
	$(Q)ci/deps.sh

# Not of `make deps`: it is large, and what it drives is skipped without it.
deps-browser: ## install Chromium, in which the report is tested (docs/report.md)
	$(Q)ci/deps.sh chromium chromium-driver python3-pytest

# The doctor is a part of the harness. What keeps that from being built is what is missing first.
doctor: ## what this machine has, what it lacks, and what to do about each
	$(Q)ci/deps.sh --tell
	@mkdir -p $(BUILD)
	$(Q)$(MAKE) --no-print-directory $(BUILD)/keelson >$(BUILD)/doctor.log 2>&1 || \
		{ grep -E 'error|cannot find' $(BUILD)/doctor.log; echo 'doctor: build/keelson cannot be built yet' >&2; exit 3; }
	$(Q)$(BUILD)/keelson doctor --qemu $(QEMU)

format: ## clang-format the tree; the module keeps the kernel's style
	$(Q)formatter=$$(ci/format.sh) || { echo "format: $$formatter" >&2; exit 3; }; \
		"$$formatter" -i $$(git ls-files -co --exclude-standard '*.c' '*.h' | grep -v '^guests/module/')

lint: ## clang-format, cppcheck, shellcheck, pyflakes; headers, layers, sizes, licences, stacks
	$(Q)ci/lint.sh

# Exceeding a limit fails the build, so the table is part of `all`.
SIZE_MAPS := $(BUILD)/svsm.map $(addprefix $(BUILD)/services/,$(addsuffix .map,$(SERVICES)))
$(BUILD)/size.txt: $(BUILD)/svsm.elf $(addprefix $(BUILD)/services/,$(SERVICES)) ci/size.py ci/size.limits
	$(Q)$(PYTHON) ci/size.py ci/size.limits $(SIZE_MAPS) >$@

size: $(BUILD)/size.txt ## what the SVSM's image is made of, and the limits
	@cat $<

# The README's commands in bare roots of other releases; it needs root and network access. docs/updating.md
MATRIX ?= bookworm trixie sid

matrix: ## the tree in bare roots of Debian 12, 13 and sid (MATRIX='trixie sid'), as one table
	$(Q)ci/deps.sh debootstrap debian-archive-keyring git python3
	$(Q)$(PYTHON) ci/matrix/matrix.py $(MATRIX)

outdated: ## versions the tree is known to work with, and what the releases offer now
	$(Q)$(PYTHON) ci/matrix/outdated.py
