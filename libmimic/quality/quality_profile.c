/* See quality_profile.h. The work on a column is in quality_look.c and quality_column.c. */
#include "quality/quality_profile.h"

#include "base/checked.h"
#include "base/error.h"

typedef struct span_count {
    int64_t both;
    int64_t reversed;
} span_count;

struct quality_profile {
    const mimic_context *ctx;
    const mimic_table *table;
    quality_column *columns;
    span_count *spans;
};

typedef struct profile_notes {
    mimic_arena arena;
    quality_notes *columns;
    size_t column_count; /* that are filled or begun */
    span_count *spans;
} profile_notes;

/* ---- life ---- */

static void free_columns(quality_profile *profile)
{
    if (profile->columns == NULL)
        return;
    for (size_t i = 0; i < profile->table->field_count; i++)
        mimic__column_free(&profile->columns[i]);
    mimic__free(profile->ctx, profile->columns);
    profile->columns = NULL;
}

mimic_status mimic__profile_reset(quality_profile *profile, mimic_error *err)
{
    const mimic_table *const table = profile->table;
    free_columns(profile);
    mimic__free(profile->ctx, profile->spans);
    profile->spans =
        mimic__alloc_zeroed(profile->ctx, table->span_count + 1, sizeof *profile->spans);
    profile->columns =
        mimic__alloc_zeroed(profile->ctx, table->field_count + 1, sizeof *profile->columns);
    if (profile->columns == NULL || profile->spans == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < table->field_count; i++)
        if (!mimic__column_init(&profile->columns[i], profile->ctx, &table->fields[i]))
            return mimic__fail_memory(err);
    return MIMIC_OK;
}

mimic_status mimic__profile_new(const mimic_context *ctx, const mimic_table *table,
                                quality_profile **out_profile, mimic_error *err)
{
    quality_profile *profile = mimic__alloc_zeroed(ctx, 1, sizeof *profile);
    if (profile == NULL)
        return mimic__fail_memory(err);
    profile->ctx = ctx;
    profile->table = table;
    const mimic_status status = mimic__profile_reset(profile, err);
    if (status != MIMIC_OK) {
        mimic__profile_free(profile);
        return status;
    }
    *out_profile = profile;
    return MIMIC_OK;
}

void mimic__profile_free(quality_profile *profile)
{
    if (profile == NULL)
        return;
    free_columns(profile);
    mimic__free(profile->ctx, profile->spans);
    mimic__free(profile->ctx, profile);
}

/* ---- a batch ---- */

void mimic__profile_drop(void *self, void *memory)
{
    const quality_profile *const profile = self;
    profile_notes *const notes = memory;
    for (size_t i = 0; i < notes->column_count; i++)
        mimic__notes_free(profile->ctx, &notes->columns[i]);
    mimic__arena_free(&notes->arena);
    mimic__free(profile->ctx, notes);
}

static int64_t time_at(const mimic_column *column, int64_t row)
{
    return column->type == MIMIC_TYPE_DATE ? ((const int32_t *)column->values)[row]
                                           : ((const int64_t *)column->values)[row];
}

static void look_at_span(const mimic_batch *batch, const mimic_span *span, span_count *count)
{
    const mimic_column *const start = &batch->columns[span->start];
    const mimic_column *const end = &batch->columns[span->end];
    for (int64_t row = 0; row < batch->row_count; row++) {
        if (!mimic_column_is_valid(start, row) || !mimic_column_is_valid(end, row))
            continue;
        count->both++;
        count->reversed += time_at(end, row) < time_at(start, row);
    }
}

static bool look_at_columns(const quality_profile *profile, const mimic_batch *batch,
                            quality_scratch *scratch, profile_notes *notes)
{
    const mimic_table *const table = profile->table;
    notes->columns = mimic__arena_array(&notes->arena, table->field_count, sizeof *notes->columns);
    notes->spans = mimic__arena_array(&notes->arena, table->span_count, sizeof *notes->spans);
    if (notes->columns == NULL || notes->spans == NULL)
        return false;
    for (size_t i = 0; i < table->field_count; i++) {
        notes->column_count = i + 1;
        if (!mimic__column_look(&profile->columns[i], &batch->columns[i], batch->row_count,
                                scratch, &notes->arena, &notes->columns[i]))
            return false;
    }
    for (size_t i = 0; i < table->span_count; i++)
        look_at_span(batch, &table->spans[i], &notes->spans[i]);
    return true;
}

/* One allocation: the arrays stand behind the struct. */
static quality_scratch *scratch_new(const mimic_context *ctx, size_t rows)
{
    const size_t row_size = sizeof(uint64_t) + 4 * sizeof(uint32_t);
    size_t size;
    if (mimic__multiply_overflows(rows + 1, row_size, &size) ||
        mimic__add_overflows(size, sizeof(quality_scratch), &size))
        return NULL;
    quality_scratch *const scratch = mimic__alloc(ctx, size);
    if (scratch == NULL)
        return NULL;
    scratch->keys = (uint64_t *)(scratch + 1);
    scratch->starts = (uint32_t *)(scratch->keys + rows + 1);
    scratch->lengths = scratch->starts + rows + 1;
    scratch->every = scratch->lengths + rows + 1;
    scratch->places = scratch->every + rows + 1;
    for (size_t i = 0; i < rows; i++)
        scratch->every[i] = (uint32_t)i;
    return scratch;
}

mimic_status mimic__profile_look(void *self, const mimic_batch *batch, void **out_notes,
                                 mimic_error *err)
{
    const quality_profile *const profile = self;
    const mimic_context *const ctx = profile->ctx;
    if (batch->column_count != profile->table->field_count)
        return mimic__fail(err, MIMIC_ERR_INTERNAL, "a profile of %zu columns got a batch of %zu",
                           profile->table->field_count, batch->column_count);
    profile_notes *notes = mimic__alloc_zeroed(ctx, 1, sizeof *notes);
    quality_scratch *scratch = scratch_new(ctx, (size_t)batch->row_count);
    bool is_done = notes != NULL && scratch != NULL;
    if (notes != NULL)
        mimic__arena_init(&notes->arena, ctx);
    if (is_done)
        is_done = look_at_columns(profile, batch, scratch, notes);
    mimic__free(ctx, scratch);
    *out_notes = notes;
    if (is_done)
        return MIMIC_OK;
    if (notes != NULL)
        mimic__profile_drop(self, notes);
    *out_notes = NULL;
    return mimic__fail_memory(err);
}

mimic_status mimic__profile_take(void *self, const mimic_batch *batch, const uint32_t *rows,
                                 void *memory, mimic_error *err)
{
    quality_profile *const profile = self;
    const profile_notes *const notes = memory;
    bool is_done = true;
    (void)rows;
    for (size_t i = 0; i < profile->table->field_count && is_done; i++)
        is_done = mimic__column_take(&profile->columns[i], &batch->columns[i], &notes->columns[i]);
    for (size_t i = 0; i < profile->table->span_count; i++) {
        profile->spans[i].both += notes->spans[i].both;
        profile->spans[i].reversed += notes->spans[i].reversed;
    }
    mimic__profile_drop(self, memory);
    return is_done ? MIMIC_OK : mimic__fail_memory(err);
}

/* ---- the end ---- */

static bool fill_table(const quality_profile *profile, quality_table *result)
{
    const mimic_table *const table = profile->table;
    mimic_arena *const arena = &result->arena;
    result->columns = mimic__arena_array(arena, table->field_count, sizeof *result->columns);
    result->spans = mimic__arena_array(arena, table->span_count, sizeof *result->spans);
    if (result->columns == NULL || result->spans == NULL)
        return false;
    for (size_t i = 0; i < table->field_count; i++) {
        if (!mimic__quality_conclude(&profile->columns[i], arena, &result->columns[i]) ||
            !mimic__quality_copy_rules(&table->fields[i], arena, &result->columns[i]))
            return false;
        result->info.rows = result->columns[i].info.rows;
    }
    for (size_t i = 0; i < table->primary_key_count; i++)
        result->columns[table->primary_key[i]].is_key = true;
    result->info.column_count = table->field_count;
    for (size_t i = 0; i < table->span_count; i++) {
        result->spans[i].start = result->columns[table->spans[i].start].info.column;
        result->spans[i].end = result->columns[table->spans[i].end].info.column;
        result->spans[i].both = profile->spans[i].both;
        result->spans[i].reversed = profile->spans[i].reversed;
    }
    result->span_count = table->span_count;
    return true;
}

mimic_status mimic__profile_result(const quality_profile *profile, quality_table **out_table,
                                   mimic_error *err)
{
    quality_table *result = mimic__quality_table_new(profile->ctx, profile->table->name,
                                                     profile->table->module, profile->table->title);
    if (result == NULL || !fill_table(profile, result)) {
        mimic__quality_table_free(result);
        return mimic__fail_memory(err);
    }
    *out_table = result;
    return MIMIC_OK;
}
