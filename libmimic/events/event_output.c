/*
 * See event_output.h. Memory for encoding is lent to each call of encode: as many are made as threads
 * ever encoded at once. Of each split at most one shard is open; a shard is complete when the next one of
 * its split begins.
 */
#include "events/event_output.h"

#include <inttypes.h>
#include <pthread.h>

#include "base/error.h"
#include "events/event_columns.h"
#include "events/event_files.h"
#include "events/event_piece.h"
#include "events/event_shard.h"

/* A sync of each file takes some milliseconds; of so many, all together are synced at the end. */
#define MANY_FILES 64u

/* The shards of one split. */
typedef struct output_lane {
    uint32_t next; /* the first file that was not begun */
    uint32_t end;  /* of the files of this part */
    mimic_event_shard shard;
    bool is_open;  /* then it is of file next - 1 */
} output_lane;

struct mimic_event_output {
    const mimic_context *ctx;
    mimic_event_output_options options;
    char *path;
    bool no_sync;     /* of single files */
    bool syncs_whole; /* all of them at the end instead */
    mimic_event_terms terms;
    mimic_ipc_form form;
    mimic_event_files *files; /* MIMIC_LAYOUT_FILES */
    output_lane lanes[MIMIC_SPLIT_COUNT];
    mimic_event_output_totals totals;
    mimic_event_target target;
    pthread_mutex_t lock;          /* of the two below */
    mimic_event_columns **resting; /* not lent at present */
    size_t resting_count;
    size_t resting_capacity; /* as many as there are columns */
    size_t columns_count;
};

/* ---- memory for encoding ---- */

/* Room for one more is made when columns are, so that giving them back cannot fail. */
static mimic_status make_columns(mimic_event_output *output, mimic_event_columns **out_columns,
                                 mimic_error *err)
{
    pthread_mutex_lock(&output->lock);
    mimic_event_columns **resting =
        mimic__array_grow(output->ctx, output->resting, output->columns_count,
                          &output->resting_capacity, sizeof(mimic_event_columns *));
    if (resting != NULL) {
        output->resting = resting;
        output->columns_count++;
    }
    pthread_mutex_unlock(&output->lock);
    if (resting == NULL)
        return mimic__fail_memory(err);
    return mimic__event_columns_new(output->ctx, &output->terms, out_columns, err);
}

static mimic_status borrow_columns(mimic_event_output *output, mimic_event_columns **out_columns,
                                   mimic_error *err)
{
    *out_columns = NULL;
    pthread_mutex_lock(&output->lock);
    if (output->resting_count > 0)
        *out_columns = output->resting[--output->resting_count];
    pthread_mutex_unlock(&output->lock);
    return *out_columns != NULL ? MIMIC_OK : make_columns(output, out_columns, err);
}

static void return_columns(mimic_event_output *output, mimic_event_columns *columns)
{
    pthread_mutex_lock(&output->lock);
    output->resting[output->resting_count++] = columns;
    pthread_mutex_unlock(&output->lock);
}

/* ---- shards ---- */

static mimic_status encode_shards(const mimic_event_output *output, mimic_event_columns *columns,
                                  const mimic_event_set *set, mimic_event_pieces *pieces,
                                  mimic_error *err)
{
    (void)output;
    mimic_event_slice slice = {set->events, set->texts, set->count};
    while (slice.count > 0) {
        mimic_event_piece piece = {0};
        size_t done = 0;
        const mimic_status status =
            mimic__event_columns_encode(columns, &slice, &piece.ready, &done, err);
        if (status != MIMIC_OK) {
            mimic__ipc_ready_free(&piece.ready);
            return status;
        }
        MIMIC_TRY(mimic__event_pieces_add(pieces, &piece, err));
        slice.events += done;
        slice.texts += done;
        slice.count -= done;
    }
    return MIMIC_OK;
}

static mimic_status close_shard(mimic_event_output *output, output_lane *lane, mimic_error *err)
{
    int64_t bytes = 0;
    if (!lane->is_open)
        return MIMIC_OK;
    lane->is_open = false;
    const mimic_status status = mimic__event_shard_close(&lane->shard, &bytes, err);
    mimic__event_shard_free(&lane->shard);
    output->totals.files++;
    output->totals.bytes += bytes;
    return status;
}

static mimic_status open_shard(mimic_event_output *output, unsigned split, mimic_error *err)
{
    output_lane *lane = &output->lanes[split];
    mimic_buffer path;
    mimic__buffer_init(&path, output->ctx);
    mimic__buffer_format(&path, "%s/data/%s/%" PRIu32 ".arrow", output->path,
                         mimic__event_split_name(split), lane->next);
    char *const text = mimic__buffer_take_text(&path);
    if (text == NULL)
        return mimic__fail_memory(err);
    const mimic_status status = mimic__event_shard_open(&lane->shard, &output->form, text,
                                                        output->no_sync, err);
    mimic__free(output->ctx, text);
    lane->is_open = true;
    lane->next++;
    return status;
}

/* All files before `file` are completed, empty where nothing came. */
static mimic_status go_to_file(mimic_event_output *output, unsigned split, uint32_t file,
                               mimic_error *err)
{
    output_lane *lane = &output->lanes[split];
    MIMIC_TRY(close_shard(output, lane, err));
    while (lane->next < file) {
        MIMIC_TRY(open_shard(output, split, err));
        MIMIC_TRY(close_shard(output, lane, err));
    }
    return MIMIC_OK;
}

static mimic_status write_shards(mimic_event_output *output, mimic_event_place place,
                                 const mimic_event_pieces *pieces, mimic_error *err)
{
    output_lane *lane = &output->lanes[place.split];
    const bool is_open = lane->is_open && lane->next == place.file + 1;
    if (!is_open && (place.file < lane->next || place.file >= lane->end))
        return mimic__fail(err, MIMIC_ERR_INTERNAL,
                           "events of file %" PRIu32 " of split %s come too late, or are not of "
                           "this part",
                           place.file, mimic__event_split_name(place.split));
    if (!is_open) {
        MIMIC_TRY(go_to_file(output, place.split, place.file, err));
        MIMIC_TRY(open_shard(output, place.split, err));
    }
    for (size_t i = 0; i < pieces->count; i++)
        MIMIC_TRY(mimic__event_shard_add(&lane->shard, &pieces->items[i].ready, err));
    return MIMIC_OK;
}

/* ---- the target ---- */

static void drop(void *ctx, void *encoded)
{
    mimic_event_output *output = ctx;
    mimic_event_pieces *pieces = encoded;
    if (pieces != NULL)
        mimic__event_pieces_clear(pieces);
    mimic__free(output->ctx, pieces);
}

static mimic_status encode(void *ctx, const mimic_event_set *set, void **out_encoded,
                           mimic_error *err)
{
    mimic_event_output *output = ctx;
    mimic_event_columns *columns = NULL;
    *out_encoded = NULL;
    mimic_event_pieces *pieces = mimic__alloc_zeroed(output->ctx, 1, sizeof *pieces);
    if (pieces == NULL)
        return mimic__fail_memory(err);
    pieces->ctx = output->ctx;
    mimic_status status = borrow_columns(output, &columns, err);
    if (status == MIMIC_OK) {
        status = output->files == NULL
                     ? encode_shards(output, columns, set, pieces, err)
                     : mimic__event_files_encode(output->files, columns, set, pieces, err);
        return_columns(output, columns);
    }
    if (status == MIMIC_OK)
        *out_encoded = pieces;
    else
        drop(output, pieces);
    return status;
}

static mimic_status write_encoded(void *ctx, mimic_event_place place, void *encoded,
                                  mimic_error *err)
{
    mimic_event_output *output = ctx;
    mimic_event_pieces *pieces = encoded;
    const mimic_status status = output->files == NULL
                                    ? write_shards(output, place, pieces, err)
                                    : mimic__event_files_write(output->files, pieces, err);
    drop(output, pieces);
    return status;
}

/* Rejects are another's to write. */
static mimic_status reject(void *ctx, const mimic_event_reject *reject, mimic_error *err)
{
    (void)ctx;
    (void)reject;
    (void)err;
    return MIMIC_OK;
}

static mimic_status end_subject(void *ctx, int64_t subject, int64_t events, mimic_error *err)
{
    mimic_event_output *output = ctx;
    (void)subject;
    (void)err;
    output->totals.subjects++;
    output->totals.events += events;
    return MIMIC_OK;
}

const mimic_event_target *mimic__event_output_target(mimic_event_output *output)
{
    return &output->target;
}

/* ---- life ---- */

/* Which files of each split are of this part. */
static void set_lanes(mimic_event_output *output)
{
    const mimic_event_output_options *options = &output->options;
    uint32_t start = 0;
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++) {
        const uint32_t count = mimic__event_plan_files(options->plan, split);
        const uint32_t first = options->first_file > start ? options->first_file - start : 0;
        const uint32_t end = options->end_file > start ? options->end_file - start : 0;
        output->lanes[split].next = first < count ? first : count;
        output->lanes[split].end = end < count ? end : count;
        start += count;
    }
}

static mimic_status init_files(mimic_event_output *output, mimic_error *err)
{
    const mimic_event_files_options options = {
        .path = output->path,
        .format = output->options.format,
        .group = output->options.group,
        .is_deep = mimic__event_plan_all_files(output->options.plan) > MIMIC_EVENT_FLAT_FILES,
        .no_sync = output->no_sync,
        .terms = &output->terms,
        .form = &output->form};
    return mimic__event_files_new(output->ctx, &options, &output->files, err);
}

static mimic_status init(mimic_event_output *output, mimic_error *err)
{
    const mimic_event_output_options *options = &output->options;
    output->path = mimic__strdup(output->ctx, options->path);
    if (output->path == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__event_terms_init(&output->terms, output->ctx, options->map, options->version,
                                      err));
    output->terms.codes = options->codes;
    output->terms.units = options->units;
    const mimic_ipc_shape shape = {output->terms.fields, MIMIC_EVENT_COLUMNS};
    MIMIC_TRY(mimic__ipc_form_init(&output->form, output->ctx, &shape, mimic__zstd_is_built_in(), err));
    set_lanes(output);
    return options->layout == MIMIC_LAYOUT_FILES ? init_files(output, err) : MIMIC_OK;
}

mimic_status mimic__event_output_new(const mimic_context *ctx,
                                     const mimic_event_output_options *options,
                                     mimic_event_output **out_output, mimic_error *err)
{
    *out_output = NULL;
    mimic_event_output *output = mimic__alloc_zeroed(ctx, 1, sizeof *output);
    if (output == NULL)
        return mimic__fail_memory(err);
    if (pthread_mutex_init(&output->lock, NULL) != 0) {
        mimic__free(ctx, output);
        return mimic__fail_memory(err);
    }
    output->ctx = ctx;
    output->options = *options;
    output->syncs_whole =
        mimic__has_whole_sync() && !options->no_sync &&
        (options->layout == MIMIC_LAYOUT_FILES ||
         (options->end_file > options->first_file &&
          options->end_file - options->first_file > MANY_FILES));
    output->no_sync = options->no_sync || output->syncs_whole;
    output->target = (mimic_event_target){.ctx = output,
                                          .encode = encode,
                                          .write = write_encoded,
                                          .drop = drop,
                                          .reject = reject,
                                          .subject = end_subject};
    const mimic_status status = init(output, err);
    if (status == MIMIC_OK)
        *out_output = output;
    else
        mimic__event_output_free(output);
    return status;
}

void mimic__event_output_free(mimic_event_output *output)
{
    if (output == NULL)
        return;
    const mimic_context *ctx = output->ctx;
    for (size_t i = 0; i < output->resting_count; i++)
        mimic__event_columns_free(output->resting[i]);
    mimic__free(ctx, output->resting);
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++)
        mimic__event_shard_free(&output->lanes[split].shard);
    mimic__event_files_free(output->files);
    mimic__ipc_form_free(&output->form);
    mimic__event_terms_free(&output->terms, ctx);
    mimic__free(ctx, output->path);
    (void)pthread_mutex_destroy(&output->lock);
    mimic__free(ctx, output);
}

mimic_status mimic__event_output_finish(mimic_event_output *output, mimic_error *err)
{
    if (output->files != NULL)
        MIMIC_TRY(mimic__event_files_finish(output->files, err));
    else
        for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++)
            MIMIC_TRY(go_to_file(output, split, output->lanes[split].end, err));
    return output->syncs_whole ? mimic__sync_whole(output->path, err) : MIMIC_OK;
}

mimic_event_output_totals mimic__event_output_totals(const mimic_event_output *output)
{
    mimic_event_output_totals totals = output->totals;
    if (output->files != NULL)
        mimic__event_files_totals(output->files, &totals.files, &totals.bytes);
    return totals;
}
