#!/bin/sh
# SPDX-License-Identifier: MIT
# Which kernel is fetched where nobody says: one line, the suite and the series ("" is the newest that the suite
# has). A kernel's headers bring programs and name a compiler, so it comes from the system's own Debian release;
# where that has none with SVSM support (6.11), and outside Debian, from bookworm-backports, whose programs run
# on any newer libc.
# usage: default.sh [SUITE]   (with a suite: what of it)
set -eu
# shellcheck source=guests/apt.sh
. "$(dirname "$0")/../apt.sh"

suite=${1:-$(apt_release)}
case $suite in
'' | bullseye | bookworm) [ -n "${1-}" ] || suite=bookworm-backports ;;
esac
case $suite in
bookworm-backports | trixie) series=6.12 ;;
*) series= ;;
esac
echo "$suite $series"
