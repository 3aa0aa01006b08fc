#!/usr/bin/env python3
"""Compiles every example in the public headers, the tour at the head of each, and the C of documents.

    check_snippets.py INCLUDE_FOLDER MARKDOWN... -- COMPILER...

Strict C11, syntax and types only. A snippet sees the usual names (the parameters of `usual` below), and
may declare them itself; one that has a main is a program by itself. Results that a snippet drops and
variables that it does not use again are allowed.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
import docstrings  # noqa: E402

FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-result", "-Wno-unused-variable",
         "-Wno-unused-but-set-variable", "-Wno-unused-but-set-parameter",
         "-Wno-unused-parameter", "-fsyntax-only"]

PRELUDE = """
#include <errno.h>
#include <inttypes.h>
#include <mimic/mimic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
void use(const void *, ...);
void do_all_the_work(mimic_context *);
void free_source(void *);
void print_log(mimic_log_level, const char *, void *);
int print_reject(const mimic_reject *, void *);
int print_entry(const mimic_ledger_entry *, void *);
int print_progress(const mimic_progress *, void *);
mimic_status count_events(void *, const mimic_patient *, mimic_rows *, mimic_error *);
mimic_status read_bytes(void *, void *, size_t, size_t *, mimic_error *);
int duckdb_arrow_scan(void *, const char *, struct ArrowArrayStream *);
"""

USUAL = """mimic_context *ctx, mimic_registry *registry, const mimic_dataset *dataset,
    const mimic_table *table, const mimic_table *labs, mimic_source *source, mimic_csv_reader *reader,
    const mimic_batch *batch, const mimic_column *column, int64_t row, int64_t rows, double sum,
    mimic_sink *sink, mimic_sink_host host, mimic_sink_vtable vtable, int my_sink, mimic_scan *scan,
    mimic_scan_stream *stream, mimic_frame *frame, mimic_record_checker *checker,
    mimic_report *report, const mimic_quality *quality, mimic_drift *drift,
    struct ArrowArrayStream *arrow, void *connection, char *buffer, size_t size, size_t count,
    mimic_trajectories *trajectories, mimic_patient patient, mimic_rows *patient_rows, int64_t events, int64_t i,
    mimic_error err, mimic_status status"""


def strings(text):
    """`sizeof buffer` of a snippet means an array."""
    return text.replace("sizeof buffer", "size")


def function(number, origin, line, code):
    return f'void snippet_{number}({USUAL});\nvoid snippet_{number}({USUAL})\n{{\n    {{\n' \
           f'#line {line} "{origin}"\n{strings(code)}\n    }}\n}}\n'


def of_header(path):
    with open(path, encoding="utf-8") as stream:
        header = docstrings.Header(stream.read())
    yield from header.example_of_tour()
    for block in header.blocks:
        if block.example():
            yield block.example_line, block.example()


def of_document(path):
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    for match in re.finditer(r"^```c\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start(1)) + 1, match.group(1)


def split(path, snippets):
    """Snippets as one file of functions; those that are whole files each by itself."""
    parts = []
    for number, (line, code) in enumerate(snippets):
        if re.search(r"^(#include|static \w|typedef |[a-z].*\)\n\{)", code, re.MULTILINE) and (
                "\n{" in code):
            yield f'{PRELUDE if "#include" not in code else ""}#line {line} "{path}"\n{code}'
        else:
            parts.append(function(number, path, line, code))
    yield PRELUDE + "".join(parts)


def main():
    include, *rest = sys.argv[1:]
    documents, compiler = rest[:rest.index("--")], rest[rest.index("--") + 1:]
    headers = sorted(os.path.join(include, "mimic", name)
                     for name in os.listdir(os.path.join(include, "mimic")) if name.endswith(".h"))
    compiled, failed = 0, 0
    for path, found in [(path, list(of_header(path))) for path in headers] + [
            (path, list(of_document(path))) for path in documents]:
        compiled += len(found)
        for text in split(path, found):
            done = subprocess.run([*compiler, "-x", "c", *FLAGS, "-I", include, "-"], input=text,
                                  capture_output=True, text=True, check=False)
            if done.returncode:
                failed += 1
                print(done.stderr)
    print(f"{compiled} snippets, {failed} of their files do not compile")
    return 1 if failed or compiled < len(headers) else 0


sys.exit(main())
