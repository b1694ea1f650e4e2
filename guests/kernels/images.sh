# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced behind guests/apt.sh, used after apt_open: which kernels the opened suite has.

# [SERIES]: packages of its signed cloud kernels, of that series ("6.12") or all of them, the newest last
kernel_images() {
	kernel_escaped=$(printf %s "${1-}" | sed 's/[.+]/\\&/g')
	private apt-cache search --names-only "^linux-image-${kernel_escaped:-[0-9]+}\\.[0-9]+.*-cloud-amd64$" |
		awk '{print $1}' | grep -v unsigned | sort -V
}
