/*
 * Rejects of one conversion: those of the reader as they come, those of the sink after the batch that
 * holds them; counted by column and reason, and held against the limits.
 */
#include "load/load_conversion.h"
#include "load/load_keys.h"

#include <string.h>

#include "base/error.h"

static reject_group *find_group(conversion *work, const mimic_reject *reject)
{
    for (size_t i = 0; i < work->group_count; i++)
        if (work->groups[i].code == reject->code &&
            strcmp(work->groups[i].column, reject->column) == 0)
            return &work->groups[i];
    if (work->group_count == MAX_REJECT_GROUPS)
        return &work->groups[MAX_REJECT_GROUPS - 1];
    reject_group *group = &work->groups[work->group_count];
    group->code = reject->code;
    group->count = 0;
    group->column = mimic__arena_strdup(&work->groups_arena, reject->column);
    if (reject->line < 0) /* of a stream of rows, which has neither lines nor bytes */
        group->example =
            mimic__arena_format(&work->groups_arena, "first at %s row %lld: %s", reject->source,
                                (long long)reject->record, reject->message);
    else
        group->example = mimic__arena_format(
            &work->groups_arena, "first at %s record %lld, line %lld, byte %lld: %s",
            reject->source, (long long)reject->record, (long long)reject->line,
            (long long)reject->byte_offset, reject->message);
    if (group->column == NULL || group->example == NULL)
        return NULL;
    work->group_count++;
    return group;
}

/* `read`: rows up to the reject, as the counts of the reader lag behind it by up to a block. */
mimic_status mimic__load_check_limits(const conversion *work, int64_t read, bool is_end,
                                 mimic_error *err)
{
    const mimic_load_options *const options = work->job->options;
    const mimic_table_report *const entry = work->entry;
    const int64_t limit = options->max_rejects < 0 ? 0 : options->max_rejects;
    if (options->max_rejects != 0 && entry->rejected > limit)
        return mimic__fail(err, MIMIC_ERR_REJECTS,
                           "table %s: %lld rows rejected; at most %lld are allowed", entry->table,
                           (long long)entry->rejected, (long long)limit);
    /* A share means little before there are rows to share. */
    const bool is_telling = is_end || read >= 100000;
    if (options->max_reject_percent > 0 && is_telling &&
        (double)entry->rejected * 100.0 > (double)read * options->max_reject_percent)
        return mimic__fail(err, MIMIC_ERR_REJECTS,
                           "table %s: %lld of %lld rows rejected, more than the allowed share",
                           entry->table, (long long)entry->rejected, (long long)read);
    return MIMIC_OK;
}

static mimic_status take_reject(conversion *work, const mimic_reject *reject, mimic_error *err)
{
    reject_group *group = find_group(work, reject);
    if (group == NULL)
        return mimic__fail_memory(err);
    group->count++;
    work->entry->rejected++;
    MIMIC_TRY(mimic_sink_reject(work->job->sink, reject, err));
    const int64_t read = work->before.read + reject->record;
    return mimic__load_check_limits(work, read > work->entry->read ? read : work->entry->read, false, err);
}

int mimic__load_on_reject(const mimic_reject *reject, void *ctx)
{
    conversion *work = ctx;
    work->stopped = take_reject(work, reject, work->err);
    return work->stopped != MIMIC_OK;
}

int mimic__load_refuse_row(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                      const char *message)
{
    conversion *work = ctx;
    const mimic_batch_part *const part = work->chunk->part;
    refused_row *refused = mimic__arena_alloc(&work->refused_arena, sizeof *refused);
    if (refused != NULL) {
        refused->written_row = row;
        refused->row = part == NULL || row < 0 || row >= part->batch.row_count
                           ? row
                           : (int64_t)part->rows[row];
        refused->code = code;
        refused->column = mimic__arena_strdup(&work->refused_arena, column);
        refused->message = mimic__arena_strdup(&work->refused_arena, message);
    }
    if (refused == NULL || refused->column == NULL || refused->message == NULL) {
        work->stopped = mimic__fail_memory(work->err);
        return 1;
    }
    *work->last_refused = refused;
    work->last_refused = &refused->next;
    if (code == MIMIC_REJECT_UNIQUE &&
        mimic__keys_refused(work->job->keys, work->input->table))
        work->must_end = true;
    return 0;
}

void mimic__load_forget_refused(conversion *work)
{
    mimic__arena_free(&work->refused_arena);
    work->first_refused = NULL;
    work->last_refused = &work->first_refused;
}

/* Returns the number of rows that the sink refused in *out_count. */
mimic_status mimic__load_take_refused(conversion *work, int64_t *out_count, mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    *out_count = 0;
    for (const refused_row *refused = work->first_refused; refused != NULL && status == MIMIC_OK;
         refused = refused->next) {
        mimic_reject reject = {.struct_size = sizeof reject};
        status = mimic__load_reader_place(&work->part.reader, refused->row, &reject);
        if (status != MIMIC_OK) {
            status = mimic__fail(err, MIMIC_ERR_BACKEND, "the sink refused row %lld of a batch, "
                                 "which has no such row", (long long)refused->row);
            break;
        }
        reject.code = refused->code;
        reject.column = refused->column;
        reject.message = refused->message;
        status = take_reject(work, &reject, err);
        *out_count += 1;
    }
    mimic__load_forget_refused(work);
    return status;
}

mimic_status mimic__load_note_groups(conversion *work, mimic_error *err)
{
    for (size_t i = 0; i < work->group_count; i++) {
        const reject_group *const group = &work->groups[i];
        const mimic_note note = {.kind = MIMIC_NOTE_REJECTS,
                                 .is_problem = 1,
                                 .table = work->entry->table,
                                 .column = group->column,
                                 .code = mimic_reject_code_name(group->code),
                                 .count = group->count,
                                 .message = group->example};
        if (!mimic__report_add_note(work->job->report, &note))
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}

static mimic_status reject_skipped(conversion *work, const mimic_batch *batch, int64_t row,
                                   mimic_error *err)
{
    char message[256] = "";
    mimic_reject reject = {.struct_size = sizeof reject};
    MIMIC_TRY(mimic__load_reader_place(&work->part.reader, row, &reject));
    reject.column = "";
    if (work->flow->explain != NULL)
        MIMIC_TRY(work->flow->explain(work->flow->explain_ctx, batch->first_row + row, message,
                                      sizeof message, &reject.column, err));
    reject.code = MIMIC_REJECT_UNIQUE;
    reject.message = message;
    return take_reject(work, &reject, err);
}

/* Accounts for the rows that were left out before the sink saw the batch. */
mimic_status mimic__load_take_skipped(conversion *work, const mimic_batch *batch, mimic_error *err)
{
    const mimic_batch_part *const part = work->chunk->part;
    if (part == NULL)
        return MIMIC_OK;
    if (!work->flow->skipped_are_rejects) {
        work->entry->duplicates += batch->row_count - part->batch.row_count;
        return MIMIC_OK;
    }
    int64_t kept = 0;
    for (int64_t row = 0; row < batch->row_count; row++) {
        if (kept < part->batch.row_count && (int64_t)part->rows[kept] == row)
            kept++;
        else
            MIMIC_TRY(reject_skipped(work, batch, row, err));
    }
    return MIMIC_OK;
}
