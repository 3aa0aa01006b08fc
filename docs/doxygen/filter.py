#!/usr/bin/env python3
"""Stands between a file and Doxygen: turns the plain comments of the public headers
(tests/lint/docstrings.py has their form) into its commands, and the links of docs/api.md into its own.

    filter.py FILE
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "lint"))
import docstrings  # noqa: E402

# What may be left out of a docstring, since it is the same everywhere.
USUAL = {"function": {"ctx": "the context of what is made", "context": "the context",
                      "err": "filled on failure; NULL = not wanted"},
         "callback": {"ctx": "what was given with the function"}}


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def load_headers():
    folder = os.path.join(TOP, "include", "mimic")
    return {name: docstrings.Header(read(os.path.join(folder, name)))
            for name in sorted(os.listdir(folder)) if name.endswith(".h")}


class Words:
    """Prose of comments as Doxygen wants it: names become links, nothing else is a command."""

    def __init__(self, headers):
        self.members, self.names = {}, set()
        self.handles = docstrings.handles(headers.values())
        for name, header in headers.items():
            for declaration in [d for block in header.blocks for d in block.declarations] + header.bare:
                if name != "export.h" and not declaration.name.endswith("_H"):
                    self.names.add(declaration.name)
                self.members[declaration.name] = {member for member, _, _ in declaration.members}

    def link(self, match):
        name, member = match.group(1), match.group(2)
        if member and member[1:] in self.members.get(name, ()):
            return f'@ref {name}::{member[1:]} "{name}{member}"'
        return (f'@ref {name} "{name}"' if name in self.names else name) + (member or "")

    def prose(self, text):
        parts = text.split("`")
        for number in range(0, len(parts), 2):
            part = re.sub(r"([\\@<>#%&*$|~])", r"\\\1", parts[number])
            parts[number] = re.sub(r"\b((?:mimic|MIMIC)_\w+)(\.\w+)?", self.link, part)
        return "`".join(parts)

    def link_or(self, match):
        """A name set as code in a document: a link where there is something to lead to."""
        name = match.group(1)
        return f'@ref {name} "{name}"' if name in self.names else match.group(0)

    def lines(self, lines):
        return self.prose("\n".join(lines).strip("\n"))


def blocks_of_tour(words, tour):
    """Paragraphs of an opening comment; what is set in is code, or a table to be shown as it is."""
    out, current, is_code = [], [], False
    for line in [*tour, None]:
        set_in = line is not None and (line.startswith("    ") or (is_code and not line.strip()))
        if line is None or set_in != is_code:
            text = "\n".join(current).strip("\n")
            if is_code and text:
                command = ("@code{.c}", "@endcode") if ";" in text else ("@verbatim", "@endverbatim")
                text = "\n".join(each[4:] for each in text.split("\n"))
                out.append(f"{command[0]}\n{text}\n{command[1]}")
            elif text:
                out.append(re.sub(r"(?m)^Since: (.*)$", r"@since \1",
                                  re.sub(r"(?m)^Thread safety: ", "@par Thread safety\n",
                                         words.prose(text))))
            current, is_code = [], set_in
        if line is not None:
            current.append(line)
    return "\n\n".join(out)


def self_text(kind):
    base = re.sub(r"const|\*|struct", " ", kind).split()[0]
    return "the " + re.sub(r"^mimic_", "", base).replace("_", " ")


def of_function(words, block, declaration):
    told = {name: words.lines(text) for names, text in block.parameters for name in names}
    out = [words.lines(block.purpose), ""]
    needed = declaration.needed(words.handles)
    for kind, name in declaration.parameters:
        text = told.get(name) or ("" if name in needed else
                                  USUAL[declaration.kind].get(name) or self_text(kind))
        if not text:
            continue
        direction = "[out]" if name.startswith("out") else ""
        out.append(f"@param{direction} {name} {text}")
    for label, text in block.labels.items():
        if label == "Since":
            out.append(f"@since {words.lines(text)}\n")
        elif label == "Returns" and not declaration.returns_void:
            out.append(f"@return {words.lines(text)}")
        elif label in ("Ownership", "Thread safety"):
            out.append(f"@par {label}\n{words.lines(text)}\n")
        elif label == "Example":
            out.append(f"@par Example\n@code{{.c}}\n{block.example()}\n@endcode")
    return "\n".join(out)


def comment(text):
    return "/**\n" + text.replace("*/", "* /") + "\n*/"


def beside(words, text):
    """The comment beside (or above) a member or macro, as Doxygen's own kind."""
    if "/*" not in text:
        return text
    code, rest = text.split("/*", 1)
    inside = re.sub(r"\n\s*\*? ?", "\n", rest.split("*/")[0]).strip()
    mark = "/**<" if code.strip() else "/**"
    return f"{code}{mark} {words.prose(inside)} */{rest.split('*/', 1)[1]}"


def of_struct(words, block, declaration):
    told = {name: words.lines(text) for names, text in block.parameters for name in names}
    told["struct_size"] = "Size of this struct, set by whoever makes it."
    out, number, lines = [], 0, declaration.lines
    while number < len(lines):
        text = lines[number]
        while text.count("/*") > text.count("*/"):
            number += 1
            text += "\n" + lines[number]
        names = [name for name, line, _ in declaration.members
                 if declaration.line + number == line and name in told]
        if names and "/*" not in text:
            out.append(f"/** {told[names[0]]} */")
        out.append(beside(words, text))
        number += 1
    return "\n".join(out)


def of_macro(words, block, declaration):
    text = "\n".join(declaration.lines)
    if "/*" in text:
        return beside(words, text)
    if declaration.name.endswith("_INIT"):
        about = words.prose(f"Begins a {declaration.name[:-5].lower()}: every member at its default.")
    elif block is not None and block.declarations[0].kind == "number":
        about = words.prose(f"A {block.declarations[0].name}.")
    else:
        about = words.lines(block.purpose) if block is not None else ""
    return f"{comment(about)}\n{text}" if about else text


def of_declaration(words, block, declaration, since):
    if declaration.kind == "macro":
        return of_macro(words, block, declaration)
    if block is None:
        return "\n".join(declaration.lines)
    if declaration.kind in ("function", "callback"):
        return comment(of_function(words, block, declaration)) + "\n" + "\n".join(declaration.lines)
    body = of_struct(words, block, declaration) if declaration.kind == "struct" else (
        "\n".join(declaration.lines))
    since = " ".join(block.labels.get("Since", [since])).strip()
    return comment(words.lines(block.purpose) + f"\n@since {since}") + "\n" + body


def of_header(path):
    headers = load_headers()
    words, header = Words(headers), headers[os.path.basename(path)]
    since = next((line[7:] for line in header.tour if line.startswith("Since: ")), "0.1")
    placed = {declaration.line: (None, declaration) for declaration in header.bare}
    for block in header.blocks:
        placed.update({declaration.line: (block, declaration) for declaration in block.declarations})
    out = [comment("@file\n" + blocks_of_tour(words, header.tour))]
    number = next(place for place, line in enumerate(header.lines) if "*/" in line) + 1
    is_comment = is_foreign = False
    while number < len(header.lines):
        line = header.lines[number]
        if number + 1 in placed:
            block, declaration = placed[number + 1]
            out += ["", of_declaration(words, block, declaration, since)]
            number += len(declaration.lines)
            continue
        is_comment = is_comment or line.startswith("/*")
        if line.startswith("#ifndef ARROW_C_"):
            is_foreign = True
            out.append("/** @cond */")
        if not is_comment:
            out.append(line)
        if line.startswith("#endif") and is_foreign:
            is_foreign = False
            out.append("/** @endcond */")
        is_comment = is_comment and "*/" not in line
        number += 1
    return "\n".join(out) + "\n"


def of_document(path):
    """Links to headers and examples lead to their pages; those to other files are told as paths."""
    text = read(path)
    text = re.sub(r"\[([^\]]*)\]\(\.\./include/mimic/(\w+\.h)\)", r'@ref \2 "\1"', text)
    text = re.sub(r"\[`?([^\]`]*)`?\]\(\.\./examples/(\w+\.c)\)", r'@ref \2 "\1"', text)
    text = re.sub(r"\[([^\]]*)\]\((?:\.\./)?([\w./-]+\.\w+)\)", r"\1 (`\2`)", text)
    words = Words(load_headers())
    parts = re.split(r"(^```c$.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    for number in range(0, len(parts), 2):
        parts[number] = re.sub(r"`(mimic_\w+)`", words.link_or, parts[number])
    return re.sub(r"^```c$", "```{.c}", "".join(parts), flags=re.MULTILINE)


def main():
    path = sys.argv[1]
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(of_header(path) if path.endswith(".h") else of_document(path))


main()
