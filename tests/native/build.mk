# SPDX-License-Identifier: MIT
# Unit tests of the portable code, compiled for the host with the sanitizers. tests/native/README.md
# tells how to add one: a file test_NAME.c whose first comment names what it is linked with.

UNIT_CFLAGS := $(HOST_CFLAGS) -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -D_GNU_SOURCE -Iguests -Ilaunch -I.
UNIT_SRC := $(sort $(wildcard tests/native/test_*.c tests/fuzz/test_*.c))

$(eval $(call compile,unit,$$(HOSTCC),$$(UNIT_CFLAGS)))

# What the lines " * sources: a.c b.c" and " * libs: -lx" of a test name
unit_field = $(shell sed -n '/^[^ /]/q; s/^ \* $(2): *//p' $(1))

define unit_program
$(BUILD)/unit/$(basename $(notdir $(1))): $(call objects,unit,$(1) tests/native/check.c svsm/lib/spinlock.c $(call unit_field,$(1),sources))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) -fsanitize=address,undefined $$^ $(call unit_field,$(1),libs) -o $$@
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit_program,$(t))))

UNIT_PROGRAMS := $(addprefix $(BUILD)/unit/,$(basename $(notdir $(UNIT_SRC))))

.PHONY: unit
unit: $(UNIT_PROGRAMS) ## unit tests of the portable code, under the sanitizers
	$(Q)tests/native/run.sh $(UNIT_PROGRAMS)
