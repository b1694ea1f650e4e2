#!/bin/sh
# SPDX-License-Identifier: MIT
# The Debian package in bare roots of releases: built by dpkg-buildpackage in one, and in another, which has nothing
# else, installed with apt-get, run as a user without rights, and purged. Roots are made as those of `make matrix` and
# kept under build/package; logs are build/package/SUITE.log. It needs root and network access for apt.
# usage: check.sh SUITE...
set -u
cd "$(dirname "$0")/../.." || exit 3
top=${BUILD:-build}/package
mkdir -p "$top" && top=$(cd "$top" && pwd) || exit 3
root_sh=ci/matrix/root.sh

# $1 is a root, $2 the user, the rest a line for his shell
inside() {
	root=$1 user=$2
	shift 2
	"$root_sh" run "$root" "$user" "cd && $*"
}

make_roots() {
	"$root_sh" make "$1" "$top/$1" || return
	[ -d "$top/$1.build" ] || cp -a "$top/$1" "$top/$1.build" || return
	rm -rf "$top/$1.user"
	cp -a "$top/$1" "$top/$1.user"
}

# What git has, changed files as they are: nobody's build is in it.
copy_tree() {
	rm -rf "$1"
	mkdir -p "$1" && git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$1" --no-same-owner
}

build() {
	home=$top/$1.build/home/keelson
	rm -f "$home"/keelson_* "$home"/keelson-dbgsym_*
	copy_tree "$home/tree" && chroot "$top/$1.build" chown -R keelson: /home/keelson/tree &&
		inside "$top/$1.build" root 'export DEBIAN_FRONTEND=noninteractive; apt-get -q update &&
			apt-get -q -y build-dep --no-install-recommends /home/keelson/tree && apt-get -q clean' &&
		inside "$top/$1.build" keelson 'cd tree && dpkg-buildpackage -us -uc -b'
}

try() {
	cp "$top/$1.build"/home/keelson/keelson_*_amd64.deb debian/tests/boots "$top/$1.user/home/keelson/" &&
		inside "$top/$1.user" root 'export DEBIAN_FRONTEND=noninteractive; apt-get -q -y install --no-install-recommends \
			/home/keelson/keelson_*.deb' &&
		inside "$top/$1.user" keelson 'HOME=/home/keelson ./boots' &&
		inside "$top/$1.user" root 'apt-get -q -y purge keelson && ! [ -e /usr/lib/keelson ] && ! [ -e /usr/bin/keelson ]'
}

failed=0 passed=0
for suite; do
	for step in make_roots build try; do
		printf '  %-10s %-12s' "$suite:" "$step"
		if "$step" "$suite" >>"$top/$suite.log" 2>&1; then
			echo ok
			continue
		fi
		echo "FAILED (log: $top/$suite.log)"
		tail -n 5 "$top/$suite.log" | sed 's/^/    | /'
		failed=$((failed + 1))
		continue 2
	done
	passed=$((passed + 1))
done
echo "package: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
