/* See sink_sqlite_fault.h. A batch is looked at as a whole first, a column in one loop. */
#include "sink/sink_sqlite_fault.h"

#include <math.h>

#include "base/error.h"
#include "schema/schema_model.h"
#include "sink/sink_internal.h"

/* SQLite's own limit on a value and on a row (SQLITE_MAX_LENGTH), some bytes left for the record
 * around it. */
#define MAX_VALUE_BYTES 999000000

mimic_status mimic__sqlite_rules_init(mimic_sqlite_rules *rules, const mimic_context *ctx,
                                      const mimic_table *table, mimic_error *err)
{
    rules->table = table;
    rules->must_be_present =
        mimic__alloc_zeroed(ctx, table->field_count, sizeof *rules->must_be_present);
    if (rules->must_be_present == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < table->field_count; i++)
        rules->must_be_present[i] = table->fields[i].is_required;
    for (size_t i = 0; i < table->primary_key_count; i++)
        rules->must_be_present[table->primary_key[i]] = true;
    return MIMIC_OK;
}

void mimic__sqlite_rules_free(mimic_sqlite_rules *rules, const mimic_context *ctx)
{
    mimic__free(ctx, rules->must_be_present);
    rules->must_be_present = NULL;
}

bool mimic__sqlite_may_have_faults(const mimic_sqlite_rules *rules, const mimic_batch *batch)
{
    bool found = false;
    int64_t bytes = 0;
    for (size_t i = 0; i < batch->column_count; i++) {
        const mimic_column *column = &batch->columns[i];
        found |= rules->must_be_present[i] && column->validity != NULL;
        if (column->type == MIMIC_TYPE_FLOAT32)
            for (int64_t row = 0; row < batch->row_count; row++)
                found |= isnan(((const float *)column->values)[row]) != 0;
        else if (column->type == MIMIC_TYPE_FLOAT64)
            for (int64_t row = 0; row < batch->row_count; row++)
                found |= isnan(((const double *)column->values)[row]) != 0;
        else if (column->offsets != NULL)
            bytes += column->offsets[batch->row_count] - column->offsets[0];
    }
    return found || bytes > MAX_VALUE_BYTES;
}

/* Why SQLite cannot hold a value as it is; 0 = it can. */
static mimic_reject_code cell_fault(const mimic_column *column, bool must_be_present, int64_t row)
{
    if (!mimic_column_is_valid(column, row))
        return must_be_present ? MIMIC_REJECT_REQUIRED : 0;
    switch (column->type) {
    case MIMIC_TYPE_FLOAT32:
        return isnan(((const float *)column->values)[row]) ? MIMIC_REJECT_SINK : 0;
    case MIMIC_TYPE_FLOAT64:
        return isnan(((const double *)column->values)[row]) ? MIMIC_REJECT_SINK : 0;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_BINARY:
        return column->offsets[row + 1] - column->offsets[row] > MAX_VALUE_BYTES ? MIMIC_REJECT_SINK
                                                                                 : 0;
    default:
        return 0;
    }
}

static int64_t text_bytes(const mimic_column *column, int64_t row)
{
    return column->offsets == NULL || !mimic_column_is_valid(column, row)
               ? 0
               : column->offsets[row + 1] - column->offsets[row];
}

int64_t mimic__sqlite_find_fault(const mimic_sqlite_rules *rules, const mimic_batch *batch,
                                 int64_t row, size_t *out_column)
{
    for (; row < batch->row_count; row++) {
        int64_t bytes = 0; /* of the row so far: SQLite's limit is one of rows too */
        for (size_t i = 0; i < batch->column_count; i++) {
            bytes += text_bytes(&batch->columns[i], row);
            if (bytes > MAX_VALUE_BYTES ||
                cell_fault(&batch->columns[i], rules->must_be_present[i], row) != 0) {
                *out_column = i;
                return row;
            }
        }
    }
    return batch->row_count;
}

mimic_status mimic__sqlite_refuse_fault(const mimic_sqlite_rules *rules,
                                        const mimic_sink_host *host, const mimic_batch *batch,
                                        int64_t row, size_t column, mimic_error *err)
{
    mimic_reject_code code =
        cell_fault(&batch->columns[column], rules->must_be_present[column], row);
    const mimic_type type = batch->columns[column].type;
    const char *message = "SQLite cannot hold a value of this size";
    if (code == 0) {
        code = MIMIC_REJECT_SINK;
        message = "SQLite cannot hold a row of this size";
    } else if (code == MIMIC_REJECT_REQUIRED) {
        message = "no value, where the table requires one";
    } else if (type == MIMIC_TYPE_FLOAT32 || type == MIMIC_TYPE_FLOAT64) {
        message = "NaN: SQLite would store it as NULL";
    }
    return mimic__sink_refuse(host, row, code, rules->table->fields[column].name, message, err);
}
