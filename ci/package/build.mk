# SPDX-License-Identifier: MIT
# make install, uninstall, package: what runs without a checkout. docs/installing.md

PREFIX ?= /usr/local
DESTDIR ?=
# INSTALL_GUESTS=1: and what `make guests` has fetched and made, kernel, tools and OVMF
INSTALL_GUESTS ?=
VERSION := $(shell head -n 1 debian/changelog | tr -d '()' | cut -d' ' -f2)

PLACE = $(DESTDIR)$(PREFIX)
INSTALLED = $(PLACE)/lib/keelson
DOCUMENTS = $(PLACE)/share/doc/keelson
MANUAL = $(PLACE)/share/man/man1
BASH_COMPLETION = $(PLACE)/share/bash-completion/completions
ZSH_COMPLETION = $(PLACE)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
INSTALL_IMAGES := $(BUILD)/monitor.elf $(BUILD)/monitor.elf.mb $(BUILD)/svsm.elf
INSTALL_FETCHED = $(wildcard $(addprefix $(GUESTS)/,kernel/vmlinuz kernel/version initramfs.cpio tools.cpio firmware/OVMF.fd firmware/OVMF-old.fd))

# The agent without modules, for kernels that have the drivers built in or do without; with a shell where this machine
# has a busybox that is linked statically.
AGENT_IMAGE := $(GUESTS)/agent.cpio
$(AGENT_IMAGE): $(GUESTS)/agent guests/initramfs/build.sh ci/package/shell.sh
	$(call say,CPIO,$@)
	$(Q)ci/package/shell.sh $(GUESTS)/agent-tree
	$(Q)guests/initramfs/build.sh $@ $(GUESTS)/agent $(GUESTS)/no-kernel $(GUESTS)/no-module $(GUESTS)/agent-tree

put = install -D -m 644 -t $(call quoted,$(1)) $(2)
ask_keelson = PYTHONDONTWRITEBYTECODE=1 $(PYTHON) ci/package/$(1) >$(call quoted,$(2))

.PHONY: install installable uninstall package package-check
# What is installed, and not `all`: limits on the firmware's size are for who changes it, and not for a newer compiler's user.
installable: $(BUILD)/keelson $(INSTALL_IMAGES) $(BARE_IMAGES) $(CONFORMANCE) $(AGENT_IMAGE) ## what install copies, built and not copied

install: installable ## the program and its images to DESTDIR/PREFIX (/usr/local), for use without a checkout: docs/installing.md
	$(Q)install -D -m 755 -t $(call quoted,$(PLACE)/bin) $(BUILD)/keelson
	$(Q)$(call put,$(INSTALLED),$(INSTALL_IMAGES))
	$(Q)$(call put,$(INSTALLED)/launch,launch/suites.cfg)
	$(Q)$(call put,$(INSTALLED)/guests/bare,$(BARE_IMAGES))
	$(Q)$(call put,$(INSTALLED)/guests,$(CONFORMANCE))
	$(Q)install -m 644 $(AGENT_IMAGE) $(call quoted,$(INSTALLED)/guests/initramfs.cpio)
	$(if $(INSTALL_GUESTS),$(Q)cd $(GUESTS) && for f in $(patsubst $(GUESTS)/%,%,$(INSTALL_FETCHED)); do install -D -m 644 $$f $(call quoted,$(INSTALLED)/guests)/$$f; done)
	$(Q)$(call put,$(DOCUMENTS),README.md LICENSE)
	$(Q)$(call put,$(DOCUMENTS)/docs,$(wildcard docs/*))
	$(Q)mkdir -p $(call quoted,$(MANUAL)) $(call quoted,$(BASH_COMPLETION)) $(call quoted,$(ZSH_COMPLETION))
	$(Q)$(call ask_keelson,manual.py $(BUILD)/keelson $(VERSION) $(call quoted,$(PREFIX)),$(MANUAL)/keelson.1)
	$(Q)$(call ask_keelson,completion.py bash $(BUILD)/keelson,$(BASH_COMPLETION)/keelson)
	$(Q)$(call ask_keelson,completion.py zsh $(BUILD)/keelson,$(ZSH_COMPLETION)/_keelson)

uninstall: ## remove what install has put there
	$(Q)rm -rf $(call quoted,$(INSTALLED)) $(call quoted,$(DOCUMENTS))
	$(Q)rm -f $(call quoted,$(PLACE)/bin/keelson) $(call quoted,$(MANUAL)/keelson.1) $(call quoted,$(BASH_COMPLETION)/keelson) \
		$(call quoted,$(ZSH_COMPLETION)/_keelson)

# dpkg-buildpackage writes beside the tree, so it gets a copy of what git has.
PACKAGE_TREE := $(BUILD)/package/keelson-$(VERSION)
PACKAGE_CHECK ?= bookworm trixie sid
package: ## a Debian package of the tree, built by dpkg-buildpackage: build/package/keelson_*.deb
	$(Q)ci/deps.sh dpkg-dev debhelper busybox-static acpica-tools cpio libjansson-dev libssl-dev libtpms-dev
	$(Q)rm -rf $(PACKAGE_TREE) && mkdir -p $(PACKAGE_TREE)
	$(Q)git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C $(PACKAGE_TREE)
	$(Q)cd $(PACKAGE_TREE) && env -u BUILD -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -b
	$(Q)! command -v lintian >/dev/null || lintian --fail-on error --allow-root \
		--suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog $(BUILD)/package/keelson_$(VERSION)_*.changes
	@ls $(BUILD)/package/keelson_$(VERSION)_*.deb

package-check: ## that package built, installed and run in bare roots of Debian 12, 13 and sid (PACKAGE_CHECK='trixie sid')
	$(Q)ci/deps.sh debootstrap debian-archive-keyring git
	$(Q)ci/package/check.sh $(PACKAGE_CHECK)
