#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Prints the suites that can run here, but for those named.

usage: suites.py [SUITE...]"""
import json
import os
import subprocess
import sys

keelson = os.path.join(os.environ.get("BUILD", "build"), "keelson")
listed = subprocess.run([keelson, "test", "--list", "--json"], stdout=subprocess.PIPE, text=True, check=True).stdout
there = [suite for suite in map(json.loads, listed.splitlines()) if "suite" in suite]
unknown = set(sys.argv[1:]) - {s["suite"] for s in there}
if unknown:
    sys.exit(f"suites.py: no such suite: {' '.join(sorted(unknown))}")
print(" ".join(s["suite"] for s in there if not s.get("lacks") and s["suite"] not in sys.argv[1:]))
