# SPDX-License-Identifier: MIT
# Dependencies, tool versions, style and lint.

.PHONY: deps format lint FORCE

deps: ## install what is missing from Debian
	$(Q)ci/deps.sh $(BUILD)/.deps

# Rewritten only when a tool changes, so that a new compiler rebuilds everything and nothing else does.
$(BUILD)/toolchain.txt: FORCE
	@ci/toolchain.sh $@

C_FILES = $(shell git ls-files '*.c' '*.h' | grep -v '^guests/module/') # the module keeps the kernel's style

format: ## clang-format the tree
	$(Q)clang-format -i $(C_FILES)

lint: ## clang-format, cppcheck, header and size checks
	$(Q)ci/lint.sh
