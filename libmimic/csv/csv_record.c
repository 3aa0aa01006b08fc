/*
 * The record checker: a block of one record, made in memory of its own, through the coercion plan that
 * the reader uses. Texts are laid side by side, a byte between them, in a dialect without quotes: each
 * is taken as it stands. An empty text is the exception, which only quotes tell from no value; the quote
 * is a byte that no UTF-8 text begins with.
 */
#include <string.h>

#include <mimic/record.h>

#include "base/error.h"
#include "base/options.h"
#include "base/utf8.h"
#include "csv/csv_reader_internal.h"

#define MESSAGE_BYTES 384
#define CELL_QUOTE ((char)0xff)
#define FIRST_BYTES ((size_t)1024)

struct mimic_record_checker {
    const mimic_context *ctx;
    mimic_arena arena;
    const mimic_table *table;
    mimic_csv_options options;
    csv_dialect dialect;
    const char **names; /* of the fields of a record */
    size_t field_count;
    size_t *fields; /* one a column of the table; SIZE_MAX = the record has not that */
    uint8_t *is_null; /* one a field of the record, of cells without a value */
    uint32_t *marks;
    mimic_coerce_plan *plan;
    mimic_coerce_memory *memory;
    mimic_row_faults faults;
    mimic_column *columns;
    mimic_batch batch;
    bool is_good;     /* the last record, */
    bool is_finished; /* and it is in `batch` */
    bool is_part;     /* the block holds the beginning of a line that was too long */
    int64_t record;   /* number of the last one */
    int64_t good_rows;
    char *block; /* padding, bytes of the record, padding */
    size_t capacity;
    size_t size;
    char message[MESSAGE_BYTES];
};

/* Why a record is none. */
typedef struct record_fault {
    mimic_reject_code code;
    size_t field;  /* of the record; SIZE_MAX = the record as a whole */
    size_t column; /* of the plan; SIZE_MAX = not found by coercion */
    size_t found_fields;
} record_fault;

static char *bytes_of(const mimic_record_checker *checker)
{
    return checker->block + MIMIC_FIELD_INDEX_PADDING;
}

/* Room for `size` bytes, of which nothing is kept. */
static bool reserve(mimic_record_checker *checker, size_t size)
{
    if (size <= checker->capacity)
        return true;
    /* Where there is no more memory the checker goes on with what it has. */
    const size_t capacity = size + size / 2;
    char *const block =
        mimic__alloc_zeroed(checker->ctx, capacity + 2 * MIMIC_FIELD_INDEX_PADDING, 1);
    if (block == NULL)
        return false;
    mimic__free(checker->ctx, checker->block);
    checker->block = block;
    checker->capacity = capacity;
    return true;
}

/* ---- opening ---- */

static mimic_status take_names(mimic_record_checker *checker, mimic_error *err)
{
    const mimic_csv_options *const options = &checker->options;
    const mimic_table *const table = checker->table;
    const bool is_listed = options->columns != NULL;
    const size_t count = is_listed ? options->column_count : table->field_count;
    checker->field_count = count;
    checker->names = mimic__arena_array(&checker->arena, count + 1, sizeof *checker->names);
    checker->is_null = mimic__arena_array(&checker->arena, count + 1, sizeof *checker->is_null);
    checker->marks = mimic__arena_array(&checker->arena, count + 2, sizeof *checker->marks);
    checker->fields =
        mimic__arena_array(&checker->arena, table->field_count + 1, sizeof *checker->fields);
    checker->columns =
        mimic__arena_array(&checker->arena, table->field_count + 1, sizeof *checker->columns);
    if (checker->names == NULL || checker->is_null == NULL || checker->marks == NULL ||
        checker->fields == NULL || checker->columns == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < table->field_count; i++)
        checker->fields[i] = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        const int64_t found =
            is_listed ? mimic_table_find_field(table, options->columns[i]) : (int64_t)i;
        if (found < 0)
            return mimic__fail_no_column(checker->ctx, table, options->columns[i], err);
        if (checker->fields[found] != SIZE_MAX)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "column \"%s\" is chosen twice",
                               options->columns[i]);
        checker->fields[found] = i;
        checker->names[i] = table->fields[found].name;
    }
    for (size_t i = 0; i < table->field_count; i++)
        if (checker->fields[i] == SIZE_MAX && table->fields[i].is_required)
            return mimic__fail(err, MIMIC_ERR_DRIFT,
                               "column \"%s\" is required, but no field of the record",
                               table->fields[i].name);
    return MIMIC_OK;
}

static mimic_status open_inner(mimic_record_checker *checker, mimic_error *err)
{
    const mimic_csv_options *const options = &checker->options;
    if (options->filter_count > 0 || options->text_filter_count > 0 || options->limit != 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "a record checker takes no filters and no limit");
    MIMIC_TRY(mimic_csv__options_complete(&checker->options, checker->table, err));
    checker->dialect = mimic_csv__options_dialect(options);
    MIMIC_TRY(take_names(checker, err));
    const mimic_coerce_options coerce_options =
        mimic_csv__coerce_options(options, checker->table, MIMIC_UNIQUE_NONE);
    MIMIC_TRY(mimic__coerce_plan_new(checker->ctx, checker->table, &coerce_options, &checker->plan,
                                     err));
    MIMIC_TRY(mimic__coerce_memory_new(checker->ctx, checker->table, &coerce_options,
                                       &checker->memory, err));
    return reserve(checker, FIRST_BYTES) ? MIMIC_OK : mimic__fail_memory(err);
}

mimic_status mimic_record_checker_new(const mimic_context *ctx, const mimic_table *table,
                                      const mimic_csv_options *options,
                                      mimic_record_checker **out_checker, mimic_error *err)
{
    mimic_csv_options chosen = MIMIC_CSV_OPTIONS_INIT;
    if (out_checker != NULL)
        *out_checker = NULL;
    if (ctx == NULL || table == NULL || out_checker == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "ctx, table or out_checker is NULL");
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_csv_options", err));
    mimic_record_checker *checker = mimic__alloc_zeroed(ctx, 1, sizeof *checker);
    if (checker == NULL)
        return mimic__fail_memory(err);
    checker->ctx = ctx;
    checker->table = table;
    checker->options = chosen;
    mimic__arena_init(&checker->arena, ctx);
    mimic__row_faults_init(&checker->faults, ctx);
    const mimic_status status = open_inner(checker, err);
    if (status != MIMIC_OK)
        mimic_record_checker_free(checker);
    else
        *out_checker = checker;
    return status;
}

void mimic_record_checker_free(mimic_record_checker *checker)
{
    if (checker == NULL)
        return;
    mimic__coerce_plan_free(checker->plan);
    mimic__coerce_memory_free(checker->memory);
    mimic__row_faults_free(&checker->faults);
    mimic__free(checker->ctx, checker->block);
    mimic__arena_free(&checker->arena);
    mimic__free(checker->ctx, checker);
}

/* ---- what is told of a reject ---- */

/* The bytes of a field; "" of a cell without a value. */
static const char *field_bytes(const mimic_record_checker *checker, size_t field, size_t *out_size)
{
    const uint32_t start = checker->marks[field] + 1;
    const char *const bytes = bytes_of(checker) + start;
    *out_size = checker->marks[field + 1] - start;
    if (*out_size == 2 && bytes[0] == CELL_QUOTE)
        *out_size = 0;
    return bytes;
}

static void write_message(mimic_record_checker *checker, const record_fault *fault, bool is_line)
{
    char *const out = checker->message;
    size_t size = 0;
    if (fault->column != SIZE_MAX) {
        const char *const value =
            fault->field == SIZE_MAX ? "" : field_bytes(checker, fault->field, &size);
        mimic__coerce_message(checker->plan, fault->column, fault->code, value, size, out,
                              MESSAGE_BYTES);
        return;
    }
    const bool is_text = !is_line && fault->field != SIZE_MAX; /* NUL or UTF-8 in a cell */
    const csv_bad_record bad = {fault->code,
                                &checker->dialect,
                                is_text ? field_bytes(checker, fault->field, &size)
                                        : bytes_of(checker),
                                is_text ? size : checker->size,
                                fault->found_fields,
                                checker->field_count,
                                checker->options.max_record_bytes};
    mimic_csv__describe_record(&bad, out, MESSAGE_BYTES);
}

/* The marks of empty texts become quotes that can be shown. */
static void show_empty(mimic_record_checker *checker)
{
    char *const bytes = bytes_of(checker);
    for (size_t i = 0; i < checker->field_count && checker->size > 0; i++) {
        const uint32_t start = checker->marks[i] + 1;
        if (checker->marks[i + 1] - start == 2 && bytes[start] == CELL_QUOTE &&
            bytes[start + 1] == CELL_QUOTE && checker->is_null[i] == 0)
            memset(bytes + start, '"', 2);
    }
}

static mimic_status tell(mimic_record_checker *checker, const record_fault *fault, bool is_line,
                         mimic_reject *out_reject, mimic_error *err)
{
    const char *const column = fault->column != SIZE_MAX ? checker->table->fields[fault->column].name
                               : fault->field < checker->field_count ? checker->names[fault->field]
                                                                     : "";
    if (out_reject == NULL && err == NULL)
        return MIMIC_ERR_VALUE;
    write_message(checker, fault, is_line);
    if (err != NULL) {
        mimic__fail(err, MIMIC_ERR_VALUE, "%s%s%s", column, column[0] == '\0' ? "" : ": ",
                    checker->message);
        mimic__error_place(err, "", checker->record, -1, -1, column);
    }
    if (out_reject == NULL)
        return MIMIC_ERR_VALUE;
    if (!is_line)
        show_empty(checker);
    mimic_reject reject = {.struct_size = sizeof reject,
                           .code = fault->code,
                           .source = "",
                           .record = checker->record,
                           .line = -1,
                           .byte_offset = -1,
                           .column = column,
                           .message = checker->message,
                           .raw = bytes_of(checker)};
    reject.raw_size = mimic_csv__raw_size(reject.raw, checker->size, checker->options.max_raw_bytes,
                                          &reject.raw_is_cut);
    reject.raw_is_cut |= checker->is_part;
    return MIMIC_VIEW_COPY(out_reject, reject) == MIMIC_OK
               ? MIMIC_ERR_VALUE
               : mimic__fail(err, MIMIC_ERR_ARGUMENT,
                             "out_reject does not begin with MIMIC_REJECT_INIT");
}

/* ---- coercion ---- */

/* One column after the other, until one is faulty. */
static mimic_status coerce(mimic_record_checker *checker, const mimic_field_index *index,
                           record_fault *fault, mimic_error *err)
{
    mimic_row_faults *const faults = &checker->faults;
    if (!mimic__row_faults_reset(faults, 1))
        return mimic__fail_memory(err);
    for (size_t i = 0; i < checker->table->field_count; i++) {
        const size_t field = checker->fields[i];
        const bool is_null = field == SIZE_MAX || checker->is_null[field] != 0;
        MIMIC_TRY(mimic__coerce_column(checker->plan, i, index, is_null ? SIZE_MAX : field, faults,
                                       err));
        if (faults->count > 0) {
            *fault = (record_fault){faults->faults[0].code, field, i, 0};
            return MIMIC_OK;
        }
    }
    return mimic__coerce_memory_settle(checker->memory, checker->plan, 1, faults, err);
}

static mimic_status judge(mimic_record_checker *checker, bool is_line, record_fault *fault,
                          mimic_reject *out_reject, mimic_error *err)
{
    if (fault->code == 0) {
        const mimic_field_index index = {bytes_of(checker),
                                         checker->marks,
                                         checker->field_count + 1,
                                         1,
                                         is_line ? checker->dialect.quote : CELL_QUOTE,
                                         is_line ? checker->dialect.escape : (char)0};
        MIMIC_TRY(coerce(checker, &index, fault, err));
    }
    if (fault->code != 0)
        return tell(checker, fault, is_line, out_reject, err);
    checker->is_good = true;
    checker->good_rows++;
    return MIMIC_OK;
}

static void begin(mimic_record_checker *checker)
{
    checker->record++;
    checker->is_good = false;
    checker->is_finished = false;
    checker->is_part = false;
    checker->size = 0;
}

const mimic_batch *mimic_record_batch(mimic_record_checker *checker)
{
    size_t rows = 0;
    if (checker == NULL || !checker->is_good)
        return NULL;
    if (!checker->is_finished) {
        if (mimic__coerce_plan_finish(checker->plan, 1, NULL, checker->columns, &rows, NULL) !=
            MIMIC_OK)
            return NULL;
        checker->batch = (mimic_batch){.row_count = 1,
                                       .column_count = checker->table->field_count,
                                       .columns = checker->columns,
                                       .table = checker->table,
                                       .first_record = checker->record,
                                       .first_row = checker->good_rows - 1};
        checker->is_finished = true;
    }
    return &checker->batch;
}

/* ---- a record as cells ---- */

/* Texts are short as a rule; a call for each would take longer than the copy. */
static inline void copy_text(char *to, const char *from, size_t size)
{
    if (size > 16) {
        memcpy(to, from, size);
    } else if (size >= 8) {
        uint64_t head;
        uint64_t tail;
        memcpy(&head, from, 8);
        memcpy(&tail, from + size - 8, 8);
        memcpy(to, &head, 8);
        memcpy(to + size - 8, &tail, 8);
    } else if (size >= 4) {
        uint32_t head;
        uint32_t tail;
        memcpy(&head, from, 4);
        memcpy(&tail, from + size - 4, 4);
        memcpy(to, &head, 4);
        memcpy(to + size - 4, &tail, 4);
    } else {
        for (size_t i = 0; i < size; i++)
            to[i] = from[i];
    }
}

/* Lays the cells side by side. Empty texts get their quotes later: these are no UTF-8. */
static bool lay_out(mimic_record_checker *checker, const mimic_cell *cells, bool *out_has_empty)
{
    size_t size = 0;
    for (size_t i = 0; i < checker->field_count; i++)
        size += cells[i].text == NULL ? 1 : cells[i].size + 3; /* below 2^31: looked at before */
    if (!reserve(checker, size))
        return false;
    char *const bytes = bytes_of(checker);
    char *at = bytes;
    *out_has_empty = false;
    checker->marks[0] = UINT32_MAX;
    for (size_t i = 0; i < checker->field_count; i++) {
        const bool is_null = cells[i].text == NULL;
        const bool is_empty = !is_null && cells[i].size == 0;
        checker->is_null[i] = is_null;
        *out_has_empty |= is_empty;
        if (is_empty)
            memset(at, '"', 2);
        else if (!is_null)
            copy_text(at, cells[i].text, cells[i].size);
        at += is_null ? 0 : is_empty ? 2 : cells[i].size;
        checker->marks[i + 1] = (uint32_t)(at - bytes);
        *at++ = checker->dialect.delimiter;
    }
    checker->size = (size_t)(at - bytes) - (checker->field_count > 0);
    return true;
}

/* True when there is neither a NUL byte nor one above 127; the bytes behind the record do not count. */
static bool is_ascii(const char *bytes, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t any = 0;
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        any |= word | (word - ones);
    }
    for (; i < size; i++)
        any |= (uint64_t)(unsigned char)bytes[i] | ((uint64_t)(unsigned char)bytes[i] - 1);
    return (any & (ones << 7)) == 0;
}

/* NUL bytes first, as in a block. */
static void find_no_text(const mimic_record_checker *checker, const mimic_cell *cells,
                         record_fault *fault)
{
    for (size_t i = 0; i < checker->field_count && fault->code == 0; i++)
        if (cells[i].text != NULL && memchr(cells[i].text, 0, cells[i].size) != NULL)
            *fault = (record_fault){MIMIC_REJECT_NUL, i, SIZE_MAX, 0};
    for (size_t i = 0; i < checker->field_count && fault->code == 0; i++)
        if (cells[i].text != NULL &&
            mimic__utf8_check(cells[i].text, cells[i].size) != cells[i].size)
            *fault = (record_fault){MIMIC_REJECT_UTF8, i, SIZE_MAX, 0};
}

static void quote_empty(mimic_record_checker *checker, const mimic_cell *cells)
{
    for (size_t i = 0; i < checker->field_count; i++)
        if (cells[i].text != NULL && cells[i].size == 0)
            memset(bytes_of(checker) + (uint32_t)(checker->marks[i] + 1), CELL_QUOTE, 2);
}

static void check_sizes(const mimic_record_checker *checker, const mimic_cell *cells, size_t count,
                        record_fault *fault)
{
    const uint64_t limit = checker->options.max_record_bytes;
    uint64_t size = 0;
    for (size_t i = 0; i < count && size <= limit; i++)
        size += cells[i].text == NULL ? 1 : (cells[i].size < limit ? cells[i].size : limit) + 1;
    if (size > limit)
        fault->code = MIMIC_REJECT_OVERSIZE;
    else if (count != checker->field_count)
        *fault = (record_fault){MIMIC_REJECT_FIELD_COUNT, SIZE_MAX, SIZE_MAX, count};
}

mimic_status mimic_record_check(mimic_record_checker *checker, const mimic_cell *cells,
                                size_t cell_count, mimic_reject *out_reject, mimic_error *err)
{
    record_fault fault = {0, SIZE_MAX, SIZE_MAX, 0};
    bool has_empty = false;
    if (checker == NULL || (cells == NULL && cell_count > 0))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "checker or cells is NULL");
    begin(checker);
    check_sizes(checker, cells, cell_count, &fault);
    if (fault.code == 0) {
        if (!lay_out(checker, cells, &has_empty))
            return mimic__fail_memory(err);
        if (!is_ascii(bytes_of(checker), checker->size))
            find_no_text(checker, cells, &fault);
        if (has_empty)
            quote_empty(checker, cells);
    }
    return judge(checker, false, &fault, out_reject, err);
}

/* ---- a record as a line ---- */

static size_t without_line_end(const char *line, size_t size)
{
    if (size > 0 && line[size - 1] == '\n')
        return size - 1 - (size > 1 && line[size - 2] == '\r');
    return size > 0 && line[size - 1] == '\r' ? size - 1 : size;
}

/* The fields of the record that the block holds. */
static mimic_status parse_line(mimic_record_checker *checker, record_fault *fault, mimic_error *err)
{
    const char *const bytes = bytes_of(checker);
    csv_parse record;
    checker->marks[0] = UINT32_MAX;
    const csv_parse_status status =
        mimic_csv__parse_record(&checker->dialect, bytes, checker->size, checker->marks + 1,
                                checker->field_count, &record);
    if (checker->is_part && status != CSV_FAULT && status != CSV_RECORD) {
        fault->code = MIMIC_REJECT_OVERSIZE;
        return MIMIC_OK;
    }
    if (status == CSV_COMMENT)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "the line is a comment, and no record");
    if (status == CSV_RECORD && record.end != checker->size)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "the line holds more than one record");
    if (status != CSV_RECORD) {
        fault->code = status == CSV_FAULT ? record.fault : MIMIC_REJECT_UNCLOSED_QUOTE;
        fault->field = record.field_count - 1;
        return MIMIC_OK;
    }
    if (!is_ascii(bytes, record.content_end)) {
        if (memchr(bytes, 0, record.content_end) != NULL)
            fault->code = MIMIC_REJECT_NUL;
        else if (mimic__utf8_check(bytes, record.content_end) != record.content_end)
            fault->code = MIMIC_REJECT_UTF8;
    }
    if (fault->code == 0 && record.field_count != checker->field_count) {
        fault->code = record.content_end == 0 ? MIMIC_REJECT_EMPTY_LINE : MIMIC_REJECT_FIELD_COUNT;
        fault->found_fields = record.field_count;
    }
    return MIMIC_OK;
}

mimic_status mimic_record_check_line(mimic_record_checker *checker, const char *line, size_t size,
                                     mimic_reject *out_reject, mimic_error *err)
{
    record_fault fault = {0, SIZE_MAX, SIZE_MAX, 0};
    if (checker == NULL || (line == NULL && size > 0))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "checker or line is NULL");
    begin(checker);
    const size_t content = without_line_end(line, size);
    /* Of a line that is too long the reader sees the beginning. */
    const uint64_t limit = checker->options.max_record_bytes;
    checker->is_part = content >= limit;
    const size_t taken = checker->is_part ? (size_t)limit : content;
    if (!reserve(checker, taken + 1))
        return mimic__fail_memory(err);
    if (taken > 0)
        memcpy(bytes_of(checker), line, taken);
    bytes_of(checker)[taken] = '\n';
    checker->size = taken + !checker->is_part;
    memset(checker->is_null, 0, checker->field_count);
    MIMIC_TRY(parse_line(checker, &fault, err));
    return judge(checker, true, &fault, out_reject, err);
}
