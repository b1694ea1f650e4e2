#!/bin/sh
# SPDX-License-Identifier: MIT
# Print the clang-format whose output the tree has, or why there is none (exit 1). Versions format the same text
# differently, so another one could only spoil the tree, or find fault with what is right.
known=14
for tool in "clang-format-$known" clang-format; do
	version=$("$tool" --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p')
	[ "$version" != "$known" ] || { echo "$tool"; exit 0; }
	seen=${version:+ and this one is $version}
done
echo "the tree is clang-format $known's$seen"
exit 1
