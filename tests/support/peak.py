"""Peak memory of a program: `[sys.executable, "-c", MEASURE, FILE, PROGRAM, ...]` runs it, writes its
peak in KiB into FILE, and ends as it does.

A small process of its own: until it becomes the program, a child counts the memory of its parent, and
that of a test may be large.
"""

MEASURE = """
import os, sys
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as stream:
    stream.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status) % 256)
"""
