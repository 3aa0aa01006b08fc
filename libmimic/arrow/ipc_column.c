/*
 * See ipc_column.h. Assumes columns as batch.h describes them. Slots of NULL values are taken as
 * they are, but for categorical ones, whose code becomes 0.
 */
#include "arrow/ipc_column.h"

#include "arrow/arrow_type.h"
#include "base/error.h"

void mimic__ipc_field_init(mimic_ipc_field *field, const mimic_context *ctx, mimic_type type)
{
    *field = (mimic_ipc_field){.type = type, .is_coded = type == MIMIC_TYPE_CATEGORICAL};
    mimic__buffer_init(&field->codes, ctx);
    mimic__hashmap_init(&field->texts, ctx);
}

void mimic__ipc_field_free(mimic_ipc_field *field)
{
    mimic__buffer_free(&field->codes);
    mimic__hashmap_free(&field->texts);
}

void mimic__ipc_column_init(mimic_ipc_column *column, const mimic_context *ctx)
{
    *column = (mimic_ipc_column){0};
    mimic__buffer_init(&column->validity, ctx);
    mimic__buffer_init(&column->offsets, ctx);
    mimic__buffer_init(&column->values, ctx);
}

void mimic__ipc_column_free(mimic_ipc_column *column)
{
    mimic__buffer_free(&column->validity);
    mimic__buffer_free(&column->offsets);
    mimic__buffer_free(&column->values);
}

void mimic__ipc_column_clear(mimic_ipc_column *column)
{
    column->rows = 0;
    column->null_count = 0;
    column->validity.size = 0;
    column->offsets.size = 0;
    column->values.size = 0;
}

bool mimic__ipc_field_begin_batch(mimic_ipc_field *field, const mimic_column *source)
{
    field->codes.size = 0;
    if (field->type != MIMIC_TYPE_CATEGORICAL)
        return true;
    const size_t size = (size_t)source->dictionary->count * sizeof(int32_t);
    if (!mimic__buffer_reserve(&field->codes, size))
        return false;
    if (size > 0)
        memset(field->codes.data, 0xff, size); /* every code -1 */
    field->codes.size = size;
    return true;
}

/* 64 bits from bit `first` on; all of them must be there. */
static uint64_t get_word(const uint8_t *bits, size_t first)
{
    const size_t shift = first % 8;
    uint64_t word = 0;
    for (size_t i = 0; i < 8; i++)
        word |= (uint64_t)bits[first / 8 + i] << (8 * i);
    return shift == 0 ? word : word >> shift | (uint64_t)bits[first / 8 + 8] << (64 - shift);
}

/* Up to 8 bits from bit `first` on. */
static unsigned get_bits(const uint8_t *bits, size_t first, size_t count)
{
    const size_t shift = first % 8;
    unsigned value = (unsigned)bits[first / 8] >> shift;
    if (shift + count > 8)
        value |= (unsigned)bits[first / 8 + 1] << (8 - shift);
    return value & ((1u << count) - 1);
}

/* Copies bits to a place that is all 0 from bit `at` on; returns how many of them are set. */
static size_t copy_bits(unsigned char *target, size_t at, const uint8_t *source, size_t first,
                        size_t count)
{
    size_t set = 0;
    for (size_t done = 0; done < count;) {
        const size_t shift = (at + done) % 8;
        unsigned char *place = &target[(at + done) / 8];
        if (shift == 0 && count - done >= 64) {
            const uint64_t word = get_word(source, first + done);
            for (size_t i = 0; i < 8; i++)
                place[i] = (unsigned char)(word >> (8 * i));
            set += (size_t)__builtin_popcountll(word);
            done += 64;
        } else {
            const size_t step = count - done < 8 - shift ? count - done : 8 - shift;
            const unsigned bits = get_bits(source, first + done, step);
            *place = (unsigned char)(*place | bits << shift);
            set += (size_t)__builtin_popcount(bits);
            done += step;
        }
    }
    return set;
}

/* Sets `count` bits of a place that is all 0 from bit `at` on. */
static void set_bits(unsigned char *target, size_t at, size_t count)
{
    const size_t whole = (at + 7) / 8;
    for (; at < whole * 8 && count > 0; at++, count--)
        target[at / 8] = (unsigned char)(target[at / 8] | 1u << at % 8);
    memset(target + at / 8, 0xff, count / 8);
    if (count % 8 != 0)
        target[at / 8 + count / 8] = (unsigned char)((1u << count % 8) - 1);
}

/* Appends bits behind the `at` bits that are there, set ones when `source` is NULL; returns how
 * many of them are set. */
static size_t append_bits(mimic_buffer *target, size_t at, const uint8_t *source, size_t first,
                          size_t count)
{
    const size_t size = (at + count + 7) / 8;
    if (!mimic__buffer_reserve(target, size - target->size))
        return 0;
    memset(target->data + target->size, 0, size - target->size);
    target->size = size;
    if (source != NULL)
        return copy_bits((unsigned char *)target->data, at, source, first, count);
    set_bits((unsigned char *)target->data, at, count);
    return count;
}

static void append_bytes(mimic_ipc_column *column, const mimic_column *source, size_t first,
                         size_t count)
{
    const int32_t zero = 0;
    if (column->offsets.size == 0)
        mimic__buffer_append(&column->offsets, &zero, sizeof zero);
    if (!mimic__buffer_reserve(&column->offsets, count * sizeof(int32_t)))
        return;
    /* The writer bounds what is gathered, so that the sums fit. */
    const int32_t shift = (int32_t)column->values.size - source->offsets[first];
    int32_t *offsets = (int32_t *)(void *)(column->offsets.data + column->offsets.size);
    for (size_t i = 0; i < count; i++)
        offsets[i] = source->offsets[first + i + 1] + shift;
    column->offsets.size += count * sizeof(int32_t);
    const size_t size = (size_t)(source->offsets[first + count] - source->offsets[first]);
    if (size > 0)
        mimic__buffer_append(&column->values, (const char *)source->values + source->offsets[first],
                             size);
}

/* Code of a text, which is added to the dictionary when it is not there; -1 when memory ran out. */
static inline int32_t code_of(mimic_ipc_field *field, const char *text, int32_t size)
{
    const uint32_t number = mimic__hashmap_insert(&field->texts, text, (size_t)size);
    return number > INT32_MAX ? -1 : (int32_t)number;
}

/* Own code of a text of the source's dictionary; -1 when memory ran out. */
static int32_t own_code(mimic_ipc_field *field, const mimic_dictionary *dictionary, int32_t code)
{
    int32_t *known = (int32_t *)(void *)field->codes.data + code;
    if (*known < 0) {
        const int32_t start = dictionary->offsets[code];
        *known = code_of(field, dictionary->bytes + start, dictionary->offsets[code + 1] - start);
    }
    return *known;
}

static mimic_status append_codes(mimic_ipc_column *column, mimic_ipc_field *field,
                                 const mimic_column *source, size_t first, size_t count,
                                 mimic_error *err)
{
    if (!mimic__buffer_reserve(&column->values, count * sizeof(int32_t)))
        return mimic__fail_memory(err);
    const int32_t *source_codes = (const int32_t *)source->values + first;
    int32_t *codes = (int32_t *)(void *)(column->values.data + column->values.size);
    for (size_t i = 0; i < count; i++) {
        codes[i] = 0;
        if (!mimic_column_is_valid(source, (int64_t)(first + i)))
            continue;
        if (source_codes[i] < 0 || source_codes[i] >= source->dictionary->count)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "code %d lies outside a dictionary of %lld texts",
                               (int)source_codes[i], (long long)source->dictionary->count);
        codes[i] = own_code(field, source->dictionary, source_codes[i]);
        if (codes[i] < 0)
            return mimic__fail_memory(err);
    }
    column->values.size += count * sizeof(int32_t);
    return MIMIC_OK;
}

static mimic_status append_texts(mimic_ipc_column *column, mimic_ipc_field *field,
                                 const mimic_column *source, size_t first, size_t count,
                                 mimic_error *err)
{
    if (!mimic__buffer_reserve(&column->values, count * sizeof(int32_t)))
        return mimic__fail_memory(err);
    const char *bytes = source->values;
    const int32_t *offsets = source->offsets + first;
    int32_t *codes = (int32_t *)(void *)(column->values.data + column->values.size);
    for (size_t i = 0; i < count; i++) {
        codes[i] = 0;
        if (!mimic_column_is_valid(source, (int64_t)(first + i)))
            continue;
        codes[i] = code_of(field, bytes + offsets[i], offsets[i + 1] - offsets[i]);
        if (codes[i] < 0)
            return mimic__fail_memory(err);
    }
    column->values.size += count * sizeof(int32_t);
    return MIMIC_OK;
}

mimic_status mimic__ipc_column_append(mimic_ipc_column *column, mimic_ipc_field *field,
                                      const mimic_column *source, size_t first, size_t count,
                                      mimic_error *err)
{
    const size_t value_bits = mimic__arrow_value_bits(field->type);
    const size_t valid =
        append_bits(&column->validity, column->rows, source->validity, first, count);
    if (field->type == MIMIC_TYPE_CATEGORICAL) {
        MIMIC_TRY(append_codes(column, field, source, first, count, err));
    } else if (field->is_coded) {
        MIMIC_TRY(append_texts(column, field, source, first, count, err));
    } else if (value_bits == 0) {
        append_bytes(column, source, first, count);
    } else if (value_bits == 1) {
        append_bits(&column->values, column->rows, source->values, first, count);
    } else {
        const size_t width = value_bits / 8;
        mimic__buffer_append(&column->values, (const char *)source->values + first * width,
                             count * width);
    }
    if (column->validity.failed || column->offsets.failed || column->values.failed)
        return mimic__fail_memory(err);
    column->null_count += (int64_t)(count - valid);
    column->rows += count;
    return MIMIC_OK;
}

mimic_status mimic__ipc_column_try_coding(mimic_ipc_column *column, mimic_ipc_field *field,
                                          mimic_error *err)
{
    const size_t most = (column->rows - (size_t)column->null_count) / MIMIC_IPC_REPEATS;
    const mimic_column texts = {.type = MIMIC_TYPE_STRING,
                                .validity = (const uint8_t *)column->validity.data,
                                .values = column->values.data,
                                .offsets = (const int32_t *)(const void *)column->offsets.data};
    mimic_ipc_column coded;
    mimic__ipc_column_init(&coded, column->values.ctx);
    mimic_status status = MIMIC_OK;
    for (size_t done = 0;
         done < column->rows && status == MIMIC_OK && field->texts.count <= most;) {
        const size_t step = column->rows - done < 1024 ? column->rows - done : 1024;
        status = append_texts(&coded, field, &texts, done, step, err);
        done += step;
    }
    field->is_coded = status == MIMIC_OK && most > 0 && field->texts.count <= most;
    if (field->is_coded) {
        const mimic_buffer plain = column->values;
        column->values = coded.values;
        coded.values = plain;
        mimic__buffer_free(&column->offsets);
    } else {
        mimic__hashmap_free(&field->texts);
    }
    mimic__ipc_column_free(&coded);
    return status;
}

/* Appends offsets and bytes of the texts that the codes mean; a NULL is an empty text. */
static void append_decoded(mimic_ipc_column *column, const mimic_hashmap *texts,
                           const int32_t *codes)
{
    const mimic_column nulls = {
        .validity = column->validity.size == 0 ? NULL : (const uint8_t *)column->validity.data};
    for (size_t i = 0; i < column->rows; i++) {
        const int32_t end = (int32_t)column->values.size;
        mimic__buffer_append(&column->offsets, &end, sizeof end);
        if (mimic_column_is_valid(&nulls, (int64_t)i)) {
            const int32_t *place = texts->offsets + codes[i];
            mimic__buffer_append(&column->values, texts->bytes + place[0],
                                 (size_t)(place[1] - place[0]));
        }
    }
    const int32_t end = (int32_t)column->values.size;
    mimic__buffer_append(&column->offsets, &end, sizeof end);
}

mimic_status mimic__ipc_column_decode(mimic_ipc_column *column, const mimic_ipc_field *field,
                                      mimic_error *err)
{
    mimic_buffer codes = column->values;
    mimic__buffer_init(&column->values, codes.ctx);
    column->offsets.size = 0;
    append_decoded(column, &field->texts, (const int32_t *)(const void *)codes.data);
    mimic__buffer_free(&codes);
    return column->offsets.failed || column->values.failed ? mimic__fail_memory(err) : MIMIC_OK;
}
