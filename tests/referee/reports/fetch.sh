#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
#
# Fetch the judges of attestation reports that this machine lacks: go-sev-guest's `check`, built of Debian's packages (Go
# from backports, since Debian 12's is too old), and @tinfoilsh/verifier (AGPL) from npm, pinned, where node is 20 or newer.
# Nothing is installed. A judge that cannot be had leaves DIR/NAME.absent with the reason.
# usage: fetch.sh DIR   (leaves DIR/check, DIR/node_modules, and DIR/amd: a report that AMD's own hardware has signed)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
me=reports
# shellcheck source=guests/apt.sh
. "$here/../../../guests/apt.sh"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
rm -f "$dir"/*.absent

# ---- go-sev-guest ----

libraries='golang-github-google-go-configfs-tsm-dev golang-github-google-logger-dev golang-github-google-uuid-dev
golang-go.uber-multierr-dev golang-go.uber-atomic-dev golang-golang-x-crypto-dev golang-golang-x-sys-dev
golang-golang-x-term-dev golang-golang-x-net-dev golang-golang-x-text-dev golang-google-protobuf-dev
golang-github-google-go-cmp-dev golang-goprotobuf-dev golang-golang-x-xerrors-dev'
judge=golang-github-google-go-sev-guest-dev

unpack() { # FOLDER: all packages there
	for deb in "$1"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -C "$dir/tree" -xf -
	done
}

# The package lacks the PEM files that are compiled in: they are taken from trixie's source. sid's version 0.15 knows reports of
# version 5, and its libraries are trixie's.
go_tree() {
	rm -rf "$dir/tree"
	mkdir -p "$dir/tree"
	apt_open "$dir/apt" trixie
	apt_sources trixie
	# shellcheck disable=SC2086 # a list of package names
	apt_get $libraries
	(cd "$dir" && apt_log private apt-get source --download-only --tar-only golang-github-google-go-sev-guest)
	unpack "$dir/apt"
	apt_open "$dir/apt-go" bookworm bookworm-backports
	apt_get golang-1.23-go golang-1.23-src
	unpack "$dir/apt-go"
	apt_open "$dir/apt-sid" sid
	apt_get "$judge"
	unpack "$dir/apt-sid"
	source=$dir/tree/usr/share/gocode/src/github.com/google/go-sev-guest
	tar -C "$source" --strip-components=1 --wildcards -xf "$dir"/golang-github-google-go-sev-guest_*.orig.tar.gz \
		'*/verify/trust/*.pem' '*/testing/data/keys/*.pem'
	rm -rf "$dir/amd"
	mkdir -p "$dir/amd"
	tar -C "$dir/amd" --strip-components=3 --wildcards -xf "$dir"/golang-github-google-go-sev-guest_*.orig.tar.gz \
		'*/verify/trust/ask_ark_milan.pem' '*/verify/testdata/attestation.bin' '*/verify/testdata/vcek.testcer'
}

go_build() {
	export GOROOT="$dir/tree/usr/lib/go-1.23" GOPATH="$dir/tree/usr/share/gocode" GO111MODULE=off GOTOOLCHAIN=local
	export GOCACHE="$dir/cache" CGO_ENABLED=0 GOFLAGS=
	(cd "$source/tools/check" && "$GOROOT/bin/go" build -o "$dir/check.new" .) >"$dir/go.log" 2>&1 || return 1
	mv "$dir/check.new" "$dir/check"
	rm -rf "$dir/tree" "$dir/cache" "$dir/apt" "$dir/apt-go" "$dir/apt-sid"
}

if ! [ -x "$dir/check" ]; then
	echo '  reports fetches and builds go-sev-guest'
	# In a shell of its own: what cannot be fetched ends that one.
	if ! (go_tree && go_build) >"$dir/fetch.log" 2>&1; then
		echo "go-sev-guest could not be fetched or built: $(tail -n 1 "$dir/fetch.log") (log: $dir/fetch.log, $dir/go.log)" >"$dir/go-sev-guest.absent"
	fi
fi

# ---- @tinfoilsh/verifier ----

# A dependency of later versions is not to be had, so these are pinned too.
npm_fetch() {
	cat >"$dir/package.json" <<-'END'
	{"private": true, "type": "module",
	 "dependencies": {"@tinfoilsh/verifier": "1.1.0"},
	 "overrides": {"@freedomofpress/sigstore-browser": "0.1.11", "@freedomofpress/crypto-browser": "0.1.7",
	               "@freedomofpress/tuf-browser": "0.1.8"}}
	END
	(cd "$dir" && npm install --no-audit --no-fund --ignore-scripts) >"$dir/npm.log" 2>&1
}

major=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//')
if [ "${major:-0}" -lt 20 ] || ! command -v npm >/dev/null 2>&1; then
	rm -rf "$dir/node_modules"
	echo "@tinfoilsh/verifier needs node 20 or newer and npm, here is ${major:-none}" >"$dir/tinfoil.absent"
elif ! [ -d "$dir/node_modules/@tinfoilsh/verifier" ] && ! npm_fetch; then
	rm -rf "$dir/node_modules"
	echo "npm did not give @tinfoilsh/verifier (log: $dir/npm.log)" >"$dir/tinfoil.absent"
fi
