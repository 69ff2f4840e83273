#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the suite's files as one C file: embed.py ROOT OUT FILE…; names are relative to ROOT."""

import pathlib
import sys


def literal(data):
    """The bytes as string literals, a line each: octal escapes cannot run into what follows."""
    lines = data.splitlines(keepends=True) or [b""]
    return "\n".join('        "' + "".join(escape(byte) for byte in line) + '"' for line in lines)


def escape(byte):
    char = chr(byte)
    return char if 32 <= byte < 127 and char not in '"\\?' else f"\\{byte:03o}"


def main():
    root, out, files = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    rows = []
    for name in sorted(files):
        data = pathlib.Path(name).read_bytes()
        shown = pathlib.Path(name).resolve().relative_to(root.resolve())
        rows.append(f'    {{ "{shown}",\n{literal(data)},\n      {len(data)} }},')
    body = "\n".join(rows)
    out.write_text('#include "suite-files.h"\n\nconst struct suite_file suite_files[] = {\n' + body
                   + "\n    { 0 },\n};\n", encoding="utf-8")


if __name__ == "__main__":
    main()
