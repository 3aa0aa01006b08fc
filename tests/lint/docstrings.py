"""Public headers, read as what they declare and what is said of it; used by the lint check, by the
test that compiles the examples and by the filter in front of Doxygen.

A comment that begins with /** belongs to what follows it without an empty line: one declaration, or a
family. In it, labels stand at the beginning of a line, in this order:

    Purpose, in one sentence or some.

    name: a parameter; several that are alike share a line: "first, second: ..."

    Returns: ...
    Ownership: ...
    Thread safety: ...
    Since: 0.1

    Example:
        code
"""

import re

LABELS = ["Returns", "Ownership", "Thread safety", "Since", "Example"]
_LABEL = re.compile(r"^(%s):(?:\s+(.*))?$" % "|".join(LABELS))
_PARAMETER = re.compile(r"^([a-z]\w*(?:, [a-z]\w*)*): +(\S.*)$")


class Declaration:
    """One function, callback, struct, opaque type, number type or macro."""

    def __init__(self, kind, name, line, lines):
        self.kind, self.name, self.line, self.lines = kind, name, line, lines
        self.parameters = []  # (type, name) of functions and callbacks
        self.returns_void = False
        self.members = []     # (name, line, has a comment) of structs

    def needed(self, handles):
        """Names that must be explained. Left out may be ctx, err, and the object itself."""
        names = []
        for number, (kind, name) in enumerate(self.parameters):
            base = kind.replace("const", " ").replace("*", " ").split()
            is_self = number == 0 and base and base[0] in handles
            if name not in ("ctx", "context", "err") and not is_self:
                names.append(name)
        return names


class Block:
    """A comment and the declarations that it serves."""

    def __init__(self, line, text):
        self.line, self.declarations = line, []
        self.purpose, self.parameters, self.labels, self.order = [], [], {}, []
        self.example_line = 0
        self._read(text)

    def _read(self, text):
        current = self.purpose
        for number, line in enumerate(text):
            label = _LABEL.match(line)
            parameter = _PARAMETER.match(line)
            if self.order and self.order[-1] == "Example":
                current.append(line)
            elif label:
                self.order.append(label.group(1))
                current = self.labels.setdefault(label.group(1), [])
                if label.group(2):
                    current.append(label.group(2))
                if label.group(1) == "Example":
                    self.example_line = self.line + number + 1
            elif parameter and not self.order and self._may_begin(current):
                current = [parameter.group(2)]
                self.parameters.append((parameter.group(1).split(", "), current))
            elif current is not None:
                current.append(line)

    def _may_begin(self, current):
        """A parameter's line follows an empty line or another parameter, not the middle of prose."""
        return bool(self.parameters) or (bool(current) and not current[-1].strip())

    def example(self):
        lines = self.labels.get("Example", [])
        return "\n".join(line[4:] for line in lines).rstrip("\n")


class Header:
    def __init__(self, text):
        self.lines = text.split("\n")
        self.tour, self.blocks, self.bare = [], [], []
        self.tour_line = 1
        self._walk()

    def _walk(self):
        number, block, first = 0, None, True
        while number < len(self.lines):
            line = self.lines[number]
            if line.startswith("#ifndef ARROW_C_"):  # the structs of the Arrow project, as they are
                while not self.lines[number].startswith("#endif"):
                    number += 1
            elif line.startswith("/*"):
                end = self._until(number, "*/")
                text = _inside(self.lines[number:end + 1])
                if first:
                    self.tour, self.tour_line = text, number + 1
                elif line.startswith("/**"):
                    block = Block(number + 1, text)
                    self.blocks.append(block)
                number = end
            elif not line.strip():
                block = None
            else:
                declaration, number = self._declaration(number)
                if declaration is not None:
                    (self.bare if block is None else block.declarations).append(declaration)
            first = first and line.startswith("#pragma")
            number += 1

    def _until(self, number, end):
        while end not in self.lines[number]:
            number += 1
        return number

    def _declaration(self, number):
        line = self.lines[number]
        if line.startswith("MIMIC_API") or line.startswith("static inline"):
            end = self._until(number, ";" if line.startswith("MIMIC_API") else "{")
            if line.startswith("static"):
                last = self._until_line(end, "}")
            else:
                last = end
            return _function(number, self.lines[number:end + 1]), last
        if re.match(r"typedef struct \w+ \{", line):
            end = number
            while not self.lines[end].startswith("}") and not self.lines[end].rstrip().endswith(";") or (
                    self.lines[end].startswith(" ")):
                end += 1
            return _struct(number, self.lines[number:end + 1]), end
        if line.startswith("typedef"):
            end = self._until(number, ";")
            return _typedef(number, self.lines[number:end + 1]), end
        if line.startswith("#define"):
            end = number
            while self.lines[end].endswith("\\") or "\n".join(self.lines[number:end + 1]).count("/*") > (
                    "\n".join(self.lines[number:end + 1]).count("*/")):
                end += 1
            name = re.match(r"#define (\w+)", line).group(1)
            return Declaration("macro", name, number + 1, self.lines[number:end + 1]), end
        return None, number

    def _until_line(self, number, text):
        while self.lines[number] != text:
            number += 1
        return number

    def example_of_tour(self):
        """(first line, code) of the parts of the opening comment that are set in and hold statements."""
        parts, current, first = [], [], 0
        for number, line in enumerate(self.tour + ["end"]):
            if line.startswith("    "):
                if not current:
                    first = self.tour_line + number
                current.append(line[4:])
            elif line.strip() == "" and current:
                current.append("")
            elif current:
                text = "\n".join(current).rstrip("\n")
                if ";" in text:
                    parts.append((first, text))
                current = []
        return parts


def _inside(lines):
    """The text of a comment, without its frame."""
    text = []
    for number, line in enumerate(lines):
        line = re.sub(r"\s*\*/\s*$", "", line)
        text.append(re.sub(r"^/\*+ ?", "", line) if number == 0 else re.sub(r"^ \* ?", "", line))
    while text and not text[-1].strip():
        text.pop()
    return text


def _join(lines):
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", " ".join(line.strip() for line in lines)))


def _parameters(text):
    """Splits "const char *a, int (*f)(int, int)" at the outer commas into (type, name)."""
    parts, depth, current = [], 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += letter
    parts.append(current)
    found = []
    for part in (part.strip() for part in parts):
        if part in ("", "void"):
            continue
        name = re.search(r"\(\*(\w+)\)", part) or re.search(r"(\w+)(?:\[\w*\])?$", part)
        found.append((part[:name.start(1)].strip(), name.group(1)))
    return found


def _function(number, lines):
    text = _join(lines)
    match = re.search(r"\b(mimic_\w+)\s*\((.*)\)\s*[;{]", text)
    made = Declaration("function", match.group(1), number + 1, lines)
    made.parameters = _parameters(match.group(2))
    made.returns_void = bool(re.search(r"\bvoid $", text[:match.start(1)]))
    return made


def _typedef(number, lines):
    text = _join(lines)
    callback = re.match(r"typedef (.*?)\(\*(\w+)\)\((.*)\);", text)
    if callback:
        made = Declaration("callback", callback.group(2), number + 1, lines)
        made.parameters = _parameters(callback.group(3))
        made.returns_void = callback.group(1).strip() == "void"
        return made
    opaque = re.match(r"typedef struct (\w+) (\w+);", text)
    if opaque:
        return Declaration("opaque", opaque.group(2), number + 1, lines)
    return Declaration("number", re.search(r"(\w+);", text).group(1), number + 1, lines)


def _struct(number, lines):
    made = Declaration("struct", re.match(r"typedef struct (\w+)", lines[0]).group(1), number + 1, lines)
    position, commented_before = 1, False
    while position < len(lines) - 1:
        line, first = lines[position].strip(), position
        if line.startswith("/*"):
            while "*/" not in lines[position]:
                position += 1
            commented_before = True
        elif line and line[0] not in "*#":
            while ";" not in lines[position].split("/*")[0]:
                position += 1
            text = _join(lines[first:position + 1]).split(";")[0]
            name = re.search(r"\(\*(\w+)\)", text) or re.search(r"(\w+)(?:\[\w*\])?$", text)
            has = commented_before or "/*" in " ".join(lines[first:position + 1])
            made.members.append((name.group(1), number + first + 1, has))
            # A comment above serves all that follow it up to one with a comment of its own.
            commented_before = commented_before and "/*" not in lines[position]
            while lines[position].count("/*") > lines[position].count("*/") and position < len(lines) - 1:
                position += 1
                if "*/" in lines[position]:
                    break
        position += 1
    return made


def handles(headers):
    """Names of the opaque types of all headers."""
    return {declaration.name for header in headers for block in header.blocks
            for declaration in block.declarations if declaration.kind == "opaque"} | {
                declaration.name for header in headers for declaration in header.bare
                if declaration.kind == "opaque"}
