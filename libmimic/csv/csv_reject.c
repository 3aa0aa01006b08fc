/*
 * Rejects of one block: gathered from the indexer, the filters and the coercers, put in input order,
 * given their place and a sentence, and handed to the caller. Line numbers are counted only here, as
 * only rejects need them.
 */
#include "csv/csv_reader_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "base/utf8.h"

mimic_status mimic_csv__reject_add(csv_slot *slot, csv_reject_entry entry, mimic_error *err)
{
    csv_reject_entry *rejects = mimic__array_grow(slot->reader->ctx, slot->rejects,
                                                  slot->reject_count, &slot->reject_capacity,
                                                  sizeof *rejects);
    if (rejects == NULL)
        return mimic__fail_memory(err);
    slot->rejects = rejects;
    slot->rejects[slot->reject_count++] = entry;
    return MIMIC_OK;
}

csv_reject_entry mimic_csv__row_entry(const csv_slot *slot, const uint32_t *marks,
                                      size_t file_field)
{
    csv_reject_entry entry = {.start = (uint32_t)(marks[0] + 1),
                              .end = marks[slot->index.stride - 1],
                              .is_row = true,
                              .policy = slot->reader->options.on_error,
                              .column = SIZE_MAX,
                              .file_field = file_field};
    if (file_field != SIZE_MAX) {
        entry.value_start = (uint32_t)(marks[file_field] + 1);
        entry.value_end = marks[file_field + 1];
    }
    return entry;
}

size_t mimic_csv__row_number(const csv_slot *slot, size_t row)
{
    return slot->row_numbers != NULL ? slot->row_numbers[row] : row;
}

static int compare_entries(const void *a, const void *b)
{
    const size_t left = ((const csv_reject_entry *)a)->start;
    const size_t right = ((const csv_reject_entry *)b)->start;
    return (left > right) - (left < right);
}

static const char *field_name(const mimic_csv_reader *reader, const csv_reject_entry *entry)
{
    if (entry->column != SIZE_MAX)
        return reader->table->fields[entry->column].name;
    if (entry->file_field >= reader->field_count)
        return "";
    return reader->header != NULL ? reader->header[entry->file_field]
                                  : reader->source_table->fields[entry->file_field].name;
}

void mimic_csv__describe_record(const csv_bad_record *bad, char *out, size_t capacity)
{
    const char *const record = bad->bytes;
    const size_t size = bad->size;
    csv_parse parse = {.field_count = bad->found_fields};
    switch (bad->code) {
    case MIMIC_REJECT_STRAY_QUOTE:
        snprintf(out, capacity, "a quote inside an unquoted field; quote the whole field and "
                                "double the quote");
        break;
    case MIMIC_REJECT_AFTER_QUOTE:
        snprintf(out, capacity, "text after a closing quote; a quote inside a field is doubled");
        break;
    case MIMIC_REJECT_UNCLOSED_QUOTE:
        snprintf(out, capacity, "a quote that never closes; reading goes on at the next line");
        break;
    case MIMIC_REJECT_OVERSIZE:
        snprintf(out, capacity,
                 "the record is longer than %llu bytes; reading goes on at the next line",
                 (unsigned long long)bad->max_record_bytes);
        break;
    case MIMIC_REJECT_EMPTY_LINE:
        snprintf(out, capacity, "an empty line; %zu fields were expected", bad->field_count);
        break;
    case MIMIC_REJECT_FIELD_COUNT:
        if (bad->found_fields == 0)
            mimic_csv__parse_record(bad->dialect, record, size, NULL, 0, &parse);
        snprintf(out, capacity, "%zu field%s; %zu were expected", parse.field_count,
                 parse.field_count == 1 ? "" : "s", bad->field_count);
        break;
    case MIMIC_REJECT_NUL: {
        const char *const nul = memchr(record, 0, size);
        snprintf(out, capacity, "a NUL byte at byte %zu of the record",
                 nul == NULL ? size : (size_t)(nul - record) + 1);
        break;
    }
    case MIMIC_REJECT_UTF8:
        snprintf(out, capacity, "not UTF-8 from byte %zu of the record on",
                 mimic__utf8_check(record, size) + 1);
        break;
    case MIMIC_REJECT_RANGE: /* from here on: only a filter gives up a row before coercion */
        snprintf(out, capacity, "an integer beyond 64 bits; the filter cannot judge it");
        break;
    default:
        snprintf(out, capacity, "not an integer; the filter cannot judge it");
        break;
    }
}

static void describe_entry(const csv_slot *slot, const csv_reject_entry *entry, char *out,
                           size_t capacity)
{
    const mimic_csv_reader *const reader = slot->reader;
    const csv_bad_record bad = {entry->code,
                                &reader->dialect,
                                slot->block.bytes + entry->start,
                                entry->end - entry->start,
                                0,
                                reader->field_count,
                                reader->options.max_record_bytes};
    mimic_csv__describe_record(&bad, out, capacity);
}

size_t mimic_csv__raw_size(const char *raw, size_t size, size_t limit, int32_t *out_is_cut)
{
    while (size > 0 && (raw[size - 1] == '\n' || raw[size - 1] == '\r'))
        size--;
    *out_is_cut = size > limit;
    if (size <= limit)
        return size;
    size = limit;
    while (size > 0 && ((unsigned char)raw[size] & 0xc0) == 0x80)
        size--;
    return size;
}

/* Everything but the sentence and the numbers. */
static mimic_reject make_reject(const csv_slot *slot, const csv_reject_entry *entry)
{
    const mimic_csv_reader *const reader = slot->reader;
    const char *const raw = slot->block.bytes + entry->start;
    const size_t size = entry->end - entry->start;
    int32_t is_cut = 0;
    /* A line that was too long to be held ends without its line end. */
    const bool is_part = !entry->is_row && raw[size - 1] != '\n' && raw[size - 1] != '\r';
    const size_t shown =
        mimic_csv__raw_size(raw, size, reader->options.max_raw_bytes, &is_cut);
    mimic_reject reject = {.struct_size = sizeof reject,
                           .code = entry->code,
                           .source = mimic_source_name(reader->source),
                           .byte_offset = slot->block.byte_offset + (int64_t)entry->start,
                           .column = field_name(reader, entry),
                           .message = "",
                           .raw = raw,
                           .raw_size = shown,
                           .raw_is_cut = is_part || is_cut};
    return reject;
}

static mimic_status fail_at(const mimic_reject *reject, mimic_error *err)
{
    const char *const code = mimic_reject_code_name(reject->code);
    mimic__fail(err, MIMIC_ERR_VALUE, "%s, record %lld (line %lld)%s%s: %s (%s)", reject->source,
                (long long)reject->record, (long long)reject->line,
                reject->column[0] == '\0' ? "" : ", column ", reject->column, reject->message,
                code);
    mimic__error_place(err, reject->source, reject->record, reject->line, reject->byte_offset,
                       reject->column);
    return MIMIC_ERR_VALUE;
}

static mimic_status deliver_one(mimic_csv_reader *reader, const csv_slot *slot,
                                const csv_reject_entry *entry, mimic_reject *reject,
                                mimic_error *err)
{
    char message[384];
    if (entry->column != SIZE_MAX) {
        mimic__coerce_message(slot->plan, entry->column, entry->code,
                              slot->block.bytes + entry->value_start,
                              entry->value_end - entry->value_start, message, sizeof message);
    } else {
        describe_entry(slot, entry, message, sizeof message);
    }
    reject->message = message;
    if (entry->policy == MIMIC_ON_ERROR_FAIL)
        return fail_at(reject, err);
    reader->counts.read++;
    reader->counts.rejected++;
    if (reader->options.on_reject != NULL &&
        reader->options.on_reject(reject, reader->options.on_reject_ctx) != 0)
        return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled by the reject callback");
    return MIMIC_OK;
}

mimic_status mimic_csv__rejects_deliver(mimic_csv_reader *reader, csv_slot *slot,
                                        mimic_error *err)
{
    if (slot->reject_count > 1)
        qsort(slot->rejects, slot->reject_count, sizeof *slot->rejects, compare_entries);
    int64_t others = 0; /* entries so far that are not among the rows */
    int64_t line = slot->first_line;
    size_t counted = 0;
    for (size_t i = 0; i < slot->reject_count; i++) {
        const csv_reject_entry *const entry = &slot->rejects[i];
        line +=
            (int64_t)mimic_csv__count_lines(slot->block.bytes + counted, entry->start - counted);
        counted = entry->start;
        mimic_reject reject = make_reject(slot, entry);
        reject.line = line;
        reject.record = slot->first_record + (int64_t)entry->rows_before + others;
        others += !entry->is_row;
        MIMIC_TRY(deliver_one(reader, slot, entry, &reject, err));
    }
    return MIMIC_OK;
}

/* Brings the cursor to a row of the batch; the bad rows between were dropped. */
static void seek_row(csv_slot *slot, size_t batch_row)
{
    csv_place_cursor *const cursor = &slot->place;
    const csv_index *const index = &slot->index;
    if (batch_row < cursor->batch_rows)
        *cursor = (csv_place_cursor){0};
    for (;; cursor->row++) {
        if (mimic_csv__row_is_bad(slot, cursor->row))
            continue;
        if (cursor->batch_rows == batch_row)
            break;
        cursor->batch_rows++;
    }
    const size_t start = (uint32_t)(index->marks[cursor->row * index->stride] + 1);
    cursor->lines_before +=
        mimic_csv__count_lines(slot->block.bytes + cursor->start, start - cursor->start);
    cursor->start = start;
    while (cursor->faults_before < index->fault_count &&
           index->faults[cursor->faults_before].start < start)
        cursor->faults_before++;
}

mimic_status mimic_csv_reader_place(mimic_csv_reader *reader, int64_t row,
                                    mimic_reject *out_reject)
{
    if (reader == NULL || out_reject == NULL || row < 0)
        return MIMIC_ERR_ARGUMENT;
    csv_slot *const slot = reader->current;
    if (slot == NULL || slot->index.counts_only)
        return MIMIC_ERR_STATE;
    if (row >= slot->batch.row_count)
        return MIMIC_ERR_ARGUMENT;
    seek_row(slot, (size_t)row);
    const csv_place_cursor *const cursor = &slot->place;
    const uint32_t *const marks = slot->index.marks + cursor->row * slot->index.stride;
    const csv_reject_entry entry = mimic_csv__row_entry(slot, marks, SIZE_MAX);
    mimic_reject reject = make_reject(slot, &entry);
    reject.line = slot->first_line + (int64_t)cursor->lines_before;
    reject.record = slot->first_record +
                    (int64_t)(mimic_csv__row_number(slot, cursor->row) + cursor->faults_before);
    return MIMIC_VIEW_COPY(out_reject, reject);
}

int64_t mimic_csv__reader_record(const mimic_csv_reader *reader, int64_t row)
{
    csv_slot *const slot = reader->current;
    if (slot->records == slot->batch.row_count)
        return slot->first_record + row;
    seek_row(slot, (size_t)row);
    return slot->first_record +
           (int64_t)(mimic_csv__row_number(slot, slot->place.row) + slot->place.faults_before);
}
