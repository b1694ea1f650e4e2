# SPDX-License-Identifier: MIT
# build/keelson: starts QEMU, owns its ports, plays the security processor, drives the suites.

HARNESS_SRC := $(sort $(wildcard harness/*.c harness/*/*.c harness/*/*.S launch/profiles/*.c)) \
	$(IGVM_LIB) svsm/lib/control_frame.c svsm/lib/channel/channel_frame.c svsm/lib/channel/channel_tag.c svsm/lib/crc32.c svsm/lib/base64.c svsm/lib/vmsa.c svsm/lib/launch_sections.c
HARNESS_OBJ := $(call objects,harness,$(HARNESS_SRC))

$(eval $(call compile,harness,$$(HOSTCC),$$(HOST_CFLAGS) -I. -D_GNU_SOURCE))

# The script is in the program (.incbin).
$(call objects,harness,harness/repro/collect.c): harness/repro/collect.sh

$(BUILD)/keelson: $(HARNESS_OBJ)
	$(call say,LD,$@)
	$(Q)$(HOSTCC) $^ -lcrypto -ljansson -lpthread -lm -o $@

# What gdb runs is part of the program.
$(call objects,harness,harness/debug/scripts.S): $(wildcard harness/debug/*.py)

# The report's style and script are part of the program.
$(BUILD)/obj/harness/harness/page/assets.o $(BUILD)/obj/unit/harness/page/assets.o: harness/page/report.css harness/page/report.js
