/* See import_text.h. */
#include "import/import_text.h"

#include <math.h>
#include <stdio.h>

#include "base/calendar.h"
#include "batch/batch_builder.h"
#include "sink/sink_format.h"

#define LIMBS_MAX 8 /* of 32 bits, of a decimal256 */

/* ---- numbers ---- */

/* The number as it stands there; unsigned ones above the range of int64 do not fit. */
static bool raw_integer(const import_place *place, int64_t *out)
{
    const import_type *const type = place->array->type;
    if (type->kind == IMPORT_BOOLEAN) {
        *out = mimic__import_bit(place->array->values, place->row);
        return true;
    }
    *out = mimic__import_number(place->array->values + place->row * (int64_t)type->width,
                                type->width, type->is_signed);
    return type->is_signed || type->width < 8 || *out >= 0;
}

mimic_reject_code mimic__import_integer(const import_place *place, int64_t *out)
{
    const import_type *const type = place->array->type;
    int64_t value = 0;
    if (!raw_integer(place, &value) || value > INT64_MAX / type->multiply ||
        value < INT64_MIN / type->multiply)
        return MIMIC_REJECT_RANGE;
    value *= type->multiply;
    if (value % type->divide != 0)
        return MIMIC_REJECT_PRECISION;
    *out = value / type->divide;
    return 0;
}

/* IEEE 754 binary16. */
static float half_to_float(uint16_t bits)
{
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    float value;
    if (exponent == 31)
        value = fraction == 0 ? INFINITY : NAN;
    else if (exponent == 0)
        value = ldexpf((float)fraction, -24);
    else
        value = ldexpf((float)(fraction + 1024), exponent - 25);
    return (bits >> 15) != 0 ? -value : value;
}

double mimic__import_double(const import_place *place)
{
    const import_type *const type = place->array->type;
    const char *const bytes = place->array->values + place->row * (int64_t)type->width;
    uint16_t half;
    float float32;
    double float64;
    switch (type->width) {
    case 2:
        memcpy(&half, bytes, 2);
        return (double)half_to_float(half);
    case 4:
        memcpy(&float32, bytes, 4);
        return (double)float32;
    default:
        memcpy(&float64, bytes, 8);
        return float64;
    }
}

static void put_integer(const import_place *place, mimic_buffer *out)
{
    char text[MIMIC_FORMAT_BYTES];
    int64_t value = 0;
    if (raw_integer(place, &value))
        mimic__buffer_append(out, text, mimic__format_int64(text, value));
    else
        mimic__buffer_format(out, "%llu", (unsigned long long)(uint64_t)value);
}

static void put_float(const import_place *place, mimic_buffer *out)
{
    char text[MIMIC_FORMAT_BYTES];
    const double value = mimic__import_double(place);
    const bool is_double = place->array->type->width == 8;
    mimic__buffer_append(out, text,
                         is_double ? mimic__format_float64(text, value)
                                   : mimic__format_float32(text, (float)value));
}

/* Divides the number by 10^9; what is left over. Limbs with the most significant first. */
static uint32_t divide_limbs(uint32_t *limbs, size_t count)
{
    uint64_t rest = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t part = rest << 32 | limbs[i];
        limbs[i] = (uint32_t)(part / 1000000000);
        rest = part % 1000000000;
    }
    return (uint32_t)rest;
}

/* The magnitude of a two's complement number in limbs, the most significant first; true when it is
 * negative. Arrow has them in the machine's byte order, as the library holds its own decimals. */
static bool load_limbs(const char *bytes, size_t count, uint32_t *limbs)
{
    uint64_t word;
    if (count == 1)
        memcpy(limbs, bytes, sizeof *limbs);
    for (size_t i = 0; i + 2 <= count; i += 2) { /* from the lowest word on */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        memcpy(&word, bytes + 4 * (count - 2 - i), sizeof word);
#else
        memcpy(&word, bytes + 4 * i, sizeof word);
#endif
        limbs[count - 1 - i] = (uint32_t)word;
        limbs[count - 2 - i] = (uint32_t)(word >> 32);
    }
    if (limbs[0] >> 31 == 0)
        return false;
    uint32_t carry = 1;
    for (size_t i = count; i-- > 0;) {
        limbs[i] = ~limbs[i] + carry;
        carry = carry != 0 && limbs[i] == 0;
    }
    return true;
}

static bool is_zero(const uint32_t *limbs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (limbs[i] != 0)
            return false;
    return true;
}

/* All digits of the scale, as canonical CSV has them; a scale below zero adds zeros. */
static void put_decimal(const import_place *place, mimic_buffer *out)
{
    const import_type *const type = place->array->type;
    const size_t count = type->width / 4;
    uint32_t limbs[LIMBS_MAX] = {0};
    char digits[96]; /* the least significant first */
    size_t size = 0;
    if (load_limbs(place->array->values + place->row * (int64_t)type->width, count, limbs))
        mimic__buffer_byte(out, '-');
    while (!is_zero(limbs, count)) {
        uint32_t rest = divide_limbs(limbs, count);
        for (int i = 0; i < 9; i++, rest /= 10)
            digits[size++] = (char)('0' + rest % 10);
    }
    while (size > 0 && digits[size - 1] == '0')
        size--;
    const size_t scale = type->scale > 0 ? (size_t)type->scale : 0;
    if (size <= scale)
        mimic__buffer_byte(out, '0');
    for (size_t i = size; i-- > scale;)
        mimic__buffer_byte(out, digits[i]);
    for (int32_t i = type->scale; i < 0 && size > 0; i++)
        mimic__buffer_byte(out, '0');
    if (scale > 0)
        mimic__buffer_byte(out, '.');
    for (size_t i = scale; i-- > 0;)
        mimic__buffer_byte(out, i < size ? digits[i] : '0');
}

/* ---- dates and times ---- */

/* Digits beyond a second, which the library's own texts have down to microseconds only. */
static void put_nanoseconds(int64_t nanoseconds, mimic_buffer *out)
{
    char text[16];
    size_t size = (size_t)snprintf(text, sizeof text, ".%09d", (int)nanoseconds);
    while (text[size - 1] == '0')
        size--;
    if (nanoseconds != 0)
        mimic__buffer_append(out, text, size);
}

static mimic_reject_code put_time(const import_place *place, mimic_buffer *out)
{
    const import_type *const type = place->array->type;
    const bool is_date = type->kind == IMPORT_DATE;
    const mimic_type own = is_date                         ? MIMIC_TYPE_DATE
                           : type->kind == IMPORT_TIME ? MIMIC_TYPE_TIME
                                                          : MIMIC_TYPE_TIMESTAMP;
    char text[MIMIC_FORMAT_BYTES];
    int64_t raw = 0;
    (void)raw_integer(place, &raw);
    /* To whole seconds, or days, and what is left in nanoseconds (of a date nobody asks). */
    const int64_t unit = is_date ? type->divide : INT64_C(1000000) * type->divide / type->multiply;
    int64_t rest = raw % unit;
    int64_t whole = raw / unit;
    if (rest < 0) {
        rest += unit;
        whole--;
    }
    const int64_t limit = INT64_MAX / 1000000;
    const bool is_sound = whole < limit && whole > -limit &&
                          mimic__time_is_valid(own, is_date ? whole : whole * 1000000);
    if (!is_sound) {
        mimic__buffer_append(out, text, mimic__format_int64(text, raw));
        return MIMIC_REJECT_RANGE;
    }
    int size;
    if (is_date && rest != 0) /* date64 with a time of day, in milliseconds */
        size = mimic__format_timestamp(text, raw * 1000, 'T');
    else if (is_date)
        size = mimic__format_date(text, (int32_t)whole);
    else if (own == MIMIC_TYPE_TIME)
        size = mimic__format_time(text, whole * 1000000);
    else
        size = mimic__format_timestamp(text, whole * 1000000, 'T');
    mimic__buffer_append(out, text, (size_t)size);
    if (!is_date)
        put_nanoseconds(rest * (INT64_C(1000000000) / unit), out);
    if (type->has_zone)
        mimic__buffer_byte(out, 'Z');
    return 0;
}

/* ---- texts and bytes ---- */

/* Base64 of RFC 4648, section 4. */
static void put_base64(const import_piece *piece, mimic_buffer *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *const bytes = (const uint8_t *)piece->bytes;
    for (size_t i = 0; i < piece->size; i += 3) {
        const size_t left = piece->size - i;
        const uint32_t group = (uint32_t)bytes[i] << 16 |
                               (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        const char text[4] = {digits[group >> 18], digits[group >> 12 & 63],
                              left > 1 ? digits[group >> 6 & 63] : '=',
                              left > 2 ? digits[group & 63] : '='};
        mimic__buffer_append(out, text, sizeof text);
    }
}

mimic_reject_code mimic__import_text(const import_place *place, mimic_buffer *out,
                                     bool *out_is_broken)
{
    import_piece piece;
    *out_is_broken = false;
    switch (place->array->type->kind) {
    case IMPORT_BOOLEAN:
        mimic__buffer_text(out,
                           mimic__import_bit(place->array->values, place->row) ? "true" : "false");
        return 0;
    case IMPORT_INTEGER:
        put_integer(place, out);
        return 0;
    case IMPORT_FLOAT:
        put_float(place, out);
        return 0;
    case IMPORT_DECIMAL:
        put_decimal(place, out);
        return 0;
    case IMPORT_DATE:
    case IMPORT_TIME:
    case IMPORT_TIMESTAMP:
        return put_time(place, out);
    case IMPORT_NULL:
        return 0;
    default:
        break;
    }
    *out_is_broken = !mimic__import_piece(place, &piece);
    if (*out_is_broken)
        return 0;
    if (piece.size > IMPORT_MAX_TEXT)
        return MIMIC_REJECT_OVERSIZE;
    if (place->array->type->kind == IMPORT_BINARY)
        put_base64(&piece, out);
    else
        mimic__buffer_append(out, piece.bytes, piece.size);
    return 0;
}
