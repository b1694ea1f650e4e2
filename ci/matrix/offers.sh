#!/bin/sh
# SPDX-License-Identifier: MIT
# What releases offer now, one line each: SUITE PACKAGE VERSION; the package `kernel` is the newest cloud kernel of
# the suite and the series that the kernel came from. The system's own apt is not touched.
# usage: offers.sh DIR PACKAGE... -- SUITE=KERNEL_SUITE[-SERIES]...     (DIR keeps the package lists)
set -eu
me=outdated
here=$(dirname "$0")
# shellcheck source=guests/apt.sh
. "$here/../../guests/apt.sh"
# shellcheck source=guests/kernels/images.sh
. "$here/../../guests/kernels/images.sh"

dir=$1
shift
packages=
while [ "$1" != -- ]; do
	packages="$packages $1"
	shift
done
shift
for pair; do
	suite=${pair%%=*}
	from=${pair#*=}
	series=$(echo "$from" | sed -n 's/.*-\([0-9]\)/\1/p')
	apt_open "$dir/$suite" "$suite"
	# shellcheck disable=SC2086 # a list of package names
	private apt-cache show --no-all-versions $packages | awk -v suite="$suite" '/^Package:/ {p = $2} /^Version:/ {print suite, p, $2}'
	apt_open "$dir/$from" "${from%-"$series"}"
	kernel_images "$series" | tail -n 1 | sed "s/^linux-image-/$suite kernel /"
done
