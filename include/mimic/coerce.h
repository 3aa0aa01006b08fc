/*
 * Text to value, one function a type; and the reasons why a value, or a row, is refused.
 *
 * Strict on purpose: no blanks are trimmed, no hex, no thousands separators, nothing overflows,
 * rounds or is cut in silence. A function returns 0 and sets *out, or returns the reason and leaves
 * *out alone. None allocates, none depends on the locale, all may be called from any thread.
 *
 *     int32_t itemid;
 *     if (mimic_coerce_int32("50912", 5, &itemid) != 0)
 *         puts("no integer of 32 bits");
 *
 * Column-wise coercion with NULLs, constraints and schema formats is the CSV reader's (csv.h).
 *
 * Since: 0.1
 */
#ifndef MIMIC_COERCE_H
#define MIMIC_COERCE_H

#include <stddef.h>
#include <mimic/status.h>

MIMIC_BEGIN_DECLS

/** Why a row was rejected. Numbers are stable and stand in reject tables. */
typedef int32_t mimic_reject_code;
#define MIMIC_REJECT_STRAY_QUOTE 1       /* a quote inside an unquoted field */
#define MIMIC_REJECT_AFTER_QUOTE 2       /* text after a closing quote */
#define MIMIC_REJECT_UNCLOSED_QUOTE 3    /* a quoted field that never ends */
#define MIMIC_REJECT_OVERSIZE 4          /* a record over max_record_bytes */
#define MIMIC_REJECT_FIELD_COUNT 5       /* more or fewer fields than the header */
#define MIMIC_REJECT_EMPTY_LINE 6        /* an empty line among records of several fields */
#define MIMIC_REJECT_NUL 7               /* a NUL byte */
#define MIMIC_REJECT_UTF8 8              /* not UTF-8 */
#define MIMIC_REJECT_REQUIRED 20         /* NULL where a value is required */
#define MIMIC_REJECT_TYPE 21             /* not a value of the type */
#define MIMIC_REJECT_RANGE 22            /* a value of the kind, but outside what the type holds */
#define MIMIC_REJECT_PRECISION 23        /* digits that the type would lose */
#define MIMIC_REJECT_LENGTH 24           /* shorter or longer than the schema allows */
#define MIMIC_REJECT_ENUM 25             /* not one of the allowed values */
#define MIMIC_REJECT_BOUND 26            /* beyond minimum or maximum */
#define MIMIC_REJECT_PATTERN 27          /* does not match the pattern */
#define MIMIC_REJECT_UNIQUE 28           /* a value that may come once came again */
#define MIMIC_REJECT_SINK 29             /* a value that the target cannot hold */

/**
 * Short name of a reject code, such as "field_count"; it stands in reports and reject tables.
 *
 * code: any number
 *
 * Returns: a static string, "unknown" for a number that is not in use.
 * Ownership: borrowed, valid for the life of the process.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     puts(mimic_reject_code_name(MIMIC_REJECT_FIELD_COUNT));
 */
MIMIC_API const char *mimic_reject_code_name(mimic_reject_code code);

/**
 * Integers: optional sign, decimal digits, leading zeros allowed ("+7", "-012"). Nothing else: not
 * "7.0", not " 7", not "1e3", not "".
 *
 * text: the characters; no NUL at the end is needed
 * size: their number, in bytes
 * out: the value
 *
 * Returns: 0; MIMIC_REJECT_TYPE when it is no integer; MIMIC_REJECT_RANGE when the type cannot hold
 * it.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     int32_t itemid = 0;
 *     mimic_reject_code code = mimic_coerce_int32("50912", 5, &itemid);
 */
MIMIC_API mimic_reject_code mimic_coerce_int16(const char *text, size_t size, int16_t *out);
MIMIC_API mimic_reject_code mimic_coerce_int32(const char *text, size_t size, int32_t *out);
MIMIC_API mimic_reject_code mimic_coerce_int64(const char *text, size_t size, int64_t *out);

/**
 * Binary floating point, XML Schema decimal with an optional exponent ("-.5", "1.", "6.02e23"),
 * rounded to nearest, ties to even, for every input (IEEE 754). A value too small for the type
 * becomes the nearest one, zero included.
 *
 * text: the characters; no NUL at the end is needed
 * size: their number, in bytes
 * allow_special: not 0 = NaN, INF and -INF, any case, are values too
 * out: the value
 *
 * Returns: 0; MIMIC_REJECT_TYPE when it is no number; MIMIC_REJECT_RANGE when the magnitude is over
 * the largest finite value.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     double value = 0;
 *     mimic_reject_code code = mimic_coerce_float64("6.02e23", 7, 0, &value);
 */
MIMIC_API mimic_reject_code mimic_coerce_float32(const char *text, size_t size, int allow_special,
                                                 float *out);
MIMIC_API mimic_reject_code mimic_coerce_float64(const char *text, size_t size, int allow_special,
                                                 double *out);

/** A 128-bit two's-complement integer in the byte order of the machine; decimal values are this integer
 * times 10^-scale. Set the members by their names. */
typedef struct mimic_int128 {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    int64_t high; /* the upper 64 bits, with the sign */
    uint64_t low; /* the lower 64 bits */
#else
    uint64_t low; /* the lower 64 bits */
    int64_t high; /* the upper 64 bits, with the sign */
#endif
} mimic_int128;

/**
 * Exact decimals. Further fraction digits are allowed when they are zeros. An exponent is allowed.
 *
 * text: the characters; no NUL at the end is needed
 * size: their number, in bytes
 * precision: digits in all, 1 to 38
 * scale: digits after the point, 0 to `precision`
 * out: the value times 10^scale
 *
 * Returns: 0; MIMIC_REJECT_TYPE when it is no number; MIMIC_REJECT_RANGE for too many digits before
 * the point; MIMIC_REJECT_PRECISION for digits after the scale that are not zero.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_int128 cents;
 *     mimic_reject_code code = mimic_coerce_decimal("12.30", 5, 10, 2, &cents);
 */
MIMIC_API mimic_reject_code mimic_coerce_decimal(const char *text, size_t size, int32_t precision,
                                                 int32_t scale, mimic_int128 *out);

/**
 * Booleans as Table Schema has them by default: true, True, TRUE, 1, false, False, FALSE, 0.
 *
 * text: the characters; no NUL at the end is needed
 * size: their number, in bytes
 * out: 0 or 1
 *
 * Returns: 0; MIMIC_REJECT_TYPE for anything else.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     int flag = 0;
 *     mimic_reject_code code = mimic_coerce_boolean("TRUE", 4, &flag);
 */
MIMIC_API mimic_reject_code mimic_coerce_boolean(const char *text, size_t size, int *out);

/**
 * Dates and times of the proleptic Gregorian calendar, years 0001 to 9999. Fields have their full
 * width ("2100-01-01", not "2100-1-1"). A %S takes an optional fraction; digits beyond microseconds
 * must be zeros. 24:00:00 and leap seconds are refused. A zone (Z, ±hh:mm, ±hhmm, ±hh) is required
 * by timestamptz and refused by the others.
 *
 * text: the characters; no NUL at the end is needed
 * size: their number, in bytes
 * format: a strptime pattern (%Y %m %d %H %M %S %f %y %b %B %j %p %I %z %Z %T %D %F %R %e %a %A
 * %%); NULL or "default" = ISO 8601: date YYYY-MM-DD, time hh:mm:ss[.f], timestamp
 * YYYY-MM-DDThh:mm:ss[.f]
 * out: date: days since 1970-01-01; time: microseconds since midnight; timestamps: microseconds
 * since 1970-01-01T00:00:00, of UTC for timestamptz
 *
 * Returns: 0; MIMIC_REJECT_TYPE when the text has another form; MIMIC_REJECT_RANGE for a day or
 * time that does not exist; MIMIC_REJECT_PRECISION for finer than microseconds.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     int32_t days = 0;
 *     mimic_reject_code code = mimic_coerce_date("2180-07-23", 10, NULL, &days);
 */
MIMIC_API mimic_reject_code mimic_coerce_date(const char *text, size_t size, const char *format,
                                              int32_t *out);
MIMIC_API mimic_reject_code mimic_coerce_time(const char *text, size_t size, const char *format,
                                              int64_t *out);
MIMIC_API mimic_reject_code mimic_coerce_timestamp(const char *text, size_t size,
                                                   const char *format, int64_t *out);
MIMIC_API mimic_reject_code mimic_coerce_timestamptz(const char *text, size_t size,
                                                     const char *format, int64_t *out);

/**
 * Checks a text: UTF-8 without NUL, and its length.
 *
 * text: the bytes; no NUL at the end is needed
 * size: their number
 * min_length: in characters (code points); -1 = no bound
 * max_length: in characters (code points); -1 = no bound
 *
 * Returns: 0; MIMIC_REJECT_NUL for a NUL among the bytes; MIMIC_REJECT_UTF8; MIMIC_REJECT_LENGTH
 * outside the bounds.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_reject_code code = mimic_coerce_string("mg/dL", 5, 1, 20);
 */
MIMIC_API mimic_reject_code mimic_coerce_string(const char *text, size_t size, int64_t min_length,
                                                int64_t max_length);

/**
 * Binary as base64 (RFC 4648, padded).
 *
 * text: the characters; no NUL at the end is needed
 * size: their number, in bytes
 * out: the bytes; room for size / 4 * 3 of them
 * out_size: how many they are
 *
 * Returns: 0; MIMIC_REJECT_TYPE when it is no base64, and `out` holds part of the bytes then.
 * Ownership: `out` is the caller's.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     uint8_t bytes[6];
 *     mimic_reject_code code = mimic_coerce_binary("bWltaWM=", 8, bytes, &size);
 */
MIMIC_API mimic_reject_code mimic_coerce_binary(const char *text, size_t size, uint8_t *out,
                                                size_t *out_size);

MIMIC_END_DECLS

#endif
