# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by test scripts in /tests; docs/writing-tests.md. A script is
#
#   . /lib/external.sh
#   show NAME "one line that says what is true when it passes"
#   test_NAME() { ... }           dashes of NAME are underscores here
#   run_tests "$@"
#
# A test starts in an empty folder of its own and ends at its first failed step.

export TSS2_LOG=all+NONE # the tools tell the codes themselves
shows=

show() {
	shows="$shows$1	$2
"
}

report() {
	printf '%s\n' "$*" >&3
}

# Ends the test.
fail() {
	report "FAIL $(basename "$0"):${where:-?} $(printf '%s' "$*" | tr '\n' ' ' | cut -c 1-700)"
	exit 1
}

skip() {
	report "SKIP $*"
	exit 0
}

info() {
	report "INFO $1 $2"
}

# The host's answer to a verb, words split by tabs: host file list
host() {
	request="HOST $1"
	shift
	for word; do request="$request	$word"; done
	report "$request"
	IFS= read -r answer <&3 || fail "the host does not answer $request"
	printf '%s\n' "$answer"
}

# Files into files/ of the run's folder.
put() {
	host-put "$@" || fail "files do not reach the host: $*"
}

# A step that must succeed. Its output goes to the log (20 lines of it), and to the file `out` for the test to read.
ok() {
	echo "+ $*"
	"$@" >out 2>err || { code=$?; cat out err; fail "$* ended with $code: $(head -n 1 err)"; }
	head -n 20 out
	cat err
}

# A step that the TPM must refuse, with this text (a regular expression) in what it says.
refused() {
	text=$1
	shift
	echo "+ $* (to be refused: $text)"
	if "$@" >out 2>err; then
		fail "$* succeeded"
	fi
	cat out err
	grep -Eq "$text" out err || fail "$*: \"$(head -n 1 err)\", want \"$text\""
}

# same A B: two files hold the same bytes.
same() {
	cmp "$1" "$2" || fail "$1 and $2 differ"
}

different() {
	if cmp -s "$1" "$2"; then
		fail "$1 and $2 are the same"
	fi
}

# A file in hexadecimal.
hex() {
	xxd -p "$1" | tr -d '\n'
}

# equal LEFT RIGHT [WHAT]
equal() {
	[ "$1" = "$2" ] || fail "${3:-values}: \"$1\" and \"$2\""
}

run_tests() {
	if [ "$1" = --list ]; then
		printf %s "$shows"
		exit 0
	fi
	where=$1
	if [ ! -e /dev/tpmrm0 ]; then
		[ -e /modules/keelson.ko ] || skip "no TPM: this kernel has no driver, and the image no keelson.ko"
		fail "no /dev/tpmrm0 although keelson.ko is there"
	fi
	mkdir -p "/tmp/$1"
	cd "/tmp/$1" || exit 1
	"test_$(echo "$1" | tr - _)"
}
