/*
 * Column loops of string, binary and categorical. Text goes straight from the block into the
 * column, sixteen bytes at a time; the block's padding makes the reads legal and the builder's the
 * writes. UTF-8 and NUL were checked for the whole record by the reader.
 */
#include <string.h>

#include "base/error.h"
#include "coerce/coerce_digits.h"
#include "coerce/coerce_plan.h"

/* Copies in steps of 32 bytes, beyond the end of both by fewer. */
static inline void copy_text(char *to, const char *from, size_t size)
{
    memcpy(to, from, 32);
    for (size_t done = 32; done < size; done += 32)
        memcpy(to + done, from + done, 32);
}

/* Puts the text of the row at `to`; its size, 0 for NULL and faults. */
static size_t put_text(mimic_coerce_job *job, size_t row, const char *raw, size_t raw_size,
                       char *to)
{
    mimic_plan_column *const column = job->column;
    mimic_cell_text cell = {raw, raw_size, false};
    const char quote = job->index->quote;
    const bool is_plain =
        raw_size > 0 && (quote == '\0' || raw[0] != quote) && !column->has_missing_texts;
    if (!is_plain && !mimic__job_cell(job, row, &cell))
        return 0;
    if (cell.is_null) {
        mimic__job_null(job, row);
        return 0;
    }
    job->row = row;
    const mimic_reject_code code = mimic__job_check_text(job, cell.text, cell.size);
    if (code != 0) {
        mimic__job_fault(job, row, code);
        return 0;
    }
    memcpy(to, cell.text, cell.size);
    return cell.size;
}

/* What the loop may take at once: texts of so many bytes, whatever they are. */
typedef struct plain_texts {
    size_t least; /* 1, or SIZE_MAX for none */
    size_t span;  /* the largest size less the least one */
    char quote;
    bool has_quoted; /* quotes may be taken off by the loop */
    bool has_empty_quoted;
} plain_texts;

static plain_texts find_plain_texts(const mimic_coerce_job *job)
{
    const mimic_plan_column *const column = job->column;
    const mimic_field *const field = column->field;
    /* No text of so many bytes has more characters than allowed. */
    const size_t largest = field->max_length < 0 || (uint64_t)field->max_length > SIZE_MAX - 1
                               ? SIZE_MAX - 1
                               : (size_t)field->max_length;
    const bool is_plain = !column->is_reference && !column->has_missing_texts &&
                          !column->has_text_checks && field->min_length <= 1 && largest > 0;
    plain_texts plain = {SIZE_MAX, 0, job->index->quote, false, false};
    if (is_plain) {
        plain.least = 1;
        plain.span = largest - 1;
        plain.has_quoted = plain.quote != '\0' && job->index->escape == '\0';
        plain.has_empty_quoted =
            plain.has_quoted && !column->quoted_empty_is_null && field->min_length <= 0;
    }
    return plain;
}

/* True when a byte of the word is zero. */
static inline bool has_zero(uint64_t word)
{
    return ((word - MIMIC_EIGHT(1)) & ~word & MIMIC_EIGHT(0x80)) != 0;
}

/*
 * Copies a quoted text that needs no decoding, without its quotes. False when there is a quote
 * inside, or when it is not plain: nothing is copied then that counts.
 */
static inline bool copy_quoted(const plain_texts *plain, char *to, const char *text, size_t size,
                               size_t *used)
{
    if (!plain->has_quoted || size < 2 || text[size - 1] != plain->quote)
        return false;
    const size_t inner = size - 2;
    if (inner == 0)
        return plain->has_empty_quoted;
    if (inner - plain->least > plain->span)
        return false;
    const uint64_t quotes = MIMIC_EIGHT(plain->quote);
    text++;
    size_t done = 0;
    for (; done + 8 <= inner; done += 8) {
        const uint64_t word = mimic__load8(text + done);
        if (has_zero(word ^ quotes))
            return false;
        mimic__store8(to + done, word);
    }
    /* The bytes behind the text are made zero, which is no quote. */
    const unsigned shift = 8 * (unsigned)(inner - done);
    const uint64_t word = mimic__load8(text + done);
    if (has_zero((word & ~(UINT64_MAX << shift)) ^ quotes))
        return false;
    mimic__store8(to + done, word);
    *used += inner;
    return true;
}

void mimic__loop_string(mimic_coerce_job *job)
{
    mimic_column_builder *const builder = &job->column->builder;
    const mimic_field_index *const index = job->index;
    const size_t row_count = index->row_count;
    const uint32_t *mark = index->marks + job->field;
    char *const values = builder->values;
    int32_t *const offsets = builder->offsets;
    const plain_texts plain = find_plain_texts(job);
    const bool takes_empty = job->takes_empty;
    size_t used = 0;
    for (size_t first = 0; first < row_count && job->status == MIMIC_OK; first += 64) {
        const size_t end = row_count - first < 64 ? row_count : first + 64;
        uint64_t empty = 0;
        for (size_t row = first; row < end; row++, mark += index->stride) {
            size_t size;
            const char *const text = mimic__field_start(index, mark, &size);
            if (size == 0 && takes_empty) {
                empty |= UINT64_C(1) << (row - first);
            } else if (text[0] == plain.quote) {
                if (!copy_quoted(&plain, values + used, text, size, &used))
                    used += put_text(job, row, text, size, values + used);
            } else if (size - plain.least <= plain.span) {
                copy_text(values + used, text, size);
                used += size;
            } else {
                used += put_text(job, row, text, size, values + used);
            }
            offsets[row + 1] = (int32_t)used;
        }
        if (empty != 0)
            mimic__builder_clear_rows(builder, first, empty);
    }
}

static size_t put_binary(mimic_coerce_job *job, size_t row, uint8_t *to)
{
    const mimic_field *const field = job->column->field;
    mimic_cell_text cell;
    if (!mimic__job_cell(job, row, &cell))
        return 0;
    if (cell.is_null) {
        mimic__job_null(job, row);
        return 0;
    }
    size_t size = 0;
    mimic_reject_code code = mimic_coerce_binary(cell.text, cell.size, to, &size);
    if (code == 0 && ((field->min_length >= 0 && size < (uint64_t)field->min_length) ||
                      (field->max_length >= 0 && size > (uint64_t)field->max_length)))
        code = MIMIC_REJECT_LENGTH;
    if (code != 0) {
        mimic__job_fault(job, row, code);
        return 0;
    }
    job->row = row;
    mimic__job_note_unique(job, to, size);
    return size;
}

void mimic__loop_binary(mimic_coerce_job *job)
{
    mimic_column_builder *const builder = &job->column->builder;
    size_t used = 0;
    for (size_t row = 0; row < job->index->row_count && job->status == MIMIC_OK; row++) {
        used += put_binary(job, row, (uint8_t *)builder->values + used);
        builder->offsets[row + 1] = (int32_t)used;
    }
}

/* ---- categorical ---- */

/* The first 16 bytes of a text of at most 16, zeros behind it. */
static inline void short_text(const char *text, size_t size, uint64_t out[2])
{
    static const uint64_t masks[17][2] = {
#define MASKS(n)                                                                                   \
    {(n) >= 8 ? UINT64_MAX : (UINT64_C(1) << (n) % 8 * 8) - 1,                                     \
     (n) >= 16  ? UINT64_MAX                                                                       \
     : (n) <= 8 ? 0                                                                                \
                : (UINT64_C(1) << (n) % 8 * 8) - 1}
        MASKS(0),  MASKS(1),  MASKS(2),  MASKS(3),  MASKS(4),  MASKS(5),
        MASKS(6),  MASKS(7),  MASKS(8),  MASKS(9),  MASKS(10), MASKS(11),
        MASKS(12), MASKS(13), MASKS(14), MASKS(15), MASKS(16)
#undef MASKS
    };
    out[0] = mimic__load8(text) & masks[size][0];
    out[1] = mimic__load8(text + 8) & masks[size][1];
}

static inline size_t recent_slot(const uint64_t words[2], size_t size)
{
    const uint64_t mixed = (words[0] ^ words[1] * 31 ^ size) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 56);
}

void mimic__recent_texts_clear(mimic_plan_column *column)
{
    for (size_t i = 0; i < MIMIC_RECENT_TEXTS; i++)
        column->recent_texts[i] = (mimic_recent_text){{0, 0}, 0, -1};
}

/* Code of a decoded text, put into the dictionary when it is new; -1 after a fault or a failure. */
static int32_t find_code(mimic_coerce_job *job, size_t row, const char *text, size_t size)
{
    mimic_plan_column *const column = job->column;
    mimic_hashmap *const texts = &column->builder.texts;
    job->row = row;
    const mimic_reject_code code = mimic__job_check_text(job, text, size);
    if (code != 0) {
        mimic__job_fault(job, row, code);
        return -1;
    }
    uint32_t number = mimic__hashmap_find(texts, text, size);
    if (number != MIMIC_HASHMAP_NONE)
        return (int32_t)number;
    if (column->field->enum_count > 0) {
        mimic__job_fault(job, row, MIMIC_REJECT_ENUM);
        return -1;
    }
    number = mimic__hashmap_insert(texts, text, size);
    if (number == MIMIC_HASHMAP_NONE) {
        job->status = mimic__fail_memory(job->err);
        return -1;
    }
    return (int32_t)number;
}

/* Code of a row that the recent texts do not know; -1 for NULL and faults. */
static int32_t hard_code(mimic_coerce_job *job, size_t row)
{
    mimic_cell_text cell;
    if (!mimic__job_cell(job, row, &cell))
        return -1;
    if (cell.is_null) {
        mimic__job_null(job, row);
        return -1;
    }
    return find_code(job, row, cell.text, cell.size);
}

/* The same, and it is known from now on. Texts are remembered as they stand in the file, quotes and
 * all: what one meant, it means again. */
static int32_t learn_code(mimic_coerce_job *job, size_t row, const char *text, size_t size)
{
    const mimic_plan_column *const column = job->column;
    const char quote = job->index->quote;
    const bool is_plain =
        size > 0 && (text[0] != quote || quote == '\0') && !column->has_missing_texts;
    const int32_t code = is_plain ? find_code(job, row, text, size) : hard_code(job, row);
    if (code < 0)
        return 0;
    if (size <= 16) {
        uint64_t words[2];
        short_text(text, size, words);
        job->column->recent_texts[recent_slot(words, size)] =
            (mimic_recent_text){{words[0], words[1]}, (uint32_t)size, code};
    }
    return code;
}

void mimic__loop_categorical(mimic_coerce_job *job)
{
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const size_t row_count = index->row_count;
    const uint32_t *mark = index->marks + job->field;
    int32_t *const values = (int32_t *)(void *)column->builder.values;
    const uint64_t takes_empty = job->takes_empty;
    /* A text that passed every check once passes again, except for uniqueness. */
    const size_t largest = column->field->is_unique || column->is_reference ? 0 : 16;
    for (size_t first = 0; first < row_count && job->status == MIMIC_OK; first += 64) {
        const size_t end = row_count - first < 64 ? row_count : first + 64;
        uint64_t empty = 0;
        for (size_t row = first; row < end; row++, mark += index->stride) {
            size_t size;
            const char *const text = mimic__field_start(index, mark, &size);
            uint64_t words[2];
            short_text(text, size < 16 ? size : 16, words);
            const mimic_recent_text *const recent = &column->recent_texts[recent_slot(words, size)];
            /* One test for all: empty ones come at random, and so would the branches. */
            const uint64_t is_empty = (uint64_t)(size == 0) & takes_empty;
            const uint64_t unlike = (recent->words[0] ^ words[0]) | (recent->words[1] ^ words[1]) |
                                    (recent->size ^ size) | (uint64_t)(size > largest) |
                                    (uint64_t)(recent->code < 0);
            empty |= is_empty << (row - first);
            values[row] = recent->code & (int32_t)(is_empty - 1);
            if ((unlike & (is_empty - 1)) != 0)
                values[row] = learn_code(job, row, text, size);
        }
        if (empty != 0)
            mimic__builder_clear_rows(&column->builder, first, empty);
    }
}
