# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
#
# `make` builds, `make help` lists the rest. Objects go to build/; each folder brings its own build.mk.

BUILD ?= build
CROSS_COMPILE ?=
CC      := $(if $(filter default,$(origin CC)),$(CROSS_COMPILE)gcc,$(CC))
LD      := $(if $(filter default,$(origin LD)),$(CROSS_COMPILE)ld,$(LD))
OBJCOPY ?= $(CROSS_COMPILE)objcopy
NM      ?= $(CROSS_COMPILE)nm
HOSTCC  ?= gcc
PYTHON  ?= /usr/bin/python3
QEMU    ?= qemu-system-x86_64
IASL    ?= iasl
V       ?= 0
# WERROR=1, on the command line or in the environment: a warning ends the build. .ci/run sets it; a user's compiler may be
# newer than ours and know more warnings.
WERROR  ?=
Q       := $(if $(filter 0,$(V)),@,)
say      = @printf '  %-8s %s\n' $(1) $(2)
export BUILD CC LD OBJCOPY NM HOSTCC PYTHON QEMU
# In a container the checkout is somebody else's, and git would read nothing of it. Who runs make trusts the tree already.
export GIT_CONFIG_COUNT := 1
export GIT_CONFIG_KEY_0 := safe.directory
export GIT_CONFIG_VALUE_0 := *

# Versions of what makes the images: a new compiler rebuilds everything.
TOOLCHAIN := $(shell for tool in '$(CC)' '$(LD)' '$(OBJCOPY)' '$(HOSTCC)'; do $$tool --version 2>/dev/null | head -n 1; done)

# $(call gcc_only,COMPILER,FLAGS): what clang has no word for
gcc_only = $(if $(findstring clang,$(shell $(1) --version 2>/dev/null)),,$(2))

WARN := -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wundef -Wpointer-arith -Wimplicit-fallthrough$(if $(findstring clang,$(TOOLCHAIN)),,=5)

# A word of a recipe, whatever path it holds
quoted = '$(subst ','\'',$(1))'
# Same bytes wherever the tree lies: no absolute path may enter an object.
REPRO := $(call quoted,-ffile-prefix-map=$(CURDIR)=.) -Wdate-time
FW_CFLAGS := -std=gnu11 -O2 -g $(WARN) $(REPRO) -ffreestanding -fno-pic -fno-pie -mno-red-zone \
	-mgeneral-regs-only -mcmodel=kernel -fno-strict-aliasing -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -fstack-protector-strong -mstack-protector-guard=global \
	-fstack-usage -Wframe-larger-than=2048 -Isvsm/include -Isvsm
FW_LDFLAGS := -nostdlib -static --build-id=none -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments
HOST_CFLAGS := -std=gnu11 -O2 -g $(WARN) $(REPRO) -Isvsm/include -Isvsm
FW_LIB := $(addprefix svsm/lib/,string.c fmt.c crc32.c spinlock.c)
IGVM_LIB := $(sort $(wildcard svsm/lib/igvm/*.c))
VAPIC_LIB := $(sort $(wildcard svsm/lib/vapic/*.c))
INSN_LIB := $(sort $(wildcard svsm/lib/insn/*.c))
ACPI_LIB := $(sort $(wildcard svsm/lib/acpi/*.c))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# $(call objects,IMAGE,SOURCES): where an image's objects lie
objects = $(patsubst %,$(BUILD)/obj/$(1)/%.o,$(basename $(2)))

# $(call differ,A,B): not the same text
differ = $(or $(subst x$(1)x,,x$(2)x),$(subst x$(2)x,,x$(1)x))

# $(call compile,IMAGE,COMPILER,FLAGS): how an image's sources become objects. FLAGS_IMAGE is what makes all of them
# anew when it changes; flags that only some sources or the linker get are added to it.
define compile
IMAGES += $(1)
FLAGS_$(1) = $(2) $(3)
$(BUILD)/obj/$(1)/%.o: %.c $(BUILD)/obj/$(1).flags
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$(2) $(3) -MMD -MP -c $$< -o $$@
$(BUILD)/obj/$(1)/%.o: %.S $(BUILD)/obj/$(1).flags
	$$(call say,AS,$$<)
	@mkdir -p $$(@D)
	$$(Q)$(2) $(3) -D__ASSEMBLER__ -MMD -MP -c $$< -o $$@
endef

include svsm/build.mk
include launch/machine/build.mk
include harness/build.mk
include guests/build.mk
include guests/bare/build.mk
include tests/build.mk
include tests/native/build.mk
include tests/fuzz/build.mk
include tests/referee/build.mk
include ci/build.mk
include ci/package/build.mk
include ci/nightly/build.mk

# An image's flags as they were when its objects were made. The file counts as old when its text differs; nothing is
# written while make reads this, so `make -n` tells the truth and leaves no trace.
flags_text = $(subst $(CURDIR),.,$(strip $(TOOLCHAIN) $(FLAGS_$(1))))
define flags_file
$(if $(call differ,$(strip $(file <$(BUILD)/obj/$(1).flags)),$(call flags_text,$(1))),.PHONY: $(BUILD)/obj/$(1).flags)
$(BUILD)/obj/$(1).flags:
	@mkdir -p $$(@D)
	@printf '%s\n' '$(subst ','\'',$(call flags_text,$(1)))' >$$@
endef
$(foreach i,$(IMAGES),$(eval $(call flags_file,$(i))))

DEPFILES := $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
-include $(DEPFILES)

.PHONY: all conformance clean help
all: $(BUILD)/monitor.elf.mb $(BUILD)/svsm.elf $(BUILD)/keelson $(BARE_IMAGES) $(CONFORMANCE) $(BUILD)/size.txt ## build everything that needs no download

conformance: $(CONFORMANCE) ## tests of the SVSM specification for any SVSM, in OVMF's format (docs/conformance.md)

clean: ## remove objects and images, keep what was fetched
	$(Q)rm -rf $(BUILD)/obj $(BUILD)/*.elf* $(BUILD)/keelson $(BUILD)/*.igvm $(BUILD)/guests/bare $(CONFORMANCE)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(filter-out %.d,$(MAKEFILE_LIST)) | sort -u | \
		sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | awk -F'\t' '{printf "  %-14s %s\n", $$1, $$2}'
