# SPDX-License-Identifier: MIT
# libtpms, libjansson and libcrypto come from Debian's -dev packages, unchanged.
SERVICE_CFLAGS_vtpm := -ffunction-sections -fdata-sections
SERVICE_SRC_vtpm := $(addprefix svsm/services/lib/,service.c absent.c channel.c channel_message.c channel_session.c channel_slots.c channel_time.c state_seal.c state.c \
	release/release.c release/release_words.c release/release_crypto.c) \
	svsm/lib/channel/channel_frame.c svsm/lib/channel/channel_tag.c svsm/lib/crc32.c svsm/lib/base64.c
SERVICE_LIBS_vtpm := -ltpms -ljansson -lcrypto
# libc itself still has dlopen (for character sets); the linker would warn of it at each build.
SERVICE_LDFLAGS_vtpm := -Wl,--no-warnings
SERVICE_LDS_vtpm := svsm/services/vtpm/hot.lds
