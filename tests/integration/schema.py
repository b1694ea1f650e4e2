# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Checks a value against docs/json-schema.json: as much of JSON Schema as that file uses, and no more."""

import json
import re

from keelson import ROOT

SCHEMA = json.loads((ROOT / "docs/json-schema.json").read_text())
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
         "null": type(None)}
KNOWN = {"$ref", "type", "enum", "pattern", "minimum", "maximum", "items", "properties", "required", "additionalProperties"}


def is_a(value, name):
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def wrong(value, schema, at="$"):
    """What does not fit, one line a mistake."""
    assert set(schema) <= KNOWN, f"the checker does not know {set(schema) - KNOWN}"
    if "$ref" in schema:
        return wrong(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], at)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_a(value, t) for t in types):
        return [f"{at}: {value!r} is no {' or '.join(types)}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{at}: {value!r} is not {schema['pattern']}")
    if is_a(value, "number") and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at}: {value} is out of range")
    if isinstance(value, list):
        for i, item in enumerate(value):
            found += wrong(item, schema.get("items", {}), f"{at}[{i}]")
    if isinstance(value, dict):
        found += [f"{at}: no {name}" for name in schema.get("required", []) if name not in value]
        others = schema.get("additionalProperties", {})
        for name, item in value.items():
            inner = schema.get("properties", {}).get(name, others)
            found += [f"{at}: {name} is not described"] if inner is False else wrong(item, inner, f"{at}.{name}")
    return found


def check(value, name):
    found = wrong(value, SCHEMA["$defs"][name])
    assert not found, "\n".join(found)
    return value
