"""Writes coerce_powers.c: 128-bit mantissas of the powers of ten that a double can meet.

10^q is normalised so that its top bit is set and cut after 128 bits, so that an entry is never above
the true value and less than one unit of its last bit below it. The script fails where the formula
for the binary exponent (coerce_number.h) or the claim of exactness would not hold.
"""

import sys

FIRST, LAST, EXACT_LAST = -342, 308, 55


def mantissa(q):
    """(mantissa, exponent, is exact) with mantissa * 2^exponent <= 10^q."""
    if q >= 0:
        value = 10**q
        shift = value.bit_length() - 128
        cut = value >> shift if shift > 0 else value << -shift
        return cut, shift, shift <= 0 or cut << shift == value
    divisor = 10**-q
    shift = 127 + divisor.bit_length()
    cut = (1 << shift) // divisor
    if cut.bit_length() > 128:
        shift -= 1
        cut >>= 1
    return cut, -shift, False


def main():
    lines = []
    for q in range(FIRST, LAST + 1):
        cut, exponent, is_exact = mantissa(q)
        assert cut.bit_length() == 128, q
        assert exponent == ((217706 * q) >> 16) - 127, q
        assert is_exact == (0 <= q <= EXACT_LAST), q
        lines.append(f"    {{0x{cut >> 64:016x}, 0x{cut & (1 << 64) - 1:016x}}}, /* 10^{q} */")
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("/* Made by gen_powers.py. */\n")
        out.write('#include "coerce/coerce_number.h"\n\n')
        out.write("const uint64_t mimic__powers[MIMIC_POWER_MAX - MIMIC_POWER_MIN + 1][2] = {\n")
        out.write("\n".join(lines))
        out.write("\n};\n")


main()
