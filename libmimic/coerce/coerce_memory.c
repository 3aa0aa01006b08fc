/*
 * See coerce_memory.h. A plan numbers the texts of a categorical column as it meets them; the memory
 * numbers them as the table has them, and leaves in the plan which is which. Its arrays are never
 * moved under a reader: batches that were settled before go on to show the texts they know.
 */
#include "coerce/coerce_memory.h"

#include "base/error.h"
#include "coerce/coerce_plan.h"

typedef struct column_memory {
    mimic_hashmap texts;
    mimic_unique_set *values; /* NULL = not unique */
    uint64_t *nulled;         /* rows of the block whose value came before; policy "null" */
    size_t nulled_capacity;   /* in words */
    bool has_nulled;
} column_memory;

struct mimic_coerce_memory {
    const mimic_context *ctx;
    column_memory *columns;
    size_t column_count;
    bool has_unique;
    mimic_unique_mode mode;
};

mimic_status mimic__coerce_memory_new(const mimic_context *ctx, const mimic_table *table,
                                      const mimic_coerce_options *options,
                                      mimic_coerce_memory **out_memory, mimic_error *err)
{
    *out_memory = NULL;
    mimic_coerce_memory *memory = mimic__alloc_zeroed(ctx, 1, sizeof *memory);
    if (memory == NULL)
        return mimic__fail_memory(err);
    memory->ctx = ctx;
    memory->mode = options == NULL ? MIMIC_UNIQUE_ALL : options->unique;
    memory->columns = mimic__alloc_zeroed(ctx, table->field_count, sizeof *memory->columns);
    bool is_done = memory->columns != NULL;
    for (size_t i = 0; i < table->field_count && is_done; i++) {
        column_memory *const column = &memory->columns[i];
        memory->column_count++;
        mimic__hashmap_init(&column->texts, ctx);
        column->texts.keeps_old = true;
        if (!table->fields[i].is_unique || memory->mode == MIMIC_UNIQUE_NONE)
            continue;
        memory->has_unique = true;
        column->values =
            mimic__unique_new(ctx, options == NULL ? 0 : options->max_unique_bytes);
        is_done = column->values != NULL;
    }
    if (!is_done) {
        mimic__coerce_memory_free(memory);
        return mimic__fail_memory(err);
    }
    *out_memory = memory;
    return MIMIC_OK;
}

void mimic__coerce_memory_free(mimic_coerce_memory *memory)
{
    if (memory == NULL)
        return;
    for (size_t i = 0; i < memory->column_count; i++) {
        mimic__hashmap_free(&memory->columns[i].texts);
        mimic__unique_free(memory->columns[i].values);
        mimic__free(memory->ctx, memory->columns[i].nulled);
    }
    mimic__free(memory->ctx, memory->columns);
    mimic__free(memory->ctx, memory);
}

/* ---- texts ---- */

static mimic_status add_text(column_memory *memory, const mimic_plan_column *column,
                             const char *text, size_t size, int32_t *out_code, mimic_error *err)
{
    mimic_hashmap *const texts = &memory->texts;
    const size_t used = texts->count == 0 ? 0 : (size_t)texts->offsets[texts->count];
    const bool is_full = texts->count >= column->max_categories;
    uint32_t number = mimic__hashmap_find(texts, text, size);
    if (number == MIMIC_HASHMAP_NONE &&
        (is_full || size > column->max_category_bytes || used > column->max_category_bytes - size))
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "categorical column \"%s\" has more than %zu %s; raise the limit, "
                           "or declare the column a string in the schema",
                           column->field->name,
                           is_full ? (size_t)column->max_categories : column->max_category_bytes,
                           is_full ? "distinct values" : "bytes of distinct values");
    if (number == MIMIC_HASHMAP_NONE)
        number = mimic__hashmap_insert(texts, text, size);
    *out_code = (int32_t)number;
    return number == MIMIC_HASHMAP_NONE ? mimic__fail_memory(err) : MIMIC_OK;
}

/* Learns the texts that the plan met since it was settled last. */
static mimic_status settle_texts(mimic_coerce_memory *memory, column_memory *settled,
                                 mimic_plan_column *column, mimic_error *err)
{
    static const int32_t no_offsets[1] = {0};
    const mimic_hashmap *const local = &column->builder.texts;
    for (size_t i = column->code_count; i < local->count; i++) {
        int32_t *codes = mimic__array_grow(memory->ctx, column->codes, column->code_count,
                                           &column->code_capacity, sizeof *codes);
        if (codes == NULL)
            return mimic__fail_memory(err);
        column->codes = codes;
        const size_t start = (size_t)local->offsets[i];
        MIMIC_TRY(add_text(settled, column, local->bytes + start,
                           (size_t)local->offsets[i + 1] - start, &codes[i], err));
        column->codes_differ |= codes[i] != (int32_t)i;
        column->code_count = i + 1;
    }
    const mimic_hashmap *const texts = &settled->texts;
    column->is_settled = true;
    column->dictionary =
        (mimic_dictionary){texts->count, texts->count == 0 ? no_offsets : texts->offsets,
                           texts->bytes == NULL ? "" : texts->bytes};
    return MIMIC_OK;
}

/* ---- unique values ---- */

static bool is_set(const uint64_t *bits, size_t row)
{
    return (bits[row / 64] >> (row % 64) & 1) != 0;
}

/* The hash of a row's value; NULL where it has none that counts. */
static const uint64_t *value_of(const column_memory *memory, const mimic_plan_column *column,
                                size_t row)
{
    if (memory->values == NULL)
        return NULL;
    const uint64_t *const hash = column->unique_hashes[row];
    return (hash[0] | hash[1]) == 0 ? NULL : hash;
}

/* Looks for the row's values. False when the row is lost, or memory ran out (*out_failed). */
static bool check_row(mimic_coerce_memory *memory, mimic_coerce_plan *plan, size_t row,
                      mimic_row_faults *faults, bool *out_failed)
{
    for (size_t i = 0; i < memory->column_count; i++) {
        column_memory *const settled = &memory->columns[i];
        mimic_plan_column *const column = &plan->columns[i];
        const uint64_t *const hash = value_of(settled, column, row);
        if (hash == NULL || !mimic__unique_contains(settled->values, hash))
            continue;
        if (column->on_error == MIMIC_ON_ERROR_NULL && !column->field->is_required) {
            settled->nulled[row / 64] |= UINT64_C(1) << (row % 64);
            settled->has_nulled = true;
            continue;
        }
        *out_failed = !mimic__row_faults_add(faults, (uint32_t)row, (uint32_t)i,
                                             MIMIC_REJECT_UNIQUE);
        return false;
    }
    return true;
}

static mimic_status keep_row(mimic_coerce_memory *memory, const mimic_coerce_plan *plan, size_t row,
                             mimic_row_faults *faults, mimic_error *err)
{
    for (size_t i = 0; i < memory->column_count; i++) {
        const column_memory *const settled = &memory->columns[i];
        const uint64_t *const hash = value_of(settled, &plan->columns[i], row);
        if (hash == NULL)
            continue;
        if (is_set(settled->nulled, row)) {
            faults->nulled++;
            continue;
        }
        const mimic_unique_result result = mimic__unique_add(settled->values, hash);
        if (result == MIMIC_UNIQUE_FULL && memory->mode == MIMIC_UNIQUE_ALL)
            return mimic__fail(
                err, MIMIC_ERR_LIMIT,
                "column \"%s\" has more distinct values than its uniqueness check may remember; "
                "raise the limit, or take \"unique\" out of the schema and check the key in the "
                "target",
                plan->columns[i].field->name);
        if (result == MIMIC_UNIQUE_NO_MEMORY)
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}

static bool reset_nulled(mimic_coerce_memory *memory, size_t row_count)
{
    const size_t words = row_count / 64 + 1;
    for (size_t i = 0; i < memory->column_count; i++) {
        column_memory *const column = &memory->columns[i];
        if (column->values == NULL)
            continue;
        if (words > column->nulled_capacity) {
            mimic__free(memory->ctx, column->nulled);
            column->nulled_capacity = 0;
            column->nulled = mimic__alloc_array(memory->ctx, words, sizeof *column->nulled);
            if (column->nulled == NULL)
                return false;
            column->nulled_capacity = words;
        }
        for (size_t word = 0; word < words; word++)
            column->nulled[word] = 0;
        column->has_nulled = false;
    }
    return true;
}

static mimic_status settle_values(mimic_coerce_memory *memory, mimic_coerce_plan *plan,
                                  size_t row_count, mimic_row_faults *faults, mimic_error *err)
{
    if (!reset_nulled(memory, row_count))
        return mimic__fail_memory(err);
    for (size_t row = 0; row < row_count; row++) {
        bool failed = false;
        if (is_set(faults->bad, row))
            continue;
        if (check_row(memory, plan, row, faults, &failed))
            MIMIC_TRY(keep_row(memory, plan, row, faults, err));
        if (failed)
            return mimic__fail_memory(err);
    }
    for (size_t i = 0; i < memory->column_count; i++)
        if (memory->columns[i].has_nulled)
            mimic__builder_null_rows(&plan->columns[i].builder, memory->columns[i].nulled);
    return MIMIC_OK;
}

mimic_status mimic__coerce_memory_settle(mimic_coerce_memory *memory, mimic_coerce_plan *plan,
                                         size_t row_count, mimic_row_faults *faults,
                                         mimic_error *err)
{
    for (size_t i = 0; i < memory->column_count; i++)
        if (plan->columns[i].field->type == MIMIC_TYPE_CATEGORICAL)
            MIMIC_TRY(settle_texts(memory, &memory->columns[i], &plan->columns[i], err));
    return memory->has_unique ? settle_values(memory, plan, row_count, faults, err) : MIMIC_OK;
}
