#!/usr/bin/env python3
"""Has a PostgreSQL server write golden.bin, COPY BINARY of the table below, which
tests/unit/sink/test_pgcopy.c builds by hand and compares byte by byte. Written by PostgreSQL 15; the
format is the same since 7.4, so that other versions write the same.

    python3 tests/golden/pgcopy/make.py            compare
    python3 tests/golden/pgcopy/make.py --write    write the file anew
"""

import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "..", "support"))

import postgres  # noqa: E402

GOLDEN = os.path.join(HERE, "golden.bin")
TABLE = """CREATE TABLE golden (id integer, flag boolean, small smallint, big bigint, single real,
    double double precision, whole numeric(38,0), money numeric(38,3), odd numeric(10,5), share numeric(38,38),
    day date, moment time, "when" timestamp, "where" timestamptz, label text, word varchar(5), raw bytea);"""
ROWS = r"""
(1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
(2, false, 0, 0, 0, 0, 0, 0, 0, 0, '2000-01-01', '00:00', '2000-01-01', '2000-01-01 00:00+00', '', '', ''),
(3, true, 1, 1, 1, 1, 1, 1, 1, 0.1, '2000-01-02', '00:00:01', '2000-01-01 00:00:01', '2000-01-01 01:00+01', 'a', 'b', '\x00'),
(4, true, 32767, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308,
 99999999999999999999999999999999999999, 99999999999999999999999999999999999.999, 99999.99999,
 0.99999999999999999999999999999999999999, '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.999999',
 '9999-12-31 23:59:59.999999+00', U&'\+01F600', U&'\+01F600\+01F600\+01F600\+01F600\+01F600', '\xdeadbeef'),
(5, false, -32768, -9223372036854775808, -3.4028235e38, -1.7976931348623157e308,
 -99999999999999999999999999999999999999, -99999999999999999999999999999999999.999, -99999.99999,
 -0.99999999999999999999999999999999999999, '0001-01-01', '12:34:56', '0001-01-01 00:00:00', '0001-01-01 00:00:00+00',
 E'line\nend\ttab\\', 'quote', decode(repeat('ff', 300), 'hex')),
(6, true, -1, -1, 'NaN', 'Infinity', 10000, 10000, 0.00001, 0.00000000000000000000000000000000000001,
 '1970-01-01', '00:00:00.000001', '1970-01-01 00:00:00', '1999-12-31 23:59:59.999999+00', repeat('x', 1000), 'x', NULL),
(7, NULL, 256, 4294967296, '-Infinity', '-0', 100000000, 12345678.9, 1234.5678, 0.0001,
 '2180-02-29', '13:00', '2180-07-23 21:01:00', '1970-01-01 00:00:00+00', U&'\00E9\20AC', U&'\00E9', '\x0001'),
(8, false, 100, 1000000, '1e-45', '5e-324', 18446744073709551616, 18446744073709551.616, 0.1, 0.00000000000000000001,
 '1858-11-17', '01:02:03.04', '1582-10-15 00:00:00.5', '2262-04-11 23:47:16.854775+00', ' ', '     ', '')
"""


def main():
    postgres.require()
    with tempfile.TemporaryDirectory() as work, postgres.Server() as server:
        path = os.path.join(work, "golden.bin")
        server.psql("%s\nINSERT INTO golden VALUES %s;\n\\copy (SELECT * FROM golden ORDER BY id) TO '%s' "
                    "WITH (FORMAT binary)\n" % (TABLE, ROWS, path))
        with open(path, "rb") as file:
            written = file.read()
    if "--write" in sys.argv:
        with open(GOLDEN, "wb") as file:
            file.write(written)
        return 0
    with open(GOLDEN, "rb") as file:
        is_same = file.read() == written
    print("the server writes " + ("the same" if is_same else "something else"))
    return 0 if is_same else 1


sys.exit(main())
