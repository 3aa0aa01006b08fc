/*
 * x86-64 with AVX2: short numbers of eight rows at a time, four to a register. A field stands in a
 * lane of 64 bits as in mimic__digit_word: digit values, the last one in the highest byte, zeros in
 * front. Rows 0, 1, 4, 5 lie in one register and 2, 3, 6, 7 in the other, because the instructions
 * that narrow two registers to one then leave them in order.
 *
 * Fields are fetched one by one: gather instructions are slow on many processors.
 */
#include <immintrin.h>

#include "coerce/coerce_time_strip.h"

/* Four rows. */
typedef struct lanes {
    __m256i words;     /* the texts, digit values */
    __m256i distances; /* 32 bits: size + 1; above them nothing of use */
} lanes;

static inline __m128i load_word(const char *bytes, const uint32_t *mark)
{
    const uint32_t start = mark[0] + 1;
    return _mm_loadl_epi64((const __m128i *)(const void *)(bytes + start));
}

static inline __m128i load_pair(const mimic_number_strip *strip, const uint32_t *mark,
                                __m128i *out_marks)
{
    const uint32_t *const next = mark + strip->stride;
    *out_marks = _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(const void *)mark),
                                    _mm_loadl_epi64((const __m128i *)(const void *)next));
    return _mm_unpacklo_epi64(load_word(strip->bytes, mark), load_word(strip->bytes, next));
}

/* Rows r, r + 1, r + 4, r + 5 from the mark of row r on. */
static inline lanes load_lanes(const mimic_number_strip *strip, const uint32_t *mark)
{
    __m128i low_marks;
    __m128i high_marks;
    const __m128i low = load_pair(strip, mark, &low_marks);
    const __m128i high = load_pair(strip, mark + 4 * strip->stride, &high_marks);
    const __m256i marks = _mm256_set_m128i(high_marks, low_marks);
    lanes result;
    result.words = _mm256_xor_si256(_mm256_set_m128i(high, low), _mm256_set1_epi8('0'));
    result.distances = _mm256_sub_epi32(_mm256_srli_epi64(marks, 32), marks);
    return result;
}

/* Where a minus stands first: it becomes a zero digit, and the lane all ones in the result. */
static inline __m256i take_minus(lanes *rows)
{
    const __m256i first = _mm256_and_si256(rows->words, _mm256_set1_epi64x(0xff));
    const __m256i is_negative = _mm256_cmpeq_epi64(first, _mm256_set1_epi64x('-' ^ '0'));
    rows->words = _mm256_andnot_si256(_mm256_srli_epi64(is_negative, 56), rows->words);
    return is_negative;
}

/* Shifts out what lies behind the text; of sizes over eight nothing is left. */
static inline void align(lanes *rows)
{
    const __m256i distance = _mm256_and_si256(rows->distances, _mm256_set1_epi64x(UINT32_MAX));
    const __m256i shift = _mm256_sub_epi64(_mm256_set1_epi64x(72), _mm256_slli_epi64(distance, 3));
    rows->words = _mm256_sllv_epi64(rows->words, shift);
}

/* Squeezes the first point out; returns the bytes behind it, none where there is no point. */
static inline __m256i take_point(lanes *rows, __m256i *out_no_point)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i points = _mm256_cmpeq_epi8(rows->words, _mm256_set1_epi8('.' ^ '0'));
    *out_no_point = _mm256_cmpeq_epi64(points, zero);
    /* All bits up to the lowest one of the first point, less that one: the bytes before it. */
    const __m256i up_to =
        _mm256_xor_si256(points, _mm256_add_epi64(points, _mm256_set1_epi64x(-1)));
    const __m256i before = _mm256_or_si256(_mm256_srli_epi64(up_to, 1), *out_no_point);
    const __m256i behind =
        _mm256_andnot_si256(_mm256_or_si256(_mm256_slli_epi64(before, 8), _mm256_set1_epi64x(0xff)),
                            _mm256_set1_epi8(-1));
    const __m256i shift = _mm256_andnot_si256(*out_no_point, _mm256_set1_epi64x(8));
    rows->words = _mm256_or_si256(_mm256_sllv_epi64(_mm256_and_si256(rows->words, before), shift),
                                  _mm256_and_si256(rows->words, behind));
    return behind;
}

/* All ones in lanes that hold digit values only. */
static inline __m256i are_digits(__m256i words)
{
    return _mm256_cmpeq_epi64(_mm256_subs_epu8(words, _mm256_set1_epi8(9)), _mm256_setzero_si256());
}

/* The low halves of lanes, eight rows in order. */
static inline __m256i low_halves(__m256i a, __m256i b)
{
    return _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0x88));
}

/* Digit values of eight rows to numbers: pairs, fours, all. */
static inline __m256i digits_values(__m256i a, __m256i b)
{
    const __m256i tens = _mm256_set1_epi16(10 | 1 << 8);
    const __m256i hundreds = _mm256_set1_epi32(100 | 1 << 16);
    const __m256i thousands = _mm256_set1_epi32(10000 | 1 << 16);
    const __m256i first = _mm256_madd_epi16(_mm256_maddubs_epi16(a, tens), hundreds);
    const __m256i second = _mm256_madd_epi16(_mm256_maddubs_epi16(b, tens), hundreds);
    return _mm256_madd_epi16(_mm256_packus_epi32(first, second), thousands);
}

static inline uint64_t row_bits(__m256i rows)
{
    return (uint8_t)_mm256_movemask_ps(_mm256_castsi256_ps(rows));
}

static inline void store_rows(int32_t *to, __m256i rows)
{
    _mm256_storeu_si256((__m256i *)(void *)to, rows);
}

static void read_integers(mimic_number_strip *strip)
{
    const __m256i low = _mm256_set1_epi32(strip->low);
    const __m256i high = _mm256_set1_epi32(strip->high);
    if (strip->row_count < 8) {
        mimic__strip_kernel_portable.integers(strip);
        return;
    }
    strip->empty = 0;
    strip->hard = 0;
    for (size_t step = 0; step < strip->row_count; step += 8) {
        /* The last step may take rows again; they come out the same. */
        const size_t row = step > strip->row_count - 8 ? strip->row_count - 8 : step;
        const uint32_t *const mark = strip->marks + row * strip->stride;
        lanes a = load_lanes(strip, mark);
        lanes b = load_lanes(strip, mark + 2 * strip->stride);
        const __m256i sign = low_halves(take_minus(&a), take_minus(&b));
        align(&a);
        align(&b);
        const __m256i is_plain = low_halves(are_digits(a.words), are_digits(b.words));
        const __m256i magnitude = digits_values(a.words, b.words);
        const __m256i value = _mm256_sub_epi32(_mm256_xor_si256(magnitude, sign), sign);
        const __m256i distance = low_halves(a.distances, b.distances);
        /* Sizes 1 to 8, 2 to 8 with a minus. */
        const __m256i least = _mm256_sub_epi32(_mm256_set1_epi32(2), sign);
        const __m256i inside =
            _mm256_min_epu32(_mm256_max_epu32(distance, least), _mm256_set1_epi32(9));
        __m256i is_short = _mm256_and_si256(is_plain, _mm256_cmpeq_epi32(inside, distance));
        is_short = _mm256_andnot_si256(_mm256_cmpgt_epi32(low, value), is_short);
        is_short = _mm256_andnot_si256(_mm256_cmpgt_epi32(value, high), is_short);
        store_rows(strip->digits + row, _mm256_and_si256(value, is_short));
        const __m256i is_empty = _mm256_cmpeq_epi32(distance, _mm256_set1_epi32(1));
        strip->empty |= row_bits(is_empty) << row;
        strip->hard |= (row_bits(is_short) ^ 0xff) << row;
    }
}

static void read_decimals(mimic_number_strip *strip)
{
    const __m256i powers = _mm256_setr_epi32(1, 10, 100, 1000, 10000, 100000, 1000000, 10000000);
    const __m256i zero = _mm256_setzero_si256();
    const __m256i ones = _mm256_set1_epi8(1);
    if (strip->row_count < 8) {
        mimic__strip_kernel_portable.decimals(strip);
        return;
    }
    strip->empty = 0;
    strip->hard = 0;
    for (size_t step = 0; step < strip->row_count; step += 8) {
        /* The last step may take rows again; they come out the same. */
        const size_t row = step > strip->row_count - 8 ? strip->row_count - 8 : step;
        const uint32_t *const mark = strip->marks + row * strip->stride;
        lanes a = load_lanes(strip, mark);
        lanes b = load_lanes(strip, mark + 2 * strip->stride);
        const __m256i sign = low_halves(take_minus(&a), take_minus(&b));
        align(&a);
        align(&b);
        __m256i no_point_a;
        __m256i no_point_b;
        const __m256i behind_a = take_point(&a, &no_point_a);
        const __m256i behind_b = take_point(&b, &no_point_b);
        const __m256i places = low_halves(_mm256_sad_epu8(_mm256_and_si256(behind_a, ones), zero),
                                          _mm256_sad_epu8(_mm256_and_si256(behind_b, ones), zero));
        const __m256i no_point = low_halves(no_point_a, no_point_b);
        const __m256i is_plain = low_halves(are_digits(a.words), are_digits(b.words));
        const __m256i magnitude = digits_values(a.words, b.words);
        const __m256i value = _mm256_sub_epi32(_mm256_xor_si256(magnitude, sign), sign);
        const __m256i distance = low_halves(a.distances, b.distances);
        /* One more for a minus, one more for a point; no zero with a minus. */
        const __m256i least =
            _mm256_add_epi32(_mm256_sub_epi32(_mm256_set1_epi32(3), sign), no_point);
        const __m256i inside =
            _mm256_min_epu32(_mm256_max_epu32(distance, least), _mm256_set1_epi32(9));
        const __m256i is_minus_zero = _mm256_and_si256(_mm256_cmpeq_epi32(value, zero), sign);
        __m256i is_short = _mm256_and_si256(is_plain, _mm256_cmpeq_epi32(inside, distance));
        is_short = _mm256_andnot_si256(is_minus_zero, is_short);
        store_rows(strip->digits + row, _mm256_and_si256(value, is_short));
        store_rows(strip->divisors + row,
                   _mm256_permutevar8x32_epi32(powers, _mm256_and_si256(places, is_short)));
        const __m256i is_empty = _mm256_cmpeq_epi32(distance, _mm256_set1_epi32(1));
        strip->empty |= row_bits(is_empty) << row;
        strip->hard |= (row_bits(is_short) ^ 0xff) << row;
    }
}

/* The last eight characters of two fields; of shorter ones the first, which is of no use. */
static inline __m128i load_ends(const mimic_number_strip *strip, const uint32_t *mark)
{
    const uint32_t *const next = mark + strip->stride;
    const uint32_t first = mark[1] - mark[0] > 8 ? mark[1] - 8 : mark[0] + 1;
    const uint32_t second = next[1] - next[0] > 8 ? next[1] - 8 : next[0] + 1;
    return _mm_unpacklo_epi64(
        _mm_loadl_epi64((const __m128i *)(const void *)(strip->bytes + first)),
        _mm_loadl_epi64((const __m128i *)(const void *)(strip->bytes + second)));
}

static inline __m256i load_end_words(const mimic_number_strip *strip, const uint32_t *mark)
{
    return _mm256_xor_si256(
        _mm256_set_m128i(load_ends(strip, mark + 4 * strip->stride), load_ends(strip, mark)),
        _mm256_set1_epi8('0'));
}

/* high * 10^8 + low with the sign, eight rows. */
static inline void store_wide(int64_t *to, __m256i high, __m256i low, __m256i sign)
{
    const __m256i factor = _mm256_set1_epi64x(100000000);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epu32(high, factor),
                                          _mm256_and_si256(low, _mm256_set1_epi64x(UINT32_MAX)));
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(high, 32), factor),
                                         _mm256_srli_epi64(low, 32));
    const __m256i a = _mm256_unpacklo_epi64(even, odd); /* rows 0, 1, 4, 5 */
    const __m256i b = _mm256_unpackhi_epi64(even, odd); /* rows 2, 3, 6, 7 */
    const __m256i signs[2] = {_mm256_cvtepi32_epi64(_mm256_castsi256_si128(sign)),
                              _mm256_cvtepi32_epi64(_mm256_extracti128_si256(sign, 1))};
    const __m256i values[2] = {_mm256_permute2x128_si256(a, b, 0x20),
                               _mm256_permute2x128_si256(a, b, 0x31)};
    for (size_t i = 0; i < 2; i++)
        _mm256_storeu_si256((__m256i *)(void *)(to + 4 * i),
                            _mm256_sub_epi64(_mm256_xor_si256(values[i], signs[i]), signs[i]));
}

static uint64_t read_wide_integers(mimic_number_strip *strip, uint64_t rows)
{
    uint64_t found = 0;
    if (strip->row_count < 8)
        return mimic__strip_kernel_portable.wide_integers(strip, rows);
    for (size_t step = 0; step < strip->row_count; step += 8) {
        const size_t row = step > strip->row_count - 8 ? strip->row_count - 8 : step;
        if ((rows >> row & 0xff) == 0)
            continue;
        const uint32_t *const mark = strip->marks + row * strip->stride;
        lanes a = load_lanes(strip, mark);
        lanes b = load_lanes(strip, mark + 2 * strip->stride);
        const __m256i end_a = load_end_words(strip, mark);
        const __m256i end_b = load_end_words(strip, mark + 2 * strip->stride);
        const __m256i sign = low_halves(take_minus(&a), take_minus(&b));
        const __m256i distance = low_halves(a.distances, b.distances);
        a.distances = _mm256_sub_epi32(a.distances, _mm256_set1_epi32(8));
        b.distances = _mm256_sub_epi32(b.distances, _mm256_set1_epi32(8));
        align(&a);
        align(&b);
        __m256i is_wide = _mm256_and_si256(low_halves(are_digits(a.words), are_digits(b.words)),
                                           low_halves(are_digits(end_a), are_digits(end_b)));
        const __m256i inside = _mm256_min_epu32(_mm256_max_epu32(distance, _mm256_set1_epi32(10)),
                                                _mm256_set1_epi32(17));
        is_wide = _mm256_and_si256(is_wide, _mm256_cmpeq_epi32(inside, distance));
        store_wide(strip->wide + row, digits_values(a.words, b.words), digits_values(end_a, end_b),
                   sign);
        found |= row_bits(is_wide) << row;
    }
    return found & rows;
}

/* ---- timestamps ---- */

/* Bytes from `offset` on of rows r and r + 2, in one register. */
static inline __m256i load_halves(const char *const texts[4], size_t first, size_t offset)
{
    const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)(texts[first] + offset));
    const __m128i high =
        _mm_loadu_si128((const __m128i *)(const void *)(texts[first + 2] + offset));
    return _mm256_set_m128i(high, low);
}

/* Of four texts the words that mimic__read_timestamp reads. */
typedef struct time_words {
    __m256i front;
    __m256i back;
    __m256i time;
} time_words;

static inline time_words load_times(const char *const texts[4])
{
    const __m256i a = load_halves(texts, 0, 3);
    const __m256i b = load_halves(texts, 1, 3);
    return (time_words){_mm256_unpacklo_epi64(load_halves(texts, 0, 0), load_halves(texts, 1, 0)),
                        _mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b)};
}

/* mimic__read_seconds for four rows; lanes without such a time are cleared in *is_read. */
static inline __m256i times_of_day(__m256i times, __m256i *is_read)
{
    const __m256i form =
        _mm256_set1_epi64x((long long)MIMIC_WORD('0', '0', ':', '0', '0', ':', '0', '0'));
    const __m256i limits = _mm256_set1_epi64x((long long)MIMIC_WORD(2, 9, 0, 5, 9, 0, 5, 9));
    const __m256i tens = _mm256_set1_epi64x((long long)MIMIC_WORD(10, 1, 0, 10, 1, 0, 10, 1));
    const __m256i units = _mm256_set1_epi64x(3600 | 60 << 16 | 60LL << 32 | 1LL << 48);
    const __m256i digits = _mm256_xor_si256(times, form);
    /* Hours, tens of minutes, minutes, seconds; then the two halves of the sum. */
    const __m256i parts = _mm256_madd_epi16(_mm256_maddubs_epi16(digits, tens), units);
    const __m256i seconds = _mm256_and_si256(_mm256_add_epi64(parts, _mm256_srli_epi64(parts, 32)),
                                             _mm256_set1_epi64x(UINT32_MAX));
    const __m256i over = _mm256_subs_epu8(digits, limits);
    *is_read = _mm256_and_si256(*is_read, _mm256_cmpeq_epi64(over, _mm256_setzero_si256()));
    *is_read = _mm256_and_si256(
        *is_read, _mm256_cmpgt_epi64(_mm256_set1_epi64x(MIMIC_SECONDS_PER_DAY), seconds));
    return seconds;
}

/* Reads four rows when all have the last date; false leaves them to be read one by one. */
static inline bool read_four_times(mimic_time_strip *strip, size_t row)
{
    const char *texts[4];
    uint32_t wrong_sizes = 0;
    const uint32_t *mark = strip->marks + row * strip->stride;
    for (size_t i = 0; i < 4; i++, mark += strip->stride) {
        texts[i] = strip->bytes + (uint32_t)(mark[0] + 1);
        wrong_sizes |= (mark[1] - mark[0] - 1) ^ (uint32_t)strip->size;
    }
    if (wrong_sizes != 0 || strip->size > 20 || mimic__load8(texts[3] + 3) != strip->last.back)
        return false;
    const time_words words = load_times(texts);
    const __m256i front = _mm256_set1_epi64x((long long)strip->last.front);
    const __m256i back = _mm256_set1_epi64x((long long)strip->last.back);
    __m256i is_read = _mm256_and_si256(_mm256_cmpeq_epi64(words.front, front),
                                       _mm256_cmpeq_epi64(words.back, back));
    const __m256i seconds = times_of_day(words.time, &is_read);
    const __m256i value = _mm256_add_epi64(
        _mm256_mul_epu32(seconds, _mm256_set1_epi64x(MIMIC_MICROSECONDS_PER_SECOND)),
        _mm256_set1_epi64x(strip->last.days * MIMIC_MICROSECONDS_PER_DAY));
    is_read =
        _mm256_andnot_si256(_mm256_cmpgt_epi64(_mm256_set1_epi64x(strip->low), value), is_read);
    is_read =
        _mm256_andnot_si256(_mm256_cmpgt_epi64(value, _mm256_set1_epi64x(strip->high)), is_read);
    if (_mm256_movemask_pd(_mm256_castsi256_pd(is_read)) != 15)
        return false;
    if (strip->size == 20 &&
        (texts[0][19] != 'Z' || texts[1][19] != 'Z' || texts[2][19] != 'Z' || texts[3][19] != 'Z'))
        return false;
    _mm256_storeu_si256((__m256i *)(void *)(strip->values + row), value);
    return true;
}

static void read_timestamps(mimic_time_strip *strip)
{
    strip->empty = 0;
    strip->hard = 0;
    size_t row = 0;
    for (; strip->row_count - row >= 4; row += 4) {
        if (read_four_times(strip, row))
            continue;
        for (size_t i = 0; i < 4; i++)
            mimic__strip_time(strip, row + i, mimic__read_timestamp);
    }
    for (; row < strip->row_count; row++)
        mimic__strip_time(strip, row, mimic__read_timestamp);
}

static void read_dates(mimic_time_strip *strip)
{
    mimic__strip_kernel_portable.dates(strip);
}

static void read_times(mimic_time_strip *strip)
{
    mimic__strip_kernel_portable.times(strip);
}

const mimic_strip_kernel mimic__strip_kernel_avx2 = {
    "avx2",          read_integers, read_decimals, read_wide_integers,
    read_timestamps, read_dates,    read_times};
