/*
 * See csv_index.h. Clean blocks go through a kernel. A block with a NUL byte or with bytes that are
 * not UTF-8 goes record by record through the grammar, so that the fault finds its record.
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

static mimic_status index_fast(csv_index *index, const csv_block *block, size_t start, size_t end,
                               mimic_error *err)
{
    while (start < end) {
        csv_index_scan scan = {.marks = index->marks + index->row_count * index->stride,
                               .stride = index->stride,
                               .base = (uint32_t)start};
        index->kernel->index(block->bytes + start, end - start, index->dialect.delimiter,
                             index->dialect.quote, &scan);
        index->row_count += scan.row_count;
        if (!scan.has_fault)
            break;
        MIMIC_TRY(add_count_fault(index, block->bytes, scan.fault_start, scan.fault_end, err));
        start = scan.fault_end;
    }
    return MIMIC_OK;
}

/* The reason why a record of the right shape is no text; 0 when it is. */
static mimic_reject_code check_text(const char *record, size_t size)
{
    if (memchr(record, 0, size) != NULL)
        return MIMIC_REJECT_NUL;
    return mimic__utf8_check(record, size) == size ? 0 : MIMIC_REJECT_UTF8;
}

static mimic_status index_slowly(csv_index *index, const csv_block *block, size_t start, size_t end,
                                 mimic_error *err)
{
    while (start < end) {
        uint32_t *const marks = index->marks + index->row_count * index->stride;
        csv_parse record;
        const csv_parse_status status =
            mimic_csv__parse_record(&index->dialect, block->bytes + start, end - start, marks + 1,
                                    index->stride - 1, &record);
        if (status != CSV_RECORD)
            return mimic__fail(err, MIMIC_ERR_INTERNAL,
                               "the splitter and the indexer disagree at offset %zu of a block",
                               start);
        const mimic_reject_code code = check_text(block->bytes + start, record.content_end);
        if (code != 0) {
            const csv_fault fault = {start, start + record.end, 0, code, SIZE_MAX};
            MIMIC_TRY(add_fault(index, fault, err));
        } else if (record.field_count != index->stride - 1) {
            MIMIC_TRY(add_count_fault(index, block->bytes, start, start + record.end, err));
        } else {
            marks[0] = (uint32_t)start - 1;
            for (size_t i = 1; i < index->stride; i++)
                marks[i] += (uint32_t)start;
            index->row_count++;
        }
        start += record.end;
    }
    return MIMIC_OK;
}

mimic_status mimic_csv__index_build(csv_index *index, const csv_block *block, mimic_error *err)
{
    index->row_count = 0;
    index->fault_count = 0;
    MIMIC_TRY(reserve_marks(index, block, err));
    const bool is_clean =
        !block->has_nul &&
        (!block->has_high || mimic__utf8_check(block->bytes, block->size) == block->size);
    const bool is_fast = is_clean && index->kernel != NULL;
    size_t start = 0;
    for (size_t i = 0; i <= block->region_count; i++) {
        const csv_region *const region = i < block->region_count ? &block->regions[i] : NULL;
        const size_t end = region != NULL ? region->start : block->size;
        if (start < end)
            MIMIC_TRY(is_fast ? index_fast(index, block, start, end, err)
                              : index_slowly(index, block, start, end, err));
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
