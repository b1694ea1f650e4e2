#!/bin/sh
# SPDX-License-Identifier: MIT
# libtpms for the fuzzer: Debian's source package, verified by apt, built with the sanitizers and
# libFuzzer's coverage. Where the source cannot be had, Debian's own library: then ASan sees what it
# does to the heap, but not each access, and there is no coverage of it.
# usage: libtpms.sh DIR COMPILER FLAGS...   (leaves DIR/libtpms.a and DIR/libtpms.txt: what it is)
# LIBTPMS_SRC=path/to/source: a tree to use instead, Debian's patches applied
set -eu
dir=$1
compiler=$2
shift 2
me=libtpms
here=$(dirname "$0")
# shellcheck source=guests/apt.sh
. "$here/../../guests/apt.sh"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# DIR/source, from the archive of this system's release
fetch() {
	suite=$(apt_codename)
	apt_open "$dir/apt" "$suite"
	apt_sources "$suite"
	rm -rf "$dir/source" "$dir"/libtpms_* "$dir"/libtpms-*
	(cd "$dir" && apt_log private apt-get source libtpms) || return 1
	mv "$dir"/libtpms-*/ "$dir/source"
}

# TPM 2.0 with libcrypto; libtpms' TPM 1.2 is not ours.
files() {
	find "$1/src" -maxdepth 1 -name '*.c' ! -name 'tpm_tpm12*'
	find "$1/src/tpm2" -name '*.c'
}

if [ -n "${LIBTPMS_SRC:-}" ]; then
	source=$LIBTPMS_SRC
elif (fetch) 2>"$dir/why"; then
	source=$dir/source
else
	cp "$(dpkg-query -L libtpms-dev | grep 'libtpms\.a$')" "$dir/libtpms.a"
	echo "Debian's, not instrumented: its source is not to be had here ($(tail -n 1 "$dir/why"))" >"$dir/libtpms.txt"
	exit 0
fi

rm -rf "$dir/obj" "$dir/libtpms.a"
mkdir -p "$dir/obj"
: >"$dir/obj/config.h" # what configure would find is in the flags below, as Debian has it
files "$source" | while read -r file; do
	case $file in
	*/crypto/*) object=$dir/obj/crypto-$(basename "$file" .c).o ;;
	*) object=$dir/obj/$(basename "$file" .c).o ;;
	esac
	echo "$object $file"
done | xargs -P "$(nproc)" -L 1 sh -c '
	compiler=$1 obj=$2 src=$3 flags=$4 object=$5 file=$6
	"$compiler" $flags -w -include tpm_library_conf.h \
		-D_POSIX_ -DTPM_POSIX -DWITH_TPM2=1 -DTPM_LIBTPMS_CALLBACKS -DTPM_NV_DISK \
		-DUSE_OPENSSL_CRYPTO_LIBRARY=1 -DOPENSSL_SUPPRESS_DEPRECATED \
		-DUSE_OPENSSL_FUNCTIONS_SYMMETRIC=1 -DUSE_OPENSSL_FUNCTIONS_EC=1 \
		-DUSE_OPENSSL_FUNCTIONS_ECDSA=1 -DUSE_OPENSSL_FUNCTIONS_RSA=1 \
		-I"$obj" -I"$src/include/libtpms" -I"$src/include" -I"$src/src" -I"$src/src/tpm2" \
		-I"$src/src/tpm2/crypto" -I"$src/src/tpm2/crypto/openssl" -c "$file" -o "$object"
' sh "$compiler" "$dir/obj" "$source" "$*"
ar rcs "$dir/libtpms.a" "$dir"/obj/*.o
echo "built from source, instrumented" >"$dir/libtpms.txt"
