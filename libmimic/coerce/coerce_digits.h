/*
 * Digits eight at a time, in one 64-bit word ("SIMD within a register"). A word holds the text's
 * first byte in its lowest eight bits, whatever the machine's byte order.
 */
#ifndef MIMIC_COERCE_DIGITS_H
#define MIMIC_COERCE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define MIMIC_ALWAYS_INLINE static inline __attribute__((always_inline))
#else
#define MIMIC_ALWAYS_INLINE static inline
#endif

/* All eight bytes the same. */
#define MIMIC_EIGHT(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))

static inline uint64_t mimic__load8(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void mimic__store8(void *bytes, uint64_t word)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(bytes, &word, sizeof word);
}

/*
 * The first `size` (0 to 8) characters as digit values, right-aligned: what lies behind the text is
 * shifted out and zeros come in front. The shift is done in halves because 64 at once is undefined.
 */
static inline uint64_t mimic__digit_word(const char *text, size_t size)
{
    const unsigned half = 32 - 4 * (unsigned)size;
    return ((mimic__load8(text) ^ MIMIC_EIGHT('0')) << half) << half;
}

/* True when all eight bytes are 0 to 9. A byte over 9 sets its own top bit, in the sum or by
 * itself; a carry out of a byte needs such a byte. */
static inline bool mimic__are_digits(uint64_t word)
{
    return (((word + MIMIC_EIGHT(0x76)) | word) & MIMIC_EIGHT(0x80)) == 0;
}

/* The number of eight digit values, the lowest byte being the most significant: pairs, fours, all.
 */
static inline uint32_t mimic__digits_value(uint64_t word)
{
    word = word * 10 + (word >> 8);
    const uint64_t mask = UINT64_C(0x000000ff000000ff);
    const uint64_t even = (word & mask) * (100 + (UINT64_C(1000000) << 32));
    const uint64_t odd = ((word >> 16) & mask) * (1 + (UINT64_C(10000) << 32));
    return (uint32_t)((even + odd) >> 32);
}

static inline bool mimic__is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

static inline unsigned mimic__lowest_bit(uint64_t word)
{
#if defined(__GNUC__) || defined(__clang__)
    return (unsigned)__builtin_ctzll(word);
#else
    unsigned count = 0;
    for (; (word & 1) == 0; word >>= 1)
        count++;
    return count;
#endif
}

#endif
