/*
 * The steps of one block: parsing (index, filters, coercion), settling (what depends on the blocks
 * before: dictionaries, unique values, the limit, record numbers) and finishing (faulty rows out,
 * encoding). Parsing and finishing touch the slot alone.
 */
#include <string.h>

#include "base/error.h"
#include "csv/csv_reader_internal.h"

static void init_index(csv_slot *slot)
{
    const mimic_csv_reader *const reader = slot->reader;
    mimic_csv__index_init(&slot->index, reader->ctx, &reader->dialect, reader->kernel,
                          reader->field_count);
    /* Without columns nothing looks at fields, unless a filter does, or the limit at a row. */
    slot->index.counts_only = reader->table->field_count == 0 &&
                              reader->options.filter_count == 0 &&
                              reader->options.text_filter_count == 0 && reader->options.limit == 0;
}

mimic_status mimic_csv__slot_init(csv_slot *slot, mimic_error *err)
{
    mimic_csv_reader *const reader = slot->reader;
    slot->status = MIMIC_OK;
    slot->error = (mimic_error)MIMIC_ERROR_INIT;
    mimic__row_faults_init(&slot->faults, reader->ctx);
    mimic__buffer_init(&slot->filter_field, reader->ctx);
    mimic__buffer_init(&slot->filter_number, reader->ctx);
    init_index(slot);
    const size_t columns = reader->table->field_count;
    slot->columns = mimic__arena_array(&reader->arena, columns, sizeof *slot->columns);
    return slot->columns == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

size_t mimic_csv__slot_bytes(const csv_slot *slot)
{
    return slot->memory.capacity + slot->index.mark_capacity * sizeof *slot->index.marks +
           slot->row_number_capacity * sizeof *slot->row_numbers +
           slot->reject_capacity * sizeof *slot->rejects +
           slot->faults.capacity * sizeof *slot->faults.faults +
           (slot->plan == NULL ? 0 : mimic__coerce_plan_bytes(slot->plan));
}

/* Everything but the bytes of the block. */
static void free_parsed(csv_slot *slot)
{
    const mimic_context *const ctx = slot->reader->ctx;
    mimic__coerce_plan_free(slot->plan);
    slot->plan = NULL;
    mimic_csv__index_free(&slot->index);
    mimic__row_faults_free(&slot->faults);
    mimic__free(ctx, slot->row_number_memory);
    slot->row_number_memory = NULL;
    slot->row_number_capacity = 0;
    mimic__free(ctx, slot->filter_text);
    slot->filter_text = NULL;
    mimic__buffer_free(&slot->filter_field);
    mimic__buffer_free(&slot->filter_number);
    mimic__free(ctx, slot->rejects);
    slot->rejects = NULL;
    slot->reject_capacity = 0;
}

void mimic_csv__slot_trim(csv_slot *slot)
{
    free_parsed(slot);
    init_index(slot);
}

void mimic_csv__slot_free(csv_slot *slot)
{
    free_parsed(slot);
    mimic_csv__block_memory_free(slot->reader->ctx, &slot->memory);
}

/* ---- parsing ---- */

static mimic_status note_index_faults(csv_slot *slot, mimic_error *err)
{
    for (size_t i = 0; i < slot->index.fault_count; i++) {
        const csv_fault *const fault = &slot->index.faults[i];
        const csv_reject_entry entry = {.start = fault->start,
                                        .end = fault->end,
                                        .rows_before = fault->rows_before,
                                        .code = fault->code,
                                        .policy = slot->reader->options.on_error,
                                        .column = SIZE_MAX,
                                        .file_field = fault->field};
        MIMIC_TRY(mimic_csv__reject_add(slot, entry, err));
    }
    return MIMIC_OK;
}

/* Faults of the coercers, from the one numbered `first` on. */
static mimic_status note_row_faults(csv_slot *slot, size_t first, mimic_error *err)
{
    const csv_index *const index = &slot->index;
    for (size_t i = first; i < slot->faults.count; i++) {
        const mimic_row_fault *const fault = &slot->faults.faults[i];
        csv_reject_entry entry =
            mimic_csv__row_entry(slot, index->marks + fault->row * index->stride,
                                 slot->reader->file_fields[fault->column]);
        entry.rows_before = mimic_csv__row_number(slot, fault->row);
        entry.code = fault->code;
        entry.policy = mimic__coerce_plan_on_error(slot->plan, fault->column);
        entry.column = fault->column;
        MIMIC_TRY(mimic_csv__reject_add(slot, entry, err));
    }
    return MIMIC_OK;
}

static mimic_status coerce_columns(csv_slot *slot, mimic_error *err)
{
    const mimic_csv_reader *const reader = slot->reader;
    const csv_index *const index = &slot->index;
    const mimic_field_index fields = {slot->block.bytes,    index->marks,
                                      index->stride,        index->row_count,
                                      reader->dialect.quote, reader->dialect.escape};
    if (slot->plan == NULL)
        MIMIC_TRY(mimic__coerce_plan_new(reader->ctx, reader->table, &reader->coerce_options,
                                         &slot->plan, err));
    if (!mimic__row_faults_reset(&slot->faults, index->row_count))
        return mimic__fail_memory(err);
    for (size_t i = 0; i < reader->table->field_count; i++)
        MIMIC_TRY(mimic__coerce_column(slot->plan, i, &fields, reader->file_fields[i],
                                       &slot->faults, err));
    return note_row_faults(slot, 0, err);
}

mimic_status mimic_csv__slot_parse(csv_slot *slot, mimic_error *err)
{
    slot->is_last = false;
    slot->reject_count = 0;
    MIMIC_TRY(mimic_csv__index_build(&slot->index, &slot->block, err));
    slot->block_rows = slot->index.row_count;
    MIMIC_TRY(note_index_faults(slot, err));
    MIMIC_TRY(mimic_csv__filters_apply(slot, err));
    return coerce_columns(slot, err);
}

/* ---- settling ---- */

/* What was read of a block: everything, or up to the row that fills the limit. */
typedef struct block_share {
    size_t rows;   /* before filters */
    size_t kept;   /* rows that filters kept */
    size_t faults; /* records that are no rows */
} block_share;

/* Cuts the block after the row that fills the limit: what lies behind it counts as not read. */
static block_share apply_limit(csv_slot *slot)
{
    const mimic_csv_reader *const reader = slot->reader;
    const csv_index *const index = &slot->index;
    block_share share = {slot->block_rows, index->row_count, index->fault_count};
    if (reader->options.limit <= 0)
        return share;
    int64_t wanted = reader->options.limit - reader->rows_settled;
    size_t row = 0;
    for (; row < index->row_count; row++)
        if (!mimic_csv__row_is_bad(slot, row) && --wanted == 0)
            break;
    if (wanted > 0)
        return share;
    slot->is_last = true;
    for (size_t i = row + 1; i < index->row_count; i++)
        slot->faults.bad[i / 64] |= UINT64_C(1) << (i % 64);
    const size_t last_start = (uint32_t)(index->marks[row * index->stride] + 1);
    share = (block_share){mimic_csv__row_number(slot, row) + 1, row + 1, 0};
    size_t kept = 0;
    for (size_t i = 0; i < slot->reject_count; i++) {
        const csv_reject_entry *const entry = &slot->rejects[i];
        if (entry->start < last_start) {
            share.faults += !entry->is_row;
            slot->rejects[kept++] = *entry;
        }
    }
    slot->reject_count = kept;
    return share;
}

/* Rows that a filter left out: those before the filters, less the kept and the undecidable ones. */
static int64_t count_filtered(const csv_slot *slot, const block_share *share)
{
    size_t undecidable = 0;
    for (size_t i = 0; i < slot->reject_count; i++)
        undecidable += slot->rejects[i].is_row && slot->rejects[i].column == SIZE_MAX;
    return (int64_t)(share->rows - share->kept - undecidable);
}

static int64_t count_good_rows(const csv_slot *slot)
{
    int64_t rows = 0;
    if (!slot->is_last) /* a fault a bad row; only the limit drops others */
        return (int64_t)(slot->index.row_count - slot->faults.count);
    for (size_t row = 0; row < slot->index.row_count; row++)
        rows += !mimic_csv__row_is_bad(slot, row);
    return rows;
}

mimic_status mimic_csv__slot_settle(csv_slot *slot, mimic_error *err)
{
    mimic_csv_reader *const reader = slot->reader;
    const size_t faults = slot->faults.count;
    slot->first_record = reader->next_record;
    slot->first_line = reader->next_line;
    slot->first_row = reader->next_row;
    MIMIC_TRY(mimic__coerce_memory_settle(reader->memory, slot->plan, slot->index.row_count,
                                          &slot->faults, err));
    MIMIC_TRY(note_row_faults(slot, faults, err));
    const block_share share = apply_limit(slot);
    const int64_t rows = count_good_rows(slot);
    slot->records = (int64_t)(share.rows + share.faults);
    slot->filtered = count_filtered(slot, &share);
    reader->next_record += slot->records;
    reader->next_line += (int64_t)slot->block.lines;
    reader->next_row += rows;
    reader->rows_settled += rows;
    slot->is_settled = true;
    return MIMIC_OK;
}

/* ---- finishing ---- */

mimic_status mimic_csv__slot_finish(csv_slot *slot, mimic_error *err)
{
    const mimic_csv_reader *const reader = slot->reader;
    size_t rows = 0;
    slot->place = (csv_place_cursor){0};
    MIMIC_TRY(mimic__coerce_plan_finish(slot->plan, slot->index.row_count, slot->faults.bad,
                                        slot->columns, &rows, err));
    slot->batch = (mimic_batch){.row_count = (int64_t)rows,
                                .column_count = reader->table->field_count,
                                .columns = slot->columns,
                                .table = reader->table,
                                .first_record = slot->first_record,
                                .first_row = slot->first_row};
    if (reader->encoder.encode == NULL)
        return MIMIC_OK;
    return reader->encoder.encode(reader->encoder.ctx, &slot->batch, &slot->chunk, err);
}
