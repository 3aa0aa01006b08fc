#!/usr/bin/env python3
"""Public headers are documented in one form, which docstrings.py describes.

- A header opens with a tour; its types and macros are as old as the "Since:" of that.
- A function has a purpose, a line for each parameter and for none that it has not (ctx, err and the
  object itself may be left out), Returns, Ownership, Thread safety, Since and an Example, in that
  order; one that ends in _free needs no example. A family shares one comment.
- A callback type likewise, without Ownership and Example, and without Returns where it returns none.
- A struct, an opaque type and a number type have a purpose. Each member is explained, beside it or as a
  "name:" line above; left out may be struct_size. A macro stands with a commented type or has a comment.
"""

import re

import docstrings
import tree

NEEDED = {"function": ["Returns", "Ownership", "Thread safety", "Since", "Example"],
          "callback": ["Returns", "Thread safety", "Since"]}
EXEMPT = ("export.h", "mimic.h")


def is_init(name):
    return name.endswith("_INIT")


def check_tour(path, header):
    if not any(line.strip() for line in header.tour):
        yield f"{path}: begin with a comment that shows the use of what stands here"
    elif not any(line.startswith("Since: ") for line in header.tour):
        yield f"{path}: the comment at its beginning lacks Since"


def check_labels(path, block, declaration):
    wanted = list(NEEDED[declaration.kind])
    if declaration.name.endswith("_free"):
        wanted.remove("Example")
    if declaration.kind == "callback" and declaration.returns_void:
        wanted.remove("Returns")
    missing = [label for label in wanted if label not in block.labels]
    if missing:
        yield f"{path}:{declaration.line}: {declaration.name} lacks {', '.join(missing)}"
    for label, text in block.labels.items():
        if not any(line.strip() for line in text):
            yield f"{path}:{block.line}: {label} of {declaration.name} is empty"


def check_order(path, block):
    places = [docstrings.LABELS.index(label) for label in block.order]
    if places != sorted(set(places)):
        yield f"{path}:{block.line}: the order is {', '.join(docstrings.LABELS)}, each once"
    since = " ".join(block.labels.get("Since", ["0.1"])).strip()
    if not re.fullmatch(r"\d+\.\d+", since):
        yield f"{path}:{block.line}: Since is a version such as 0.1, not {since}"


def check_names(path, block, handles):
    """Parameters and members: all of them, and no others."""
    explained = [name for names, _ in block.parameters for name in names]
    known, needed = set(), []
    for declaration in block.declarations:
        known.update(name for _, name in declaration.parameters)
        known.update(name for name, _, _ in declaration.members)
        if declaration.kind in NEEDED:
            needed += [(name, declaration) for name in declaration.needed(handles)]
        needed += [(name, declaration) for name, _, has_comment in declaration.members
                   if not has_comment and name != "struct_size"]
    for name in explained:
        if name not in known:
            yield f"{path}:{block.line}: {name} is explained, but nothing here has it"
    told = set()
    for name, declaration in needed:
        if name not in explained and name not in told:
            told.add(name)
            yield f"{path}:{declaration.line}: {name} of {declaration.name} is not explained"


def check_block(path, block, handles):
    if not any(line.strip() for line in block.purpose):
        yield f"{path}:{block.line}: the purpose is missing"
    yield from check_order(path, block)
    yield from check_names(path, block, handles)
    for declaration in block.declarations:
        if declaration.kind in NEEDED:
            yield from check_labels(path, block, declaration)


def check_bare(path, declaration):
    """What has no comment above it: include guards, INIT macros, macros with a comment beside them."""
    is_guard = declaration.kind == "macro" and len(declaration.lines[0].split()) == 2
    if declaration.kind == "macro" and (is_guard or is_init(declaration.name) or
                                        "/*" in "\n".join(declaration.lines)):
        return
    lacking = ", ".join(NEEDED.get(declaration.kind, ["its comment"]))
    yield f"{path}:{declaration.line}: {declaration.name} lacks {lacking}"


def main():
    top = tree.root()
    paths = tree.files(top, "include/mimic", (".h",))
    headers = {path: docstrings.Header(tree.read(top, path)) for path in paths}
    handles = docstrings.handles(headers.values())
    findings = []
    for path, header in headers.items():
        findings += [finding for finding in check_tour(path, header)
                     if not (path.endswith(EXEMPT) and finding.endswith("Since"))]
        if path.endswith(EXEMPT):
            continue
        for block in header.blocks:
            findings += check_block(path, block, handles)
        for declaration in header.bare:
            findings += check_bare(path, declaration)
    tree.finish(findings, len(paths), "headers")


main()
