#!/usr/bin/env python3
"""The data-quality report as files: golden texts of a hostile dataset, the page taken apart, the same
bytes at any number of jobs, loads and targets agreeing, exit status, values hidden.

    check_quality.py MIMIC
"""

import base64
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import unittest

MIMIC = os.path.abspath(sys.argv.pop(1))
HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.normpath(os.path.join(HERE, "..", "golden", "quality"))
VOID = {"meta", "br", "input", "img", "link", "hr"}
PATH_TAGS = {"path"}
MAY_REFER = re.compile(r"#[a-z0-9]+")


class Page(html.parser.HTMLParser):
    """Strict about nesting; collects texts, attributes, style and script."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.texts = [], [], []
        self.ids, self.links, self.attributes, self.tags = [], [], [], []
        self.style = self.script = ""
        self.policy = None
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"never closed: {self.open}")

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        given = dict(attributes)
        if len(given) != len(attributes):
            self.faults.append(f"an attribute twice in {tag}")
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        for name, value in attributes:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag in PATH_TAGS:
            self.open.pop()
        else:
            self.faults.append(f"<{tag}/>")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing at {self.getpos()}")

    def handle_comment(self, data):
        self.faults.append(f"a comment: {data!r}")

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data
        elif self.open[-1:] == ["script"]:
            self.script += data
        else:
            self.texts.append(data)


class Quality(unittest.TestCase):
    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.folder = os.path.join(top.name, "here")
        shutil.copytree(GOLDEN, self.folder)

    def mimic(self, *arguments):
        return subprocess.run([MIMIC, *arguments], cwd=self.folder, capture_output=True, text=True,
                              encoding="utf-8", timeout=600, check=False)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8", newline="") as stream:
            return stream.read()

    def check(self, name, *options):
        done = self.mimic("check", "-q", "--schema-dir", ".", "--quality", name, *options, "people")
        self.assertEqual(done.returncode, 3, done.stderr)
        return self.read(name)

    def page(self, text):
        page = Page(text)
        self.assertEqual(page.faults, [])
        self.assertEqual(len(page.ids), len(set(page.ids)))
        for link in page.links:
            self.assertRegex(link, MAY_REFER)
            self.assertIn(link[1:], page.ids)
        for tag, name, value in page.attributes:
            self.assertFalse(name.startswith("on"), (tag, name))
            self.assertNotIn(name, ("src", "srcset", "action", "background", "poster", "data"))
            self.assertNotIn("url(", value.lower())
        self.assertNotRegex(page.style.lower(), r"url\(|@import|https?:|expression")
        self.assertNotRegex(page.script.lower(), r"https?:|fetch|xmlhttp|import|eval|innerhtml|cookie")
        self.assertEqual(page.tags.count("style"), 1)
        for character in text:
            harmful = unicodedata.category(character) in ("Cc", "Cf") and character != "\n"
            self.assertFalse(harmful, hex(ord(character)))
        return page

    def test_golden(self):
        for kind in ("json", "txt", "html"):
            name = f"quality.{kind}"
            text = re.sub(r'("version": "|libmimic )\d+\.\d+\.\d+', r"\1VERSION",
                          self.check(name))
            if os.environ.get("MIMIC_GOLDEN_UPDATE"):
                with open(os.path.join(GOLDEN, name), "w", encoding="utf-8", newline="") as stream:
                    stream.write(text)
            with open(os.path.join(GOLDEN, name), encoding="utf-8", newline="") as stream:
                self.assertEqual(stream.read(), text)

    def test_same_at_any_number_of_jobs(self):
        for kind in ("json", "txt", "html"):
            texts = {self.check(f"jobs{jobs}.{kind}", "--jobs", str(jobs)) for jobs in (1, 2, 5)}
            self.assertEqual(len(texts), 1)

    def test_page(self):
        text = self.check("page.html")
        page = self.page(text)
        self.assertEqual(page.tags.count("script"), 1)
        digest = base64.b64encode(hashlib.sha256(page.script.encode()).digest()).decode()
        self.assertIn(f"script-src 'sha256-{digest}'", page.policy)
        self.assertTrue(page.policy.startswith("default-src 'none'"))
        shown = "\n".join(page.texts)
        for value in ("<script>alert('x')</script>", '" onload="alert(3)', "--></style><!-- &amp; ]]>",
                      "\ufffdreversed\ufffd", "\ufffd[31mred\ufffd", 'na"me<i>',
                      "<img src=x onerror=alert(2)> of people"):
            self.assertIn(value, shown)

    def test_counts(self):
        done = json.loads(self.check("q.json"))
        self.assertEqual([table["table"] for table in done["tables"]], ["people", "visits"])
        people = done["tables"][0]
        self.assertEqual((people["read"], people["written"], people["rejected"]), (14, 11, 3))
        columns = {column["column"]: column for column in people["columns"]}
        self.assertEqual(columns["score"]["not_finite"], 2)
        self.assertEqual(columns["score"]["zeros"], 1)
        self.assertEqual(columns["weight"]["rejects"], {"type": 1, "bound": 1})
        self.assertEqual(columns["sex"]["rejects"], {"enum": 1})
        self.assertEqual(columns["empty"]["nulls"], 11)
        self.assertEqual(columns["came"]["before_1900"], 1)
        self.assertEqual(columns["weight"]["quantiles"]["p50"], 60.5)
        failed = {(check["table"], check["column"], check["rule"]): check["observed"]
                  for check in done["checks"] if check["verdict"] == "failed"}
        self.assertEqual(failed.pop(("people", "left", "order")), 1)
        self.assertEqual(failed.pop(("people", "weight", "bound")), 1)
        self.assertEqual(failed.pop(("people", "weight", "type")), 1)
        self.assertEqual(failed.pop(("people", "sex", "enum")), 1)

    def test_target_says_what_the_load_said(self):
        for target in ("sqlite:x.db", "csv:out", "arrow:arrows"):
            done = self.mimic("load", "-q", "--schema-dir", ".", "--quality", "load.json",
                              "people", target)
            if "not built in" in done.stderr:
                continue
            self.assertEqual(done.returncode, 3, done.stderr)
            done = self.mimic("quality", "-q", "--schema-dir", ".", "-o", "target.json", target)
            self.assertEqual((done.returncode, done.stderr), (3, ""))
            loads = json.loads(self.read("load.json"))
            targets = json.loads(self.read("target.json"))
            # SQLite refuses the row with NaN: it is in no profile.
            rows = 10 if target.startswith("sqlite") else 11
            self.assertEqual(loads["tables"][0]["columns"][0]["rows"], rows)
            self.assertEqual(len(targets["tables"]), 2)
            for left, right in zip(loads["tables"], targets["tables"]):
                for column, again in zip(left["columns"], right["columns"]):
                    column = dict(column)
                    column.pop("rejects", None)
                    self.assertEqual(column, again, target)
            self.page(self.mimic("quality", "-q", "--schema-dir", ".", "--format", "html",
                                 target).stdout)

    def test_keys_of_a_target(self):
        self.mimic("load", "-q", "--schema-dir", ".", "people", "csv:twice")
        path = os.path.join("twice", "people.csv")
        rows = self.read(path).splitlines(keepends=True)
        with open(os.path.join(self.folder, path), "a", encoding="utf-8") as stream:
            stream.write(rows[2])
        done = self.mimic("quality", "-q", "--schema-dir", ".", "--format", "json", "csv:twice")
        failed = {(check["table"], check["rule"]): check["observed"]
                  for check in json.loads(done.stdout)["checks"] if check["verdict"] == "failed"}
        self.assertEqual(failed[("people", "primary_key")], 1)
        self.assertEqual(failed[("visits", "foreign_key")], 1)

    def test_values_are_hidden(self):
        for kind in ("json", "txt", "html"):
            text = self.check(f"hidden.{kind}", "--no-values")
            for value in ("alert(3)", "reversed", "81.5", "1890", "2100"):
                self.assertNotIn(value, text.replace("onerror=alert(2)", ""))
            self.assertIn("weight", text)

    def test_usage(self):
        done = self.mimic("check", "--schema-dir", ".", "--quality", "report.doc", "people")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--quality expects a file ending in .html, .json or .txt", done.stderr)
        done = self.mimic("quality", "-q", "nowhere.db")
        self.assertEqual(done.returncode, 1)
        done = self.mimic("quality", "--format", "xml", "nowhere.db")
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
