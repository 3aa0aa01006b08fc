#!/usr/bin/env python3
"""House style that a compiler does not check: sizes, forbidden calls, opening comments.

Ceilings: a file 800 lines, a function 80, its parameters 6 (the error record that most functions take
last is not counted). The heap is touched in base/context.c only; the library never prints, ends the
process or depends on the locale; no .c is included; every .c opens with a paragraph that says what it
is for; file names are unique in the library, and in the program.
"""

import re

import tree

FILE_LINES = 800
FUNCTION_LINES = 80
PARAMETERS = 6

# Name of the function: why it may have more parameters.
MORE_PARAMETERS = {
    "mimic_convert": "inputs come as pointer and count",
    "mimic_convert_stream": "a stream, its name and schema in place of inputs",
    "mimic_trajectories_build": "folders come as pointer and count",
    "mimic_trajectories_partition": "likewise",
    "mimic__schema_detect": "files as pointer and count, a callback with its context",
    "mimic_event_map_check": "text as pointer and size, a callback with its context",
    "mimic_csv__decode_header": "bytes and limits in, names and their number out",
    "mimic__field_text": "one field in and out, with its dialect; a hot path",
    "mimic__coerce_message": "texts as pointer and size, in and out",
}

HEAP = r"malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf|getline|getdelim|aligned_alloc"
FORBIDDEN = {
    r"exit|_exit|_Exit|quick_exit|abort": "the library never ends the process",
    r"printf|vprintf|fprintf|vfprintf|puts|putchar|perror|fputs|dprintf": "the library never prints",
    r"setlocale|uselocale|strtod|strtof|strtold|atof|strcoll|strftime|strptime|localtime|localtime_r"
    r"|isalpha|isalnum|isspace|isupper|islower|ispunct|isprint|toupper|tolower|strcasecmp|strncasecmp":
        "it depends on the locale",
    r"sprintf|vsprintf|strcpy|strcat|gets|strtok|alloca": "it knows no bounds",
    r"system|popen|getenv|signal|sigaction": "the host process is not the library's to use",
}
FUNCTION = re.compile(r"^(?![\s#}/])((?:[^;{}()=]|\((?:[^()]|\([^()]*\))*\))*)(?:\n| )\{\n(.*?)^\}",
                      re.MULTILINE | re.DOTALL)


def calls(text, names):
    """Positions of calls; members of structs (x.free(), x->free()) are something else."""
    return re.finditer(r"(?<![\w.>])(" + names + r")\s*\(", text)


def functions(text):
    """(name, line, lines, parameters) of each definition."""
    for match in FUNCTION.finditer(text):
        signature = match.group(1)
        head = re.search(r"(\w+)\s*\(", signature)
        if head is None or signature.lstrip().startswith(("struct", "enum", "union", "typedef")) \
                and ")" not in signature:
            continue
        inside = signature[head.end():signature.rindex(")")]
        depth, parameters = 0, 1 if inside.strip() not in ("", "void") else 0
        for char in inside:
            depth += (char == "(") - (char == ")")
            parameters += char == "," and depth == 0
        if re.search(r"\bmimic_error \*\w+\s*$", inside):
            parameters -= 1
        start = tree.line_of(text, match.start())
        yield head.group(1), start, match.group(0).count("\n") + 1, parameters


def check_file(top, path, is_library):
    text = tree.read(top, path)
    code = tree.blank(text)
    if text.count("\n") > FILE_LINES:
        yield f"{path}: {text.count(chr(10))} lines, the ceiling is {FILE_LINES}"
    if path.endswith(".c") and not text.startswith("/*"):
        yield f"{path}: begin with a comment that says what the file does and assumes"
    if re.search(r'^\s*#\s*include\s*[<"][^>"]*\.c[>"]', text, re.MULTILINE):
        yield f"{path}: includes a .c"
    if "\t" in text:
        yield f"{path}:{tree.line_of(text, text.index(chr(9)))}: a tab"
    if "\r" in text:
        yield f"{path}: a carriage return"
    for name, line, lines, parameters in functions(code):
        if lines > FUNCTION_LINES:
            yield f"{path}:{line}: {name} has {lines} lines, the ceiling is {FUNCTION_LINES}"
        if parameters > PARAMETERS and name not in MORE_PARAMETERS:
            yield f"{path}:{line}: {name} has {parameters} parameters, the ceiling is {PARAMETERS}"
    if is_library:
        yield from check_calls(path, code)


def check_calls(path, code):
    if path != "libmimic/base/context.c":
        for match in calls(code, HEAP):
            yield (f"{path}:{tree.line_of(code, match.start())}: {match.group(1)}: "
                   "memory comes from the context")
    for names, reason in FORBIDDEN.items():
        for match in calls(code, names):
            yield f"{path}:{tree.line_of(code, match.start())}: {match.group(1)}: {reason}"


def main():
    top = tree.root()
    findings, checked = [], 0
    for folder in ("libmimic", "include/mimic", "cli", "examples"):
        seen = {}
        for path in tree.files(top, folder, (".c", ".h")):
            checked += 1
            findings += check_file(top, path, folder in ("libmimic", "include/mimic"))
            name = path.rsplit("/", 1)[1]
            if seen.setdefault(name, path) != path:
                findings.append(f"{path}: the name is taken by {seen[name]}")
    tree.finish(findings, checked, "files")


main()
