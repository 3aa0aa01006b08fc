#!/usr/bin/env python3
"""The checks themselves: each finds what it is there for in a small tree made to fail."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD_C = '/* Adds numbers. */\n#include "base/sum.h"\n\n#include <string.h>\n\nint sum(int a)\n{\n    return a;\n}\n'
GOOD_HEADER = """/*
 * A header.
 *
 * Since: 0.1
 */
#include <stdint.h>

/** Adds. */
typedef struct mimic_adder mimic_adder;

/**
 * Numbers.
 *
 * second: the other one
 */
typedef struct mimic_pair {
    uint32_t struct_size;
    int first; /* one */
    int second;
} mimic_pair;

/**
 * Hears of a sum.
 *
 * sum: it
 *
 * Thread safety: any.
 * Since: 0.1
 */
typedef void (*mimic_sum_fn)(int sum, void *ctx);

/**
 * Adds.
 *
 * a: a number
 * b: another one
 *
 * Returns: the sum.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_sum(adder, 1);
 */
MIMIC_API int mimic_sum(mimic_adder *adder, int a);
MIMIC_API int mimic_sum_of(mimic_adder *adder, int a,
                           int b, mimic_error *err);
"""


class Tree(unittest.TestCase):
    def check(self, name, files):
        """Runs one check over a tree of these files: (exit status, output)."""
        with tempfile.TemporaryDirectory() as top:
            for path, text in {"libmimic/base/sum.c": GOOD_C, **files}.items():
                full = os.path.join(top, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as stream:
                    stream.write(text)
            done = subprocess.run([sys.executable, os.path.join(HERE, f"check_{name}.py"), top],
                                  capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr

    def refused(self, name, files, words):
        status, output = self.check(name, files)
        self.assertEqual(status, 1, output)
        self.assertIn(words, output)

    def allowed(self, name, files):
        status, output = self.check(name, files)
        self.assertEqual(status, 0, output)

    def body(self, statements):
        return "/* A file. */\nvoid act(void)\n{\n" + statements + "\n}\n"

    def test_layers(self):
        self.allowed("layers", {"libmimic/csv/csv_a.c": '#include "coerce/x.h"\n#include <mimic/csv.h>\n'})
        self.refused("layers", {"libmimic/io/io_a.c": '#include "csv/x.h"\n'}, "io may not see csv")
        self.refused("layers", {"libmimic/csv/csv_a.c": "#include <mimic/sink.h>\n"}, "stands above")
        self.refused("layers", {"libmimic/synth/s.c": '#include "load/x.h"\n'}, "synth may not see load")
        self.refused("layers", {"libmimic/io/a.c": "#include <zlib.h>\n",
                                "libmimic/io/b.c": "#include <zlib.h>\n"}, "included 2 times")
        self.refused("layers", {"libmimic/io/a.h": "#include <zlib.h>\n"}, "in a header")
        self.refused("layers", {"cli/main.c": "#include <zlib.h>\n"}, "only public and system")
        self.refused("layers", {"include/mimic/csv.h": "#include <unistd.h>\n"}, "C standard headers only")
        self.refused("layers", {"include/mimic/csv.h": "#include <mimic/sink.h>\n"}, "stands above")

    def test_style(self):
        self.allowed("style", {"libmimic/io/io_a.c": self.body('    x->free(y);  /* free(y) */ s("free(y)");')})
        self.refused("style", {"libmimic/io/io_a.c": self.body("    free(y);")}, "from the context")
        self.refused("style", {"libmimic/io/io_a.c": self.body("    abort();")}, "never ends")
        self.refused("style", {"libmimic/io/io_a.c": self.body('    printf("x");')}, "never prints")
        self.refused("style", {"libmimic/io/io_a.c": self.body("    strtod(a, b);")}, "locale")
        self.refused("style", {"libmimic/io/io_a.c": self.body("    x();\n" * 80)}, "has 84 lines")
        self.refused("style", {"cli/a.c": "/* A file. */\n" * 801}, "801 lines")
        self.refused("style", {"cli/a.c": '/* A file. */\n#include "b.c"\n'}, "includes a .c")
        self.refused("style", {"cli/a.c": "int x;\n"}, "begin with a comment")
        self.refused("style", {"libmimic/io/sum.c": "/* A file. */\n"}, "the name is taken")
        wide = "/* A file. */\nstatic int f(int a, int b, int c,\n  int (*d)(int, int), int e, int g, int h)\n{\n}\n"
        self.refused("style", {"cli/a.c": wide}, "f has 7 parameters")
        self.refused("style", {"cli/a.c": wide.replace(")\n{", ") {")}, "f has 7 parameters")

    def test_docs(self):
        self.allowed("docs", {"include/mimic/a.h": GOOD_HEADER})
        for old, new, words in [
                (" * Since: 0.1\n *\n * Example", " *\n * Example", "mimic_sum_of lacks Since"),
                ("adder, int a);\n", "adder, int a);\n\n", "mimic_sum_of lacks Returns, Ownership"),
                (" * Since: 0.1\n */\n#include", " */\n#include", "at its beginning lacks Since"),
                ("b: another", "c: another", "c is explained, but nothing here has it"),
                (" * b: another one\n", "", "b of mimic_sum_of is not explained"),
                (" * sum: it\n", "", "sum of mimic_sum_fn is not explained"),
                ("int first; /* one */", "int first;", "first of mimic_pair is not explained"),
                (" * Ownership: none.\n * Thread safety: any thread.\n",
                 " * Thread safety: any thread.\n * Ownership: none.\n", "the order is Returns, Ownership"),
                ("Ownership: none.", "Ownership:", "Ownership of mimic_sum is empty"),
                ("Since: 0.1\n *\n", "Since: ever\n *\n", "Since is a version such as 0.1, not ever"),
                ("/** Adds. */\n", "", "mimic_adder lacks its comment"),
                (" * Adds.\n *\n", "", "the purpose is missing"),
                ("/** Adds. */", "#define MIMIC_ONE 1\n\n/** Adds. */", "MIMIC_ONE lacks its comment")]:
            self.assertIn(old, GOOD_HEADER)
            self.refused("docs", {"include/mimic/a.h": GOOD_HEADER.replace(old, new)}, words)

    def test_versions(self):
        header = ("#define MIMIC_VERSION_MAJOR 1\n#define MIMIC_VERSION_MINOR 2\n"
                  '#define MIMIC_VERSION_PATCH 3\n#define MIMIC_VERSION_STRING "1.2.3"\n')
        tree = {"include/mimic/version.h": header, "CHANGELOG.md": "## 1.2.3 (unreleased)\n"}
        self.allowed("versions", tree)
        self.refused("versions", {**tree, "CHANGELOG.md": "## 1.2.30\n"}, "no heading")
        self.refused("versions", {**tree, "include/mimic/version.h": header.replace('"1.2.3', '"1.2.4')},
                     "the string is")

    def test_places(self):
        self.allowed("places", {"docs/a.md": "see /usr/share\n"})
        self.refused("places", {"docs/a.md": "see /" + "home/someone\n"}, "docs/a.md:1")
        self.refused("places", {"docs/a.md": "https://registry." + "npmjs.org\n"}, "names registry.")


if __name__ == "__main__":
    unittest.main()
