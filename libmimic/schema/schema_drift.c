/*
 * Drift: what a file's header has that its table has not, and the other way round. Names are
 * matched without regard to case and never by position; what that means for the load (ignored,
 * NULL, refused) is the caller's policy, and the messages say only what is there.
 */
#include "schema/schema_drift.h"

#include "base/error.h"
#include "base/hashmap.h"
#include "base/options.h"

struct mimic_drift {
    mimic_arena arena;
    const char *label; /* of the table */
    mimic_drift_item *items;
    size_t count;
    size_t capacity;
};

#define NOT_THERE SIZE_MAX

/* A header and a table, matched. */
typedef struct matching {
    const mimic_table *table;
    const char *const *header;
    size_t header_count;
    size_t *field_of_column; /* NOT_THERE = unknown */
    size_t *column_of_field; /* NOT_THERE = missing */
} matching;

/* ---- items ---- */

static mimic_status add_item(mimic_drift *drift, mimic_drift_kind kind, const char *column,
                             size_t file_position, size_t schema_position, const char *message,
                             mimic_error *err)
{
    /* The texts outlive the header and come from the arena, as the message does. */
    const char *name = mimic__arena_strdup(&drift->arena, column);
    if (name == NULL || message == NULL)
        return mimic__fail_memory(err);
    if (drift->count == drift->capacity) {
        const size_t capacity = drift->capacity * 2 + 8;
        mimic_drift_item *items = mimic__arena_array(&drift->arena, capacity, sizeof *items);
        if (items == NULL)
            return mimic__fail_memory(err);
        if (drift->count > 0)
            memcpy(items, drift->items, drift->count * sizeof *items);
        drift->items = items;
        drift->capacity = capacity;
    }
    drift->items[drift->count++] = (mimic_drift_item){
        .struct_size = (uint32_t)sizeof(mimic_drift_item),
        .kind = kind,
        .column = name,
        .file_position = file_position == NOT_THERE ? -1 : (int64_t)file_position,
        .schema_position = schema_position == NOT_THERE ? -1 : (int64_t)schema_position,
        .message = message,
    };
    return MIMIC_OK;
}

static mimic_status add_unknown(mimic_drift *drift, const matching *match, size_t column,
                                mimic_error *err)
{
    const char *name = match->header[column];
    const char *message =
        name[0] == '\0'
            ? mimic__arena_format(&drift->arena, "column %zu has no name: ignored", column + 1)
            : mimic__arena_format(&drift->arena,
                                  "column \"%s\" is not in %s: ignored; add it to the schema to "
                                  "keep it",
                                  name, drift->label);
    return add_item(drift, MIMIC_DRIFT_UNKNOWN, name, column, NOT_THERE, message, err);
}

static mimic_status add_renamed(mimic_drift *drift, const matching *match, size_t column,
                                mimic_error *err)
{
    const size_t field = match->field_of_column[column];
    const char *message = mimic__arena_format(
        &drift->arena, "column \"%s\" is written \"%s\" in %s: taken as the same",
        match->header[column], match->table->fields[field].name, drift->label);
    return add_item(drift, MIMIC_DRIFT_RENAMED_CASE, match->header[column], column, field, message,
                    err);
}

static mimic_status add_all_renamed(mimic_drift *drift, const matching *match, size_t first,
                                    size_t count, mimic_error *err)
{
    const size_t field = match->field_of_column[first];
    const char *message = mimic__arena_format(
        &drift->arena,
        "all %zu known columns are written in another case than in %s (\"%s\" for \"%s\" …): taken "
        "as the same",
        count, drift->label, match->header[first], match->table->fields[field].name);
    return add_item(drift, MIMIC_DRIFT_RENAMED_CASE, "", first, field, message, err);
}

static mimic_status add_reordered(mimic_drift *drift, const matching *match, size_t column,
                                  size_t expected_field, mimic_error *err)
{
    const char *message = mimic__arena_format(
        &drift->arena,
        "the columns are in another order than in %s: column %zu is \"%s\" where \"%s\" was "
        "expected; they are matched by name",
        drift->label, column + 1, match->header[column], match->table->fields[expected_field].name);
    return add_item(drift, MIMIC_DRIFT_REORDERED, "", column, match->field_of_column[column],
                    message, err);
}

static mimic_status add_missing(mimic_drift *drift, const matching *match, size_t field,
                                mimic_error *err)
{
    const mimic_field *missing = &match->table->fields[field];
    if (missing->is_required)
        return add_item(drift, MIMIC_DRIFT_MISSING_REQUIRED, missing->name, NOT_THERE, field,
                        mimic__arena_format(&drift->arena,
                                            "column \"%s\" is not in the file, and %s requires it; "
                                            "check that the file belongs to this table and release",
                                            missing->name, drift->label),
                        err);
    return add_item(drift, MIMIC_DRIFT_MISSING, missing->name, NOT_THERE, field,
                    mimic__arena_format(&drift->arena,
                                        "column \"%s\" of %s is not in the file: NULL in every row",
                                        missing->name, drift->label),
                    err);
}

mimic_status mimic__drift_add_release(mimic_drift *drift, const mimic_table *other,
                                      mimic_error *err)
{
    const char *label = mimic__table_label(&drift->arena, other);
    if (label == NULL)
        return mimic__fail_memory(err);
    return add_item(drift, MIMIC_DRIFT_RELEASE, "", NOT_THERE, NOT_THERE,
                    mimic__arena_format(&drift->arena,
                                        "the header is that of %s rather than of %s; name the "
                                        "release if that is what it is",
                                        label, drift->label),
                    err);
}

/* ---- matching ---- */

static mimic_status fail_double(const matching *match, size_t first, size_t second,
                                mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_CSV_HEADER,
                       "the header names \"%s\" twice (columns %zu and %zu); names must differ by "
                       "more than case",
                       match->header[second], first + 1, second + 1);
}

/* Fills `columns` so that its numbers are positions in the header. */
static mimic_status index_header(const matching *match, mimic_buffer *folded,
                                 mimic_hashmap *columns, mimic_error *err)
{
    for (size_t column = 0; column < match->header_count; column++) {
        folded->size = 0;
        mimic__name_fold(folded, match->header[column]);
        /* Columns without a name may be several; the NUL keeps them apart from every name. */
        if (folded->size == 0 && !folded->failed) {
            mimic__buffer_byte(folded, '\0');
            mimic__buffer_format(folded, "%zu", column);
        }
        const uint32_t known = columns->count;
        const uint32_t number =
            folded->failed ? MIMIC_HASHMAP_NONE
                           : mimic__hashmap_insert(columns, folded->data, folded->size);
        if (number == MIMIC_HASHMAP_NONE)
            return mimic__fail_memory(err);
        if (columns->count == known)
            return fail_double(match, number, column, err);
    }
    return MIMIC_OK;
}

static mimic_status match_fields(const matching *match, mimic_buffer *folded,
                                 const mimic_hashmap *columns, mimic_error *err)
{
    for (size_t column = 0; column < match->header_count; column++)
        match->field_of_column[column] = NOT_THERE;
    for (size_t field = 0; field < match->table->field_count; field++) {
        folded->size = 0;
        mimic__name_fold(folded, match->table->fields[field].name);
        if (folded->failed)
            return mimic__fail_memory(err);
        const uint32_t column = mimic__hashmap_find(columns, folded->data, folded->size);
        match->column_of_field[field] = column == MIMIC_HASHMAP_NONE ? NOT_THERE : column;
        if (column != MIMIC_HASHMAP_NONE)
            match->field_of_column[column] = field;
    }
    return MIMIC_OK;
}

static mimic_status match_header(const mimic_context *ctx, const matching *match, mimic_error *err)
{
    mimic_hashmap columns;
    mimic_buffer folded;
    mimic__hashmap_init(&columns, ctx);
    mimic__buffer_init(&folded, ctx);
    mimic_status status = index_header(match, &folded, &columns, err);
    if (status == MIMIC_OK)
        status = match_fields(match, &folded, &columns, err);
    mimic__buffer_free(&folded);
    mimic__hashmap_free(&columns);
    return status;
}

/* ---- findings ---- */

/* The first column that is not where the order of the schema has it; NOT_THERE when none is. */
static size_t find_reordered(const matching *match, size_t *out_expected_field)
{
    size_t field = 0;
    for (size_t column = 0; column < match->header_count; column++) {
        if (match->field_of_column[column] == NOT_THERE)
            continue;
        while (match->column_of_field[field] == NOT_THERE)
            field++;
        if (match->field_of_column[column] != field) {
            *out_expected_field = field;
            return column;
        }
        field++;
    }
    return NOT_THERE;
}

static bool is_renamed(const matching *match, size_t column)
{
    const size_t field = match->field_of_column[column];
    return field != NOT_THERE &&
           strcmp(match->header[column], match->table->fields[field].name) != 0;
}

/* True when no known column is spelled as in the schema: one finding says it for all. */
static bool all_renamed(const matching *match, size_t *out_first, size_t *out_count)
{
    *out_count = 0;
    for (size_t column = match->header_count; column-- > 0;) {
        if (match->field_of_column[column] == NOT_THERE)
            continue;
        if (!is_renamed(match, column))
            return false;
        *out_first = column;
        ++*out_count;
    }
    return *out_count > 1;
}

static mimic_status collect(mimic_drift *drift, const matching *match, mimic_error *err)
{
    size_t expected_field = 0;
    size_t first_renamed = 0;
    size_t renamed_count = 0;
    const size_t reordered = find_reordered(match, &expected_field);
    const bool is_other_case = all_renamed(match, &first_renamed, &renamed_count);
    for (size_t column = 0; column < match->header_count; column++) {
        if (match->field_of_column[column] == NOT_THERE)
            MIMIC_TRY(add_unknown(drift, match, column, err));
        else if (is_other_case && column == first_renamed)
            MIMIC_TRY(add_all_renamed(drift, match, column, renamed_count, err));
        else if (!is_other_case && is_renamed(match, column))
            MIMIC_TRY(add_renamed(drift, match, column, err));
        if (column == reordered)
            MIMIC_TRY(add_reordered(drift, match, column, expected_field, err));
    }
    for (size_t field = 0; field < match->table->field_count; field++)
        if (match->column_of_field[field] == NOT_THERE)
            MIMIC_TRY(add_missing(drift, match, field, err));
    return MIMIC_OK;
}

static mimic_status compare(mimic_drift *drift, matching *match, mimic_error *err)
{
    mimic_arena *arena = &drift->arena;
    drift->label = mimic__table_label(arena, match->table);
    match->field_of_column = mimic__arena_array(arena, match->header_count, sizeof(size_t));
    match->column_of_field = mimic__arena_array(arena, match->table->field_count, sizeof(size_t));
    if (drift->label == NULL || match->field_of_column == NULL || match->column_of_field == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(match_header(arena->ctx, match, err));
    return collect(drift, match, err);
}

/* ---- public ---- */

mimic_status mimic_drift_compare(const mimic_context *ctx, const mimic_table *table,
                                 const char *const *header, size_t header_count,
                                 mimic_drift **out_drift, mimic_error *err)
{
    if (ctx == NULL || table == NULL || out_drift == NULL || (header == NULL && header_count > 0))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_drift_compare needs a context, a table and a header");
    *out_drift = NULL;
    if (header_count == 0 || (header_count == 1 && header[0][0] == '\0'))
        return mimic__fail(err, MIMIC_ERR_CSV_HEADER,
                           "the header is empty; the first line must name the columns");
    mimic_drift *drift = mimic__alloc_zeroed(ctx, 1, sizeof *drift);
    if (drift == NULL)
        return mimic__fail_memory(err);
    mimic__arena_init(&drift->arena, ctx);
    matching match = {.table = table, .header = header, .header_count = header_count};
    const mimic_status status = compare(drift, &match, err);
    if (status == MIMIC_OK)
        *out_drift = drift;
    else
        mimic_drift_free(drift);
    return status;
}

size_t mimic_drift_count(const mimic_drift *drift)
{
    return drift == NULL ? 0 : drift->count;
}

mimic_status mimic_drift_get(const mimic_drift *drift, size_t index, mimic_drift_item *out_item)
{
    if (out_item == NULL || index >= mimic_drift_count(drift))
        return MIMIC_ERR_ARGUMENT;
    return MIMIC_VIEW_COPY(out_item, drift->items[index]);
}

void mimic_drift_free(mimic_drift *drift)
{
    if (drift == NULL)
        return;
    const mimic_context *ctx = drift->arena.ctx;
    mimic__arena_free(&drift->arena);
    mimic__free(ctx, drift);
}
