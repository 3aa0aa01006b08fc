"""An independent judge of the Arrow C data and stream interfaces.

Written against the specification alone: its own declarations of the structs, its own reading of every
buffer. It takes capsules, checks whatever can be checked, and gives the values as Python objects.
"""

import ctypes
import datetime
import decimal
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p

EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


Schema._fields_ = [("format", c_char_p), ("name", c_char_p), ("metadata", c_void_p), ("flags", c_int64),
                   ("n_children", c_int64), ("children", POINTER(POINTER(Schema))),
                   ("dictionary", POINTER(Schema)), ("release", c_void_p), ("private_data", c_void_p)]
Array._fields_ = [("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64),
                  ("n_children", c_int64), ("buffers", POINTER(c_void_p)),
                  ("children", POINTER(POINTER(Array))), ("dictionary", POINTER(Array)),
                  ("release", c_void_p), ("private_data", c_void_p)]
Stream._fields_ = [("get_schema", CFUNCTYPE(c_int, POINTER(Stream), POINTER(Schema))),
                   ("get_next", CFUNCTYPE(c_int, POINTER(Stream), POINTER(Array))),
                   ("get_last_error", CFUNCTYPE(c_char_p, POINTER(Stream))),
                   ("release", c_void_p), ("private_data", c_void_p)]
NAMES = {Schema: b"arrow_schema", Array: b"arrow_array", Stream: b"arrow_array_stream"}
FIXED = {"c": 1, "C": 1, "s": 2, "S": 2, "i": 4, "I": 4, "l": 8, "L": 8, "f": 4, "g": 8, "tdD": 4,
         "ttu": 8, "tsu:": 8, "tsu:UTC": 8}
LETTERS = {"c": "b", "C": "B", "s": "h", "S": "H", "i": "i", "I": "I", "l": "q", "L": "Q", "f": "f",
           "g": "d", "tdD": "i", "ttu": "q", "tsu:": "q", "tsu:UTC": "q"}

_pointer = ctypes.PYFUNCTYPE(c_void_p, ctypes.py_object, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


def take(capsule, kind):
    """Moves the struct out of a capsule, as the interface says."""
    assert type(capsule).__name__ == "PyCapsule"
    address = _pointer(capsule, NAMES[kind])
    source = ctypes.cast(address, POINTER(kind)).contents
    assert source.release, "the capsule's struct was released"
    made = kind()
    ctypes.memmove(ctypes.byref(made), address, ctypes.sizeof(kind))
    source.release = None
    return made


def release(struct):
    assert struct.release
    CFUNCTYPE(None, c_void_p)(struct.release)(ctypes.addressof(struct))
    assert not struct.release, "release did not clear itself"


# ---- schemas ----

class Field:
    def __init__(self, schema):
        assert schema.release
        assert schema.format is not None
        self.format = schema.format.decode("ascii")
        self.name = (schema.name or b"").decode("utf-8")
        self.is_nullable = bool(schema.flags & 2)
        assert schema.flags & ~7 == 0
        assert schema.n_children >= 0
        self.children = [Field(schema.children[i].contents) for i in range(schema.n_children)]
        assert bool(self.children) <= self.format.startswith("+")
        self.dictionary = Field(schema.dictionary.contents) if schema.dictionary else None
        if self.dictionary is not None:
            assert self.format in "csilCSIL"
        self.metadata = read_metadata(schema.metadata)


def read_metadata(address):
    if not address:
        return {}
    place = address

    def number():
        nonlocal place
        value = ctypes.c_int32.from_address(place).value
        place += 4
        assert value >= 0
        return value

    def text():
        nonlocal place
        size = number()
        value = ctypes.string_at(place, size).decode("utf-8")
        place += size
        return value

    pairs = [(text(), text()) for _ in range(number())]
    return dict(pairs)


def check_schema(capsule):
    schema = take(capsule, Schema)
    field = Field(schema)
    release(schema)
    assert field.format == "+s"
    return field


# ---- arrays ----

def view(address, size, letter):
    if size == 0:
        return []
    assert address, "a buffer is NULL"
    raw = (ctypes.c_char * size).from_address(address)
    return memoryview(raw).cast("B").cast(letter)


def check_array(array, field, is_root=False):
    """Values of an array, None where it is NULL."""
    assert array.release
    assert array.length >= 0 and array.offset >= 0 and -1 <= array.null_count <= array.length
    assert array.n_children == len(field.children)
    rows, end = array.length, array.offset + array.length
    expected = {"+s": 1, "u": 3, "z": 3, "U": 3, "Z": 3}.get(field.format, 2)
    assert array.n_buffers == expected, (field.format, array.n_buffers)
    buffers = [array.buffers[i] for i in range(array.n_buffers)]
    for address in buffers:
        assert not address or address % 8 == 0, "a buffer is not aligned"
    valid = [True] * rows
    if buffers[0]:
        bits = view(buffers[0], (end + 7) // 8, "B")
        valid = [bool(bits[i >> 3] >> (i & 7) & 1) for i in range(array.offset, end)]
    nulls = rows - sum(valid)
    assert array.null_count in (-1, nulls), (array.null_count, nulls)
    if not field.is_nullable and not is_root:
        assert nulls == 0, f"{field.name} is not nullable"
    assert bool(array.dictionary) == (field.dictionary is not None)
    if field.format == "+s":
        columns = [check_array(array.children[i].contents, child)
                   for i, child in enumerate(field.children)]
        for column in columns:
            assert len(column) >= end
        names = [child.name for child in field.children]
        if not names:
            return [{} for _ in range(rows)]
        return [dict(zip(names, row)) for row in list(zip(*columns))[array.offset:end]]
    values = read_values(field.format, buffers, array.offset, rows, valid)
    if field.dictionary is not None:
        texts = check_array(array.dictionary.contents, field.dictionary, is_root=True)
        for code, there in zip(values, valid):
            assert not there or 0 <= code < len(texts), "a code has no text"
        return [texts[code] if there else None for code, there in zip(values, valid)]
    return [value if there else None for value, there in zip(values, valid)]


def read_values(form, buffers, offset, rows, valid):
    end = offset + rows
    if form == "b":
        bits = view(buffers[1], (end + 7) // 8, "B")
        return [bool(bits[i >> 3] >> (i & 7) & 1) for i in range(offset, end)]
    if form in "uz":
        if end == 0 and not buffers[1]:
            return []
        offsets = view(buffers[1], 4 * (end + 1), "i")
        assert offsets[0] >= 0
        assert all(offsets[i] <= offsets[i + 1] for i in range(end)), "offsets go back"
        data = bytes(view(buffers[2], offsets[end], "B"))
        cut = [data[offsets[i]:offsets[i + 1]] for i in range(offset, end)]
        return [part.decode("utf-8") for part in cut] if form == "u" else cut
    if form.startswith("d:"):
        precision, scale = (int(part) for part in form[2:].split(","))
        data = bytes(view(buffers[1], 16 * end, "B"))
        numbers = [int.from_bytes(data[16 * i:16 * i + 16], "little", signed=True)
                   for i in range(offset, end)]
        assert all(abs(number) < 10 ** precision for number, there in zip(numbers, valid) if there)
        return [decimal.Decimal(number).scaleb(-scale) for number in numbers]
    assert form in FIXED, f"unknown format {form}"
    values = list(view(buffers[1], FIXED[form] * end, LETTERS[form]))[offset:end]
    return [convert(form, value) if there else value for value, there in zip(values, valid)]


def convert(form, value):
    if form == "tdD":
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=value)
    if form == "ttu":
        return (EPOCH + value * MICROSECOND).time()
    if form.startswith("tsu:"):
        moment = EPOCH + value * MICROSECOND
        return moment.replace(tzinfo=datetime.timezone.utc) if form.endswith("UTC") else moment
    return value


def check_pair(pair):
    """What __arrow_c_array__ gives; the array is released before the schema's values are looked at."""
    field = check_schema(pair[0])
    array = take(pair[1], Array)
    rows = check_array(array, field, is_root=True)
    release(array)
    return field, rows


def check_stream(capsule, early=None):
    """All rows of a stream, each array checked and released; after `early` arrays it stops."""
    stream = take(capsule, Stream)
    place = ctypes.byref(stream)
    fields = []
    for _ in range(2):  # as often as one likes
        schema = Schema()
        assert stream.get_schema(place, ctypes.byref(schema)) == 0
        fields.append(Field(schema))
        release(schema)
    field, rows, count = fields[0], [], 0
    assert field.format == "+s"
    while early is None or count < early:
        array = Array()
        code = stream.get_next(place, ctypes.byref(array))
        if code != 0:
            message = stream.get_last_error(place)
            release(stream)
            raise OSError(code, (message or b"").decode("utf-8"))
        if not array.release:
            again = Array()
            assert stream.get_next(place, ctypes.byref(again)) == 0 and not again.release
            break
        rows += check_array(array, field, is_root=True)
        move_children_out(array, count)
        count += 1
    release(stream)
    return field, rows


def move_children_out(array, turn):
    """Releases an array in the ways that a consumer may choose from."""
    if turn % 3 == 0 or array.n_children == 0:
        release(array)
        return
    moved = []
    for i in range(array.n_children):
        child = Array()
        ctypes.memmove(ctypes.byref(child), array.children[i], ctypes.sizeof(Array))
        array.children[i].contents.release = None
        moved.append(child)
    if turn % 3 == 1:
        release(array)
        array = None
    for child in reversed(moved):
        release(child)
    if array is not None:
        release(array)
