#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs inside the tree that build.sh made: keeps a copy of it for the image, brings the tools that the image need not
# have, and leaves /keelson/disk.img.
# usage: assemble.sh SUITE
set -eu
suite=$1
work=/keelson
root=$work/root
esp_mib=64 root_mib=384
cd "$work"

kernel=$(basename /lib/modules/*)

# What stays out of the image: kbuild, what makes the file systems, systemd-boot and the stub of a UKI.
tools() {
	from=
	[ "$suite" != bookworm ] || from=/bookworm-backports
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install \
		"linux-headers-cloud-amd64$from" gcc make binutils e2fsprogs dosfstools mtools fdisk zstd systemd-boot-efi
}

copy_tree() {
	mkdir -p "$root"
	tar -C / -c --one-file-system --xattrs --xattrs-include='*' --exclude=./keelson --exclude='./var/cache/apt/*' \
		--exclude='./var/lib/apt/lists/*' --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' . |
		tar -C "$root" -x --xattrs --xattrs-include='*'
	rm -f "$root/etc/resolv.conf"
	sed -i /unsafe-io/d "$root"/etc/dpkg/dpkg.cfg.d/*
	: >"$root/etc/machine-id"
	mkdir "$root/efi"
}

# The driver for the vTPM, for kernels that have none.
module() {
	make -C "/lib/modules/$kernel/build" M="$work/module" modules
	for t in "" "$root"; do
		install -D -m 644 module/keelson.ko "$t/lib/modules/$kernel/updates/keelson.ko"
		depmod -b "${t:-/}" "$kernel"
	done
}

# What is ours in the image lies under root/, as it is to lie there.
settle() {
	cp -R image/root/. "$root/"
	install -m 755 carry "$root/usr/lib/keelson/carry"
	chroot "$root" passwd -d root
	chroot "$root" systemctl enable keelson-tpm.service keelson-exchange.service serial-getty@ttyS0.service
	chroot "$root" systemctl mask getty@tty1.service getty-static.service
	chroot "$root" systemctl set-default multi-user.target
}

# The initrd is made of this tree, which has all that the image has.
initrd() {
	mkdir -p none
	cp -R image/root/. /
	install -m 755 carry /usr/lib/keelson/carry
	cp -R image/dracut/90keelson /usr/lib/dracut/modules.d/
	# Since Debian 13 systemd-cryptsetup is a module of its own.
	more=$(find /usr/lib/dracut/modules.d -name '*systemd-cryptsetup' | sed 's/.*[0-9]//')
	dracut --force ${more:+--force-add "$more"} --no-hostonly --no-hostonly-cmdline --zstd --kver "$kernel" --conf image/dracut/dracut.conf \
		--confdir none initrd.img
}

# Where the stub's last section ends. awk has no numbers as large as a PE image's addresses.
stub_end() {
	end=0
	for pair in $(objdump -h "$1" | awk '$1 ~ /^[0-9]+$/ { print "0x" $4 "+0x" $3 }'); do
		[ "$((${pair}))" -le "$end" ] || end=$((${pair}))
	done
	echo "$end"
}

# systemd-stub with sections of ours behind its own, each on a page of its own.
uki() {
	stub=/usr/lib/systemd/boot/efi/linuxx64.efi.stub
	cp /etc/os-release osrel
	printf %s "$(cat image/cmdline)" >cmdline
	printf %s "$kernel" >uname.txt
	at=$(stub_end $stub)
	set --
	for s in osrel:osrel uname:uname.txt cmdline:cmdline "linux:/boot/vmlinuz-$kernel" initrd:initrd.img; do
		at=$(((at + 4095) / 4096 * 4096))
		set -- "$@" --add-section ".${s%%:*}=${s#*:}" --change-section-vma ".${s%%:*}=$at"
		at=$((at + $(stat -L -c %s "${s#*:}")))
	done
	objcopy "$@" $stub debian.efi
}

esp() {
	truncate -s "${esp_mib}M" esp.img
	mkfs.vfat -F 32 -n ESP esp.img
	mmd -i esp.img ::EFI ::EFI/BOOT ::EFI/Linux ::loader ::loader/entries ::keelson
	mcopy -i esp.img /usr/lib/systemd/boot/efi/systemd-bootx64.efi ::EFI/BOOT/BOOTX64.EFI
	mcopy -i esp.img debian.efi ::EFI/Linux/debian.efi
	mcopy -i esp.img image/esp/loader.conf ::loader/loader.conf
	mcopy -i esp.img image/esp/debian.conf ::loader/entries/debian.conf
	mcopy -i esp.img image/esp/install.key image/esp/enrol ::keelson/
}

# cryptsetup encrypts a file in place, without device mapper. The header takes the room in front.
encrypted_root() {
	truncate -s "${root_mib}M" root.img
	mkfs.ext4 -q -L root -d "$root" root.img "$((root_mib - 32))M"
	cryptsetup reencrypt --batch-mode --encrypt --type luks2 --reduce-device-size 32M --cipher aes-xts-plain64 \
		--key-size 256 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file image/esp/install.key root.img
}

disk() {
	truncate -s "$((esp_mib + root_mib + 2))M" disk.img
	sfdisk -q disk.img <<-END
		label: gpt
		start=1MiB, size=${esp_mib}MiB, type=uefi, name=esp
		size=${root_mib}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root
	END
	dd if=esp.img of=disk.img bs=1M seek=1 conv=notrunc,sparse status=none
	dd if=root.img of=disk.img bs=1M seek=$((esp_mib + 1)) conv=notrunc,sparse status=none
}

copy_tree
tools
module
settle
initrd
uki
esp
encrypted_root
disk
