#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Makes the fuzzers' seeds from seeds.txt (which explains its own format).

usage: seeds.py header SEEDS FOUND    C arrays, to standard output
       seeds.py corpus SEEDS DIR      one file a seed
       seeds.py unpack FOUND DIR      one file a line of FOUND
       seeds.py pack DIR              the other way, to standard output

In both, a command is a record: how (bits 2:0 locality, bits 7:6 what of the response before is
appended), 16-bit big-endian length, bytes. guests/bare/vtpmfuzz/tpm_record.h reads them.
FOUND holds inputs that a fuzzer found worth keeping, a line of hex each.
"""
import os
import struct
import sys

APPEND = {'': 0, 'a': 0x40, 'b': 0x80, 'c': 0xc0}


def auth(word):
    """An authorization area: @pw, @pw2 or @HANDLE."""
    count = 2 if word == '@pw2' else 1
    handle = '40000009' if word.startswith('@pw') else word[1:]
    return struct.pack('>I', 9 * count) + (bytes.fromhex(handle) + bytes.fromhex('0000010000')) * count


def parameters(words):
    """The bytes behind the command code, and whether there is an authorization area."""
    out, opened, sessions = bytearray(), [], False
    for word in words:
        if word in ('[', '[]'):
            opened.append(len(out))
            out += b'\0\0'
        if word in (']', '[]'):
            at = opened.pop()
            out[at:at + 2] = struct.pack('>H', len(out) - at - 2)
        elif word.startswith('@'):
            out += auth(word)
            sessions = True
        elif word.startswith('"'):
            out += word.strip('"').replace('~', ' ').encode()
        elif word != '[':
            out += bytes.fromhex(word)
    if opened:
        raise ValueError('a [ is not closed')
    return bytes(out), sessions


def split(text):
    """Words; a quoted text is one word, whatever it holds."""
    pieces = text.split('"')
    pieces[1::2] = ['"%s"' % p.replace(' ', '~') for p in pieces[1::2]]
    return ' '.join(pieces).split()


def record(words):
    """One command: [LOCALITY][FLAG] CODE WORD..."""
    how = 0
    if len(words[0]) < 4:
        how = int(words[0][0]) | APPEND[words[0][1:]]
        words = words[1:]
    body, sessions = parameters(words[1:])
    head = struct.pack('>HII', 0x8002 if sessions else 0x8001, 10 + len(body), int(words[0], 16))
    return struct.pack('>BH', how, len(head) + len(body)) + head + body


def read(path):
    """[(name, records)]; "setup" comes first, a name that ends with ! is slow."""
    seeds = [['setup', b'']]
    with open(path, encoding='ascii') as lines:
        for number, line in enumerate(lines, 1):
            words = split(line.split('#')[0])
            if not words:
                continue
            try:
                made = record(words[1:])
            except (ValueError, IndexError, KeyError) as problem:
                sys.exit('%s:%d: %s' % (path, number, problem))
            if words[0] == 'setup':
                seeds[0][1] += made
            elif words[0] == '+':
                seeds[-1][1] += made
            else:
                seeds.append([words[0], made])
    return seeds


def array(name, data):
    rows = [', '.join('0x%02x' % b for b in data[i:i + 12]) for i in range(0, len(data), 12)]
    return 'static const uint8_t %s[] = {\n\t%s};\n' % (name, ',\n\t'.join(rows))


def header(seeds, more):
    written = len(seeds)
    seeds = seeds + more
    print('/* Made by tests/fuzz/seeds.py. */\n#pragma once\n\n#include "bare/vtpmfuzz/tpm_record.h"\n')
    for i, (_, data) in enumerate(seeds):
        print(array('seed_%d' % i, data))
    print('/* The first is the setup. */\nstatic const struct record_seed seeds[] = {')
    for i, (name, _) in enumerate(seeds):
        print('\t{"%s", seed_%d, sizeof(seed_%d), %s},' % (name.rstrip('!'), i, i, str(name.endswith('!')).lower()))
    print('};\n\n#define SEEDS_WRITTEN %d /* the rest was found */' % written)


def found(path):
    """[(name, bytes)]"""
    with open(path, encoding='ascii') as lines:
        return [['found-%d' % i, bytes.fromhex(line)] for i, line in enumerate(lines) if line[0] != '#']


def write(inputs, folder):
    os.makedirs(folder, exist_ok=True)
    for name, data in inputs:
        with open(os.path.join(folder, name.rstrip('!')), 'wb') as out:
            out.write(data)


def pack(folder):
    print('# SPDX-License-Identifier: MIT\n# Made by tests/fuzz/run.sh corpus.')
    inputs = set()
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), 'rb') as source:
            inputs.add(source.read())
    for data in sorted(inputs, key=lambda d: (len(d), d)):
        print(data.hex())


def main():
    verb, args = sys.argv[1:2], sys.argv[2:]
    if verb == ['header'] and len(args) == 2:
        header(read(args[0]), found(args[1]))
    elif verb == ['corpus'] and len(args) == 2:
        write(read(args[0])[1:], args[1])
    elif verb == ['unpack'] and len(args) == 2:
        write(found(args[0]), args[1])
    elif verb == ['pack'] and len(args) == 1:
        pack(args[0])
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main()
