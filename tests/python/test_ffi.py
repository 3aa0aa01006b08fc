"""The declarations of _ffi.py against exports.txt, struct_sizes.txt and the public headers."""

import ctypes
import os
import re
import sys

import pytest

from mimic import _ffi

SCALARS = {
    "void": None, "char": ctypes.c_char, "int": ctypes.c_int, "float": ctypes.c_float,
    "double": ctypes.c_double, "size_t": ctypes.c_size_t, "int16_t": ctypes.c_int16,
    "int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "uint8_t": ctypes.c_uint8,
    "uint16_t": ctypes.c_uint16, "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64,
}
# Functions of C that are handed over by their address.
ADDRESSES = {("mimic_stream_keep", 2)}
# Bytes that no NUL ends: c_char_p would stop at the first.
RAW = {("mimic_reject", "raw"), ("mimic_dictionary", "bytes"), ("mimic_frame_column", "texts"),
       ("mimic_patient", "text_bytes"), ("mimic_patient", "properties_bytes")}


def read(source_tree, *parts):
    with open(os.path.join(source_tree, *parts), encoding="utf-8") as stream:
        return stream.read()


class Headers:
    """What the public headers declare, as far as their style goes."""

    def __init__(self, source_tree):
        folder = os.path.join(source_tree, "include", "mimic")
        text = "\n".join(read(folder, name) for name in sorted(os.listdir(folder)))
        text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL).replace("\\\n", " ")
        text = re.sub(r"#if[^\n]*__ORDER_BIG_ENDIAN__\n(.*?)#else\n(.*?)#endif",
                      r"\1" if sys.byteorder == "big" else r"\2", text, flags=re.DOTALL)
        self.constants = dict(re.findall(r"#define MIMIC_([A-Z]\w*)[ \t]+(\S[^\n]*)", text))
        self.text = re.sub(r"^\s*#.*|^MIMIC_(BEGIN|END)_DECLS", "", text, flags=re.MULTILINE)
        self.integers = {name: kind for kind, name in
                         re.findall(r"typedef (u?int\d+_t) (mimic_\w+);", self.text)}
        self.structs = {}
        for tag, body, name in re.findall(
                r"struct (\w+) \{(.*?)^\}\s*(\w*);", self.text, re.DOTALL | re.MULTILINE):
            self.structs[name or tag] = body
        self.callbacks = {}
        for result, name, parameters in re.findall(
                r"typedef ([\w\s*]+?)\(\*(\w+)\)\(([^;]*)\);", self.text):
            self.callbacks[name] = (result, parameters)
        self.functions = {}
        for declaration in re.findall(r"MIMIC_API\s([^;]*);", self.text):
            declaration = declaration.replace("MIMIC_NODISCARD", "")
            found = re.match(r"\s*([\w\s*]+?)(\w+)\((.*)\)\s*$", declaration, re.DOTALL)
            self.functions[found.group(2)] = (found.group(1), found.group(3))

    def members(self, struct):
        """(name, declared type) in order; "*" and "[n]" belong to the type."""
        for line in re.sub(r"\s+", " ", self.structs[struct]).split(";"):
            line = line.strip()
            pointer = re.match(r"(.*?)\(\*(\w+)\)\((.*)\)$", line)
            if pointer:
                yield pointer.group(2), ("function", pointer.group(1), pointer.group(3))
            elif line:
                plain = re.match(r"(.*?)(\w+)(?:\[(\w+)\])?$", line)
                yield plain.group(2), (plain.group(1).strip(), plain.group(3))

    def parameters(self, text):
        for one in re.sub(r"\s+", " ", text).split(","):
            one = one.strip()
            if one == "void":
                continue
            array = re.match(r"(.*?)\b\w+\[\w*\]$", one)
            if array:
                yield array.group(1).strip() + " *"
            else:
                yield re.match(r"(.*?)\w*$", one).group(1).strip() if one[-1] != "*" else one


def same(found, wanted, headers, where):
    """Asserts that a ctypes type is what a C type says."""
    if isinstance(wanted, tuple):
        same_function(found, wanted[1], wanted[2], headers, where)
        return
    words = wanted.replace("*", " * ").replace("struct ", " ").split()
    stars = words.count("*")
    (name,) = [word for word in words if word not in ("*", "const")]
    name = headers.integers.get(name, name)
    if stars == 0:
        if name in headers.callbacks:
            same_function(found, *headers.callbacks[name], headers, where)
        else:
            assert found is SCALARS.get(name, getattr(_ffi, name, "?")), where
        return
    if name == "char" and stars == 1:
        assert found is ctypes.c_char_p or (found is ctypes.c_void_p and where in RAW), where
        return
    base = SCALARS.get(name, getattr(_ffi, name, ctypes.c_void_p))
    if name == "char":  # texts that are handed over, or many of them
        base, stars = (ctypes.c_char_p if "const" in words else ctypes.c_void_p), stars - 1
    elif base in (None, ctypes.c_void_p):  # opaque: the handle is a pointer already
        base, stars = ctypes.c_void_p, stars - 1
    for _ in range(stars):
        base = ctypes.POINTER(base)
    assert found is base, (where, found, base)


def same_function(found, result, parameters, headers, where):
    if found is ctypes.c_void_p and where in ADDRESSES:
        return
    assert issubclass(found, ctypes._CFuncPtr), where
    if "*" not in result and result.strip() == "void":
        assert found._restype_ is None, where
    else:
        same(found._restype_, result.strip(), headers, where)
    declared = list(headers.parameters(parameters))
    assert len(found._argtypes_) == len(declared), where
    for number, (one, wanted) in enumerate(zip(found._argtypes_, declared)):
        same(one, wanted, headers, (where, number))


@pytest.fixture(scope="module")
def headers(source_tree):
    return Headers(source_tree)


def test_exports_are_declared(source_tree):
    exported = [line for line in read(source_tree, "tests", "api", "exports.txt").split("\n")
                if line and not line.startswith("#")]
    assert sorted(_ffi.PROTOTYPES) == sorted(exported)


def test_functions(headers):
    assert set(headers.functions) == set(_ffi.PROTOTYPES)
    for name, (result, parameters) in headers.functions.items():
        found_result, found_parameters = _ffi.PROTOTYPES[name]
        if result.split() == ["void"]:
            assert found_result is None, name
        else:
            same(found_result, result.strip(), headers, (name, "result"))
        declared = list(headers.parameters(parameters))
        assert len(found_parameters) == len(declared), name
        for number, (found, wanted) in enumerate(zip(found_parameters, declared)):
            same(found, wanted, headers, (name, number))


def test_structs(headers):
    for name in headers.structs:
        found = getattr(_ffi, name)._fields_
        declared = list(headers.members(name))
        assert [field[0] for field in found] == [member[0] for member in declared], name
        for (member, kind), (_, wanted) in zip(found, declared):
            if isinstance(wanted, tuple) and len(wanted) == 2:
                wanted, count = wanted
                if count is not None:
                    length = int(count) if count.isdigit() else getattr(_ffi, count[len("MIMIC_"):])
                    assert kind._length_ == length, (name, member)
                    kind = kind._type_
            same(kind, wanted, headers, (name, member))


def test_struct_sizes(source_tree):
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        pytest.skip("struct_sizes.txt is of 64-bit machines")
    lines = read(source_tree, "tests", "api", "struct_sizes.txt").replace("struct ", "").split("\n")
    for line in lines:
        if not line or line.startswith("#"):
            continue
        name, size, member, offset = line.split()
        struct = getattr(_ffi, name)
        assert ctypes.sizeof(struct) == int(size), name
        assert struct._fields_[-1][0] == member, name
        assert getattr(struct, member).offset == int(offset), name


def test_constants(headers):
    """Those that _ffi.py has. Others of the headers it may do without."""
    checked = 0
    for name, value in headers.constants.items():
        number = re.fullmatch(r"\(?(-?\d+|0x[0-9a-f]+u?|1u << \d+)\)?", value.strip())
        if number is None or not hasattr(_ffi, name):
            continue
        wanted = eval(number.group(1).replace("u", ""))  # a literal, or a shift of one
        assert getattr(_ffi, name) == wanted, name
        checked += 1
    declared = [name for name, value in vars(_ffi).items()
                if re.fullmatch(r"[A-Z][A-Z0-9_]+", name) and isinstance(value, int)]
    assert checked == len(declared)


def test_structs_know_their_members():
    options = _ffi.mimic_csv_options(limit=3)
    assert options.struct_size == ctypes.sizeof(options) and options.limit == 3
    with pytest.raises(AttributeError, match="no member limits"):
        options.limits = 3
    with pytest.raises(AttributeError, match="no member limits"):
        _ffi.mimic_csv_options(limits=3)


def test_texts_have_no_nul():
    with pytest.raises(ValueError, match="NUL"):
        _ffi.text("a\0b")
    with pytest.raises(TypeError, match="must be a str"):
        _ffi.text(b"bytes")
    with pytest.raises(TypeError, match="a str or a path"):
        _ffi.path(3)


def test_strings():
    assert _ffi.Strings(None).pointer is None
    one = _ffi.Strings("subject_id")
    assert (one.count, one.pointer[0]) == (1, b"subject_id")
    none = _ffi.Strings([])
    assert none.count == 0 and bool(none.pointer)
    with pytest.raises(TypeError):
        _ffi.Strings([1])


def test_paths_may_be_of_the_user(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    assert _ffi.path("~/a") == b"/somewhere/a"
    assert _ffi.target("sqlite:~/a.db") == b"sqlite:/somewhere/a.db"
    assert _ffi.target("null:") == b"null:"


def test_jobs():
    assert 1 <= _ffi.jobs(None) <= 256
    assert _ffi.jobs(10_000) == 256
    for wrong, error in ((0, ValueError), (-1, ValueError), ("2", TypeError), (True, TypeError)):
        with pytest.raises(error):
            _ffi.jobs(wrong)


def test_library_that_is_none(tmp_path):
    path = tmp_path / "libmimic.so"
    path.write_text("not a library")
    with pytest.raises(ImportError, match="MIMIC_LIBRARY"):
        _ffi.Library(str(path))
