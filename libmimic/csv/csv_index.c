/*
 * See csv_index.h. Clean blocks go through a kernel, and where it meets a wrong number of fields the
 * grammar finds the record. A block with a NUL byte or with bytes that are not UTF-8 goes through the
 * grammar as a whole.
 */
#include "csv/csv_index.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/utf8.h"

void mimic_csv__index_init(csv_index *index, const mimic_context *ctx, const csv_dialect *dialect,
                           const csv_kernel *kernel, size_t field_count)
{
    *index = (csv_index){
        .ctx = ctx, .dialect = *dialect, .kernel = kernel, .stride = field_count + 1};
}

void mimic_csv__index_free(csv_index *index)
{
    if (index->ctx == NULL)
        return;
    mimic__free(index->ctx, index->marks);
    mimic__free(index->ctx, index->faults);
    *index = (csv_index){0};
}

/* A row of n fields has at least n bytes, so marks never outnumber the bytes two to one. */
static mimic_status reserve_marks(csv_index *index, const csv_block *block, mimic_error *err)
{
    size_t needed;
    if (index->counts_only)
        return MIMIC_OK;
    if (mimic__multiply_overflows(block->records, index->stride, &needed) ||
        needed > 2 * block->size)
        needed = 2 * block->size;
    needed += CSV_INDEX_SLACK(index->stride);
    if (needed <= index->mark_capacity)
        return MIMIC_OK;
    mimic__free(index->ctx, index->marks);
    index->mark_capacity = 0;
    index->marks = mimic__alloc_array(index->ctx, needed, sizeof *index->marks);
    if (index->marks == NULL)
        return mimic__fail_memory(err);
    index->mark_capacity = needed;
    return MIMIC_OK;
}

static mimic_status add_fault(csv_index *index, csv_fault fault, mimic_error *err)
{
    fault.rows_before = index->row_count;
    csv_fault *faults = mimic__array_grow(index->ctx, index->faults, index->fault_count,
                                          &index->fault_capacity, sizeof *faults);
    if (faults == NULL)
        return mimic__fail_memory(err);
    index->faults = faults;
    index->faults[index->fault_count++] = fault;
    return MIMIC_OK;
}

static mimic_status add_count_fault(csv_index *index, const char *bytes, size_t start, size_t end,
                                    mimic_error *err)
{
    const bool is_empty = bytes[start] == '\n' || bytes[start] == '\r';
    const csv_fault fault = {start, end, 0,
                             is_empty ? MIMIC_REJECT_EMPTY_LINE : MIMIC_REJECT_FIELD_COUNT,
                             SIZE_MAX};
    return add_fault(index, fault, err);
}

/* The reason why a record of the right shape is no text; 0 when it is. */
static mimic_reject_code check_text(const char *record, size_t size)
{
    if (memchr(record, 0, size) != NULL)
        return MIMIC_REJECT_NUL;
    return mimic__utf8_check(record, size) == size ? 0 : MIMIC_REJECT_UTF8;
}

typedef struct csv_piece {
    const csv_block *block;
    size_t start; /* of what is not indexed yet */
    size_t end;
    bool is_text; /* free of NUL bytes, and UTF-8 */
} csv_piece;

/* Indexes the record at the start of the piece by the grammar, and steps over it. */
static mimic_status index_record(csv_index *index, csv_piece *piece, mimic_error *err)
{
    const char *const bytes = piece->block->bytes;
    const size_t start = piece->start;
    uint32_t *const marks =
        index->counts_only ? NULL : index->marks + index->row_count * index->stride;
    csv_parse record;
    const csv_parse_status status =
        mimic_csv__parse_record(&index->dialect, bytes + start, piece->end - start,
                                marks == NULL ? NULL : marks + 1, index->stride - 1, &record);
    if (status != CSV_RECORD)
        return mimic__fail(err, MIMIC_ERR_INTERNAL,
                           "the splitter and the indexer disagree at offset %zu of a block", start);
    piece->start += record.end;
    const mimic_reject_code code =
        piece->is_text ? 0 : check_text(bytes + start, record.content_end);
    if (code != 0) {
        const csv_fault fault = {start, piece->start, 0, code, SIZE_MAX};
        return add_fault(index, fault, err);
    }
    if (record.field_count != index->stride - 1)
        return add_count_fault(index, bytes, start, piece->start, err);
    if (marks != NULL) {
        marks[0] = (uint32_t)start - 1;
        for (size_t i = 1; i < index->stride; i++)
            marks[i] += (uint32_t)start;
    }
    index->row_count++;
    return MIMIC_OK;
}

static mimic_status index_piece(csv_index *index, csv_piece *piece, mimic_error *err)
{
    const csv_kernel *const kernel = piece->is_text ? index->kernel : NULL;
    while (piece->start < piece->end) {
        if (kernel != NULL) {
            csv_index_scan scan = {.stride = index->stride, .base = (uint32_t)piece->start};
            if (!index->counts_only)
                scan.marks = index->marks + index->row_count * index->stride;
            (index->counts_only ? kernel->count : kernel->index)(
                piece->block->bytes + piece->start, piece->end - piece->start,
                index->dialect.delimiter, index->dialect.quote, &scan);
            index->row_count += scan.row_count;
            piece->start += scan.end;
            if (!scan.has_fault)
                break;
        }
        /* The kernel says that a fault is near; the grammar, where. */
        for (const size_t faults = index->fault_count;
             piece->start < piece->end && index->fault_count == faults;)
            MIMIC_TRY(index_record(index, piece, err));
    }
    return MIMIC_OK;
}

/* True when the block is free of NUL bytes, and UTF-8. */
static bool is_text(const csv_index *index, const csv_block *block)
{
    if (block->has_nul || !block->has_high)
        return !block->has_nul;
    if (index->kernel != NULL)
        return index->kernel->is_utf8(block->bytes, block->size);
    return mimic__utf8_check(block->bytes, block->size) == block->size;
}

mimic_status mimic_csv__index_build(csv_index *index, const csv_block *block, mimic_error *err)
{
    index->row_count = 0;
    index->fault_count = 0;
    MIMIC_TRY(reserve_marks(index, block, err));
    const bool block_is_text = is_text(index, block);
    size_t start = 0;
    for (size_t i = 0; i <= block->region_count; i++) {
        const csv_region *const region = i < block->region_count ? &block->regions[i] : NULL;
        const size_t end = region != NULL ? region->start : block->size;
        csv_piece piece = {block, start, end, block_is_text};
        MIMIC_TRY(index_piece(index, &piece, err));
        if (region == NULL)
            break;
        if (region->code != 0) {
            const csv_fault fault = {region->start, region->end, 0, region->code, region->field};
            MIMIC_TRY(add_fault(index, fault, err));
        }
        start = region->end;
    }
    return MIMIC_OK;
}
