/*
 * A record batch as columns of events: read, checked for its order, with none in the place of NULL.
 * See event_read.h.
 */
#include <string.h>

#include "base/error.h"
#include "events/event_read.h"

typedef enum column_kind { KIND_INTEGER, KIND_TIME, KIND_FLOAT, KIND_NAME, KIND_TEXT } column_kind;

typedef enum read_column {
    COLUMN_SUBJECT,
    COLUMN_TIME,
    COLUMN_CODE,
    COLUMN_TEXT,
    COLUMN_NUMERIC,
    COLUMN_STANDARD, /* those from here on are extensions: of another type they are not ours */
    COLUMN_VALUE = COLUMN_STANDARD,
    COLUMN_UNIT,
    COLUMN_AVAILABLE,
    COLUMN_ADMISSION,
    COLUMN_STAY,
    COLUMN_TABLE,
    COLUMN_ROW,
    COLUMN_LINK,
    COLUMN_RANK,
    COLUMN_MARKS,
    COLUMN_PROPERTIES,
    COLUMN_COUNT
} read_column;

static const struct {
    const char *name;
    column_kind kind;
    bool is_value_only; /* read with values_only too */
} COLUMNS[COLUMN_COUNT] = {
    [COLUMN_SUBJECT] = {"subject_id", KIND_INTEGER, true},
    [COLUMN_TIME] = {"time", KIND_TIME, true},
    [COLUMN_CODE] = {"code", KIND_NAME, true},
    [COLUMN_TEXT] = {"text_value", KIND_TEXT, false},
    [COLUMN_NUMERIC] = {"numeric_value", KIND_FLOAT, true},
    [COLUMN_VALUE] = {"value", KIND_FLOAT, true},
    [COLUMN_UNIT] = {"unit", KIND_NAME, false},
    [COLUMN_AVAILABLE] = {"available_time", KIND_TIME, true},
    [COLUMN_ADMISSION] = {"hadm_id", KIND_INTEGER, true},
    [COLUMN_STAY] = {"stay_id", KIND_INTEGER, true},
    [COLUMN_TABLE] = {"source_table", KIND_NAME, true},
    [COLUMN_ROW] = {"source_row", KIND_INTEGER, true},
    [COLUMN_LINK] = {"link_id", KIND_INTEGER, true},
    [COLUMN_RANK] = {"order_rank", KIND_INTEGER, true},
    [COLUMN_MARKS] = {"marks", KIND_INTEGER, true},
    [COLUMN_PROPERTIES] = {"properties", KIND_TEXT, false},
};

_Static_assert(COLUMN_COUNT <= sizeof((mimic_read_slot *)0)->columns / sizeof(size_t),
               "a slot knows the places of all columns");

void mimic__read_slot_init(mimic_read_slot *slot, mimic_trajectories *reader)
{
    *slot = (mimic_read_slot){.task = {.run = mimic__read_slot_run},
                              .reader = reader,
                              .open_file = SIZE_MAX,
                              .input = {.ctx = reader->ctx, .file = -1}};
    mimic__event_rows_init(&slot->rows, reader->ctx);
    for (size_t i = 0; i < NAMED_COUNT; i++)
        mimic__buffer_init(&slot->numbers[i], reader->ctx);
}

void mimic__read_slot_free(mimic_read_slot *slot)
{
    mimic__read_input_close(&slot->input);
    mimic__event_rows_free(&slot->rows);
    for (size_t i = 0; i < NAMED_COUNT; i++)
        mimic__buffer_free(&slot->numbers[i]);
    mimic__free(slot->reader->ctx, slot->runs);
}

/* ---- columns of a file ---- */

/* The type as which a column is read; false when it is none of the kind. */
static bool type_for(const mimic_ipc_source_field *field, column_kind kind, mimic_type *out_type)
{
    const mimic_type type = field->type;
    const bool is_text = type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL;
    *out_type = type;
    if (field->layout >= MIMIC_IPC_LISTS)
        return false;
    switch (kind) {
    case KIND_INTEGER:
        return type == MIMIC_TYPE_INT64 || type == MIMIC_TYPE_INT32 || type == MIMIC_TYPE_INT16;
    case KIND_TIME:
        return type == MIMIC_TYPE_TIMESTAMP || type == MIMIC_TYPE_TIMESTAMPTZ;
    case KIND_FLOAT:
        return type == MIMIC_TYPE_FLOAT32 || type == MIMIC_TYPE_FLOAT64;
    case KIND_NAME:
        *out_type = MIMIC_TYPE_CATEGORICAL;
        return is_text;
    default:
        *out_type = MIMIC_TYPE_STRING;
        return is_text;
    }
}

static mimic_status fail_column(const mimic_read_slot *slot, const char *what, read_column column,
                                mimic_error *err)
{
    static const char *const KINDS[] = {"integers", "timestamps", "floats", "texts", "texts"};
    return mimic__fail(err, MIMIC_ERR_CORRUPT,
                       "%s is no file of events: %s \"%s\" of %s", slot->input.path, what,
                       COLUMNS[column].name, KINDS[COLUMNS[column].kind]);
}

/* A column that is read, if the file has it. One without values (Arrow's null) is as good as none. */
static mimic_status find_column(const mimic_read_slot *slot, read_column column, size_t *out_field,
                                mimic_type *out_type, mimic_error *err)
{
    const size_t field = mimic__read_input_find(&slot->input, COLUMNS[column].name);
    const bool is_needed = column == COLUMN_SUBJECT || column == COLUMN_CODE;
    *out_field = SIZE_MAX;
    if (field == SIZE_MAX && is_needed)
        return fail_column(slot, "it has no column", column, err);
    if (field == SIZE_MAX ||
        (slot->reader->options.values_only != 0 && !COLUMNS[column].is_value_only))
        return MIMIC_OK;
    const mimic_ipc_source_field *at =
        &mimic__ipc_reader_schema(slot->input.reader)->fields[field];
    if (at->layout == MIMIC_IPC_NULLS && !is_needed)
        return MIMIC_OK;
    if (type_for(at, COLUMNS[column].kind, out_type))
        *out_field = field;
    else if (column < COLUMN_STANDARD)
        return fail_column(slot, "it has another column than", column, err);
    return MIMIC_OK;
}

static mimic_status choose_columns(mimic_read_slot *slot, mimic_error *err)
{
    size_t fields[COLUMN_COUNT];
    mimic_type types[COLUMN_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        /* The value as it was measured stands for the shortened one. */
        const read_column column = i == COLUMN_NUMERIC ? COLUMN_VALUE
                                   : i == COLUMN_VALUE ? COLUMN_NUMERIC
                                                       : (read_column)i;
        slot->columns[column] = SIZE_MAX;
        MIMIC_TRY(find_column(slot, column, &fields[count], &types[count], err));
        if (column == COLUMN_NUMERIC && slot->columns[COLUMN_VALUE] != SIZE_MAX)
            continue;
        if (fields[count] != SIZE_MAX)
            slot->columns[column] = count++;
    }
    return mimic__ipc_reader_choose(slot->input.reader, fields, types, count, err);
}

static mimic_status open_file(mimic_read_slot *slot, mimic_error *err)
{
    if (slot->open_file == slot->file)
        return MIMIC_OK;
    mimic__read_input_close(&slot->input);
    slot->open_file = SIZE_MAX;
    for (size_t i = 0; i < NAMED_COUNT; i++)
        slot->numbers[i].size = 0;
    MIMIC_TRY(mimic__read_input_open(&slot->input, slot->reader->files[slot->file].path,
                                     slot->reader->options.max_batch_bytes, err));
    MIMIC_TRY(choose_columns(slot, err));
    slot->open_file = slot->file;
    return MIMIC_OK;
}

/* ---- values ---- */

static const mimic_column *column_at(const mimic_read_slot *slot, const mimic_batch *batch,
                                     read_column column)
{
    const size_t place = slot->columns[column];
    return place == SIZE_MAX ? NULL : &batch->columns[place];
}

static int64_t integer_at(const mimic_column *column, size_t row)
{
    switch (column->type) {
    case MIMIC_TYPE_INT16:
        return ((const int16_t *)column->values)[row];
    case MIMIC_TYPE_INT32:
        return ((const int32_t *)column->values)[row];
    default:
        return ((const int64_t *)column->values)[row];
    }
}

static void take_integers(const mimic_column *column, size_t rows, int64_t *out)
{
    const bool is_whole = column != NULL && column->validity == NULL;
    if (is_whole && column->type != MIMIC_TYPE_INT16 && column->type != MIMIC_TYPE_INT32) {
        if (rows > 0)
            memcpy(out, column->values, rows * sizeof *out);
        return;
    }
    for (size_t i = 0; i < rows; i++)
        out[i] = column != NULL && mimic_column_is_valid(column, (int64_t)i)
                     ? integer_at(column, i)
                     : MIMIC_EVENT_ABSENT;
}

static void take_floats(const mimic_column *column, size_t rows, double *out)
{
    const double none = (double)__builtin_nanf("");
    for (size_t i = 0; i < rows; i++)
        if (column == NULL || !mimic_column_is_valid(column, (int64_t)i))
            out[i] = none;
        else if (column->type == MIMIC_TYPE_FLOAT32)
            out[i] = (double)((const float *)column->values)[i];
        else
            out[i] = ((const double *)column->values)[i];
}

/* Codes of the file's dictionary; UINT32_MAX for none. */
static void take_names(mimic_read_slot *slot, mimic_read_named named, const mimic_column *column,
                       size_t rows, uint32_t *out)
{
    slot->names[named] = column == NULL ? NULL : column->dictionary;
    const int32_t *codes = column == NULL ? NULL : column->values;
    for (size_t i = 0; i < rows; i++)
        out[i] = column != NULL && mimic_column_is_valid(column, (int64_t)i) ? (uint32_t)codes[i]
                                                                             : UINT32_MAX;
}

/* Returns where the bytes of the texts are. */
static const char *take_texts(const mimic_column *column, size_t rows, int64_t *out)
{
    for (size_t i = 0; i <= rows; i++)
        out[i] = column == NULL ? 0 : column->offsets[i];
    return column == NULL || column->values == NULL ? "" : column->values;
}

static mimic_status take_small(const mimic_read_slot *slot, const mimic_batch *batch, size_t rows,
                               mimic_error *err)
{
    const mimic_column *marks = column_at(slot, batch, COLUMN_MARKS);
    const mimic_column *ranks = column_at(slot, batch, COLUMN_RANK);
    int32_t *out_marks = (int32_t *)(void *)slot->rows.parts[PART_MARKS];
    int16_t *out_ranks = (int16_t *)(void *)slot->rows.parts[PART_RANK];
    for (size_t i = 0; i < rows; i++) {
        const int64_t mark = marks == NULL ? 0 : integer_at(marks, i);
        const int64_t rank = ranks == NULL ? 0 : integer_at(ranks, i);
        if (mark < INT32_MIN || mark > INT32_MAX || rank < INT16_MIN || rank > INT16_MAX)
            return mimic__fail(err, MIMIC_ERR_VALUE, "%s: a rank or mark that is none",
                               slot->input.path);
        out_marks[i] = (int32_t)mark;
        out_ranks[i] = (int16_t)rank;
    }
    return MIMIC_OK;
}

/* Numbers are those of the batch's own dictionary: see slot->names. */
static mimic_status take_tables(mimic_read_slot *slot, const mimic_batch *batch, size_t count,
                                mimic_error *err)
{
    const mimic_column *table = column_at(slot, batch, COLUMN_TABLE);
    uint16_t *tables = (uint16_t *)(void *)slot->rows.parts[PART_TABLE];
    slot->names[NAMED_TABLE] = table == NULL ? NULL : table->dictionary;
    if (table != NULL && table->dictionary->count >= UINT16_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "%s: more than 65,534 source tables",
                           slot->input.path);
    for (size_t i = 0; i < count; i++)
        tables[i] = table != NULL && mimic_column_is_valid(table, (int64_t)i)
                        ? (uint16_t)((const int32_t *)table->values)[i]
                        : UINT16_MAX;
    return MIMIC_OK;
}

static mimic_status take_columns(mimic_read_slot *slot, const mimic_batch *batch, mimic_error *err)
{
    static const struct {
        read_column column;
        mimic_event_part part;
    } INTEGERS[] = {{COLUMN_SUBJECT, PART_SUBJECT}, {COLUMN_TIME, PART_TIME},
                    {COLUMN_AVAILABLE, PART_AVAILABLE}, {COLUMN_ADMISSION, PART_ADMISSION},
                    {COLUMN_STAY, PART_STAY}, {COLUMN_ROW, PART_ROW}, {COLUMN_LINK, PART_LINK}};
    mimic_event_rows *rows = &slot->rows;
    const size_t count = (size_t)batch->row_count;
    const mimic_column *value = column_at(slot, batch, COLUMN_VALUE);
    const mimic_column *subjects = column_at(slot, batch, COLUMN_SUBJECT);
    const mimic_column *codes = column_at(slot, batch, COLUMN_CODE);
    if (count > slot->reader->options.max_batch_bytes / mimic__event_rows_width())
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "%s, record batch %zu: its %zu events take more than %llu bytes",
                           slot->input.path, slot->batch + 1, count,
                           (unsigned long long)slot->reader->options.max_batch_bytes);
    if (!mimic__event_rows_reserve(rows, count))
        return mimic__fail_memory(err);
    rows->count = count;
    if (subjects->null_count > 0 || codes->null_count > 0)
        return mimic__fail(err, MIMIC_ERR_VALUE, "%s: an event without a %s", slot->input.path,
                           subjects->null_count > 0 ? "subject_id" : "code");
    for (size_t i = 0; i < sizeof INTEGERS / sizeof INTEGERS[0]; i++)
        take_integers(column_at(slot, batch, INTEGERS[i].column), count,
                      mimic__event_rows_int64(rows, INTEGERS[i].part));
    take_floats(value != NULL ? value : column_at(slot, batch, COLUMN_NUMERIC), count,
                (double *)(void *)rows->parts[PART_VALUE]);
    take_names(slot, NAMED_CODE, codes, count, (uint32_t *)(void *)rows->parts[PART_CODE]);
    take_names(slot, NAMED_UNIT, column_at(slot, batch, COLUMN_UNIT), count,
               (uint32_t *)(void *)rows->parts[PART_UNIT]);
    MIMIC_TRY(take_tables(slot, batch, count, err));
    rows->text = take_texts(column_at(slot, batch, COLUMN_TEXT), count,
                            mimic__event_rows_int64(rows, PART_TEXT));
    rows->properties = take_texts(column_at(slot, batch, COLUMN_PROPERTIES), count,
                                  mimic__event_rows_int64(rows, PART_PROPERTIES));
    return take_small(slot, batch, count, err);
}

/* ---- order ---- */

static mimic_status fail_order(const mimic_read_slot *slot, size_t row, const char *what,
                               mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_CORRUPT,
                       "%s, record batch %zu, row %zu: %s %lld %s", slot->input.path,
                       slot->batch + 1, row + 1, what,
                       (long long)mimic__event_rows_int64(&slot->rows, PART_SUBJECT)[row],
                       "is out of order; events must stand by ascending subject, then time");
}

static bool add_run(mimic_read_slot *slot, int64_t subject, size_t first)
{
    mimic_read_run *runs = mimic__array_grow(slot->reader->ctx, slot->runs, slot->run_count,
                                             &slot->run_capacity, sizeof *runs);
    if (runs == NULL)
        return false;
    slot->runs = runs;
    runs[slot->run_count++] = (mimic_read_run){subject, first, 0};
    return true;
}

/* Finds the runs. No time stands before every time. */
static mimic_status find_runs(mimic_read_slot *slot, mimic_error *err)
{
    const size_t count = slot->rows.count;
    const int64_t *subjects = mimic__event_rows_int64(&slot->rows, PART_SUBJECT);
    const int64_t *times = mimic__event_rows_int64(&slot->rows, PART_TIME);
    slot->run_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && subjects[i] == subjects[i - 1]) {
            if (times[i] < times[i - 1])
                return fail_order(slot, i, "an event of subject", err);
            continue;
        }
        if (i > 0 && subjects[i] < subjects[i - 1])
            return fail_order(slot, i, "subject", err);
        if (slot->run_count > 0)
            slot->runs[slot->run_count - 1].count = i - slot->runs[slot->run_count - 1].first;
        if (!add_run(slot, subjects[i], i))
            return mimic__fail_memory(err);
    }
    if (slot->run_count > 0)
        slot->runs[slot->run_count - 1].count = count - slot->runs[slot->run_count - 1].first;
    return MIMIC_OK;
}

static mimic_status decode(mimic_read_slot *slot, mimic_error *err)
{
    const mimic_batch *batch = NULL;
    MIMIC_TRY(open_file(slot, err));
    mimic__ipc_reader_go_to(slot->input.reader, slot->batch);
    const mimic_status status = mimic__ipc_reader_next(slot->input.reader, &batch, err);
    if (status == MIMIC_END)
        return mimic__fail(err, MIMIC_ERR_STATE, "%s was replaced while it was read",
                           slot->input.path);
    MIMIC_TRY(status);
    MIMIC_TRY(take_columns(slot, batch, err));
    return find_runs(slot, err);
}

void mimic__read_slot_run(mimic_task *task)
{
    mimic_read_slot *slot = (mimic_read_slot *)task;
    slot->error = (mimic_error)MIMIC_ERROR_INIT;
    slot->status = decode(slot, &slot->error);
}

/* ---- numbers ---- */

static mimic_status learn_names(mimic_read_slot *slot, mimic_read_named named, mimic_error *err)
{
    const mimic_dictionary *texts = slot->names[named];
    mimic_buffer *numbers = &slot->numbers[named];
    mimic_read_names *names = &slot->reader->names[named];
    const size_t count = texts == NULL ? 0 : (size_t)texts->count;
    for (size_t i = numbers->size / sizeof(uint32_t); i < count; i++) {
        const int32_t start = texts->offsets[i];
        const uint32_t number = mimic__read_names_add(
            names, texts->bytes + start, (size_t)(texts->offsets[i + 1] - start));
        mimic__buffer_append(numbers, &number, sizeof number);
        if (number == UINT32_MAX || numbers->failed)
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}

mimic_status mimic__read_slot_number(mimic_read_slot *slot, mimic_error *err)
{
    const size_t count = slot->rows.count;
    for (size_t i = 0; i < NAMED_COUNT; i++)
        MIMIC_TRY(learn_names(slot, (mimic_read_named)i, err));
    if (mimic__read_names_at(&slot->reader->names[NAMED_TABLE], UINT16_MAX) != NULL)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "%s: more than 65,534 source tables",
                           slot->reader->path);
    const uint32_t *code_numbers = (const uint32_t *)(const void *)slot->numbers[NAMED_CODE].data;
    const uint32_t *unit_numbers = (const uint32_t *)(const void *)slot->numbers[NAMED_UNIT].data;
    const uint32_t *table_numbers =
        (const uint32_t *)(const void *)slot->numbers[NAMED_TABLE].data;
    uint32_t *codes = (uint32_t *)(void *)slot->rows.parts[PART_CODE];
    uint32_t *units = (uint32_t *)(void *)slot->rows.parts[PART_UNIT];
    uint16_t *tables = (uint16_t *)(void *)slot->rows.parts[PART_TABLE];
    for (size_t i = 0; i < count; i++)
        codes[i] = code_numbers[codes[i]];
    for (size_t i = 0; i < count; i++)
        if (units[i] != UINT32_MAX)
            units[i] = unit_numbers[units[i]];
    for (size_t i = 0; i < count; i++)
        if (tables[i] != UINT16_MAX)
            tables[i] = (uint16_t)table_numbers[tables[i]];
    return MIMIC_OK;
}
