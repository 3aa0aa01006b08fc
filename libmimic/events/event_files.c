/*
 * See event_files.h. Encoding knows one set only: of a subject that goes on it cannot tell which files
 * were begun before. So the static facts of a subject that may go on are made a piece of their own,
 * which is written before the first piece of every file that begins later.
 */
#include "events/event_files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "events/event_ndjson.h"
#include "events/event_shard.h"

struct mimic_event_files {
    const mimic_context *ctx;
    mimic_event_files_options options;
    char *scratch_path;         /* scratch files stand beside it */
    mimic_event_pieces waiting; /* of one subject, the last */
    size_t waiting_bytes;       /* in memory */
    int scratch;                /* -1 = none */
    int64_t scratch_size;
    int64_t file_count;
    int64_t byte_count;
};

/* ---- encoding ---- */

/* An event of a subject and the file that it goes to. */
typedef struct member {
    int64_t id;
    size_t index; /* in the set */
} member;

static int compare_members(const void *left, const void *right)
{
    const member *a = left;
    const member *b = right;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* What encoding one set works with. */
typedef struct encoding {
    const mimic_event_files *files;
    mimic_event_columns *columns;
    const mimic_event_set *set;
    mimic_event_pieces *pieces;
    member *members;
    mimic_event *events; /* of one file, gathered */
    const char **texts;
} encoding;

static mimic_status add_lines(encoding *e, const mimic_event_slice *slice, mimic_event_piece *piece,
                              mimic_error *err)
{
    mimic__buffer_init(&piece->ready.bytes, e->files->ctx);
    mimic__event_ndjson(e->files->options.terms, slice, &piece->ready.bytes);
    const bool has_failed = piece->ready.bytes.failed;
    MIMIC_TRY(mimic__event_pieces_add(e->pieces, piece, err));
    return has_failed ? mimic__fail_memory(err) : MIMIC_OK;
}

/* A piece, or several when it is large, for the file that `piece` says. */
static mimic_status add_pieces(encoding *e, mimic_event_slice slice, mimic_event_piece piece,
                               mimic_error *err)
{
    if (e->files->options.format == MIMIC_EVENT_FORMAT_NDJSON)
        return add_lines(e, &slice, &piece, err);
    return mimic__event_pieces_encode(e->pieces, e->columns, slice, piece, err);
}

static int64_t id_of(const encoding *e, const mimic_event *event)
{
    return e->files->options.group == MIMIC_GROUP_ADMISSION ? event->admission : event->stay;
}

/* The file of members [first, end): `static_count` events of the set from `start` on, then these. */
static mimic_status add_file(encoding *e, size_t start, size_t static_count, size_t first,
                             size_t end, mimic_error *err)
{
    const mimic_event_set *set = e->set;
    size_t count = static_count;
    if (static_count > 0) {
        memcpy(e->events, set->events + start, static_count * sizeof *e->events);
        memcpy(e->texts, set->texts + start, static_count * sizeof *e->texts);
    }
    for (size_t i = first; i < end; i++, count++) {
        e->events[count] = set->events[e->members[i].index];
        e->texts[count] = set->texts[e->members[i].index];
    }
    const bool is_later = start == 0 && set->is_more;
    const mimic_event_piece piece = {.subject = set->events[start].subject,
                                     .id = e->members[first].id,
                                     .has_start = !is_later};
    return add_pieces(e, (mimic_event_slice){e->events, e->texts, count}, piece, err);
}

/* Admissions or stays of the subject whose events are [start, end) of the set. */
static mimic_status add_groups(encoding *e, size_t start, size_t end, mimic_error *err)
{
    const mimic_event_set *set = e->set;
    const bool is_later = start == 0 && set->is_more;
    size_t timed = start;
    while (timed < end && set->events[timed].time == MIMIC_EVENT_NONE)
        timed++;
    if (timed > start && (is_later || end == set->count)) {
        const mimic_event_slice slice = {set->events + start, set->texts + start, timed - start};
        const mimic_event_piece piece = {.subject = set->events[start].subject,
                                         .id = MIMIC_EVENT_NONE,
                                         .is_static = true};
        MIMIC_TRY(add_pieces(e, slice, piece, err));
    }
    size_t count = 0;
    for (size_t i = timed; i < end; i++)
        if (id_of(e, &set->events[i]) != MIMIC_EVENT_NONE)
            e->members[count++] = (member){id_of(e, &set->events[i]), i};
    qsort(e->members, count, sizeof *e->members, compare_members);
    for (size_t first = 0, last; first < count; first = last) {
        for (last = first + 1; last < count && e->members[last].id == e->members[first].id;)
            last++;
        MIMIC_TRY(add_file(e, start, is_later ? 0 : timed - start, first, last, err));
    }
    return MIMIC_OK;
}

static mimic_status add_subject(encoding *e, size_t start, size_t end, mimic_error *err)
{
    const mimic_event_set *set = e->set;
    if (e->members != NULL)
        return add_groups(e, start, end, err);
    const int64_t subject = set->events[start].subject;
    const mimic_event_slice slice = {set->events + start, set->texts + start, end - start};
    const mimic_event_piece piece = {.subject = subject, .id = subject, .has_start = true};
    return add_pieces(e, slice, piece, err);
}

static mimic_status encode_set(encoding *e, mimic_error *err)
{
    const mimic_event_set *set = e->set;
    for (size_t start = 0, end; start < set->count; start = end) {
        for (end = start + 1;
             end < set->count && set->events[end].subject == set->events[start].subject;)
            end++;
        MIMIC_TRY(add_subject(e, start, end, err));
    }
    return MIMIC_OK;
}

static bool makes_groups(const mimic_event_files *files)
{
    return files->options.group == MIMIC_GROUP_ADMISSION || files->options.group == MIMIC_GROUP_STAY;
}

mimic_status mimic__event_files_encode(const mimic_event_files *files,
                                       mimic_event_columns *columns, const mimic_event_set *set,
                                       mimic_event_pieces *pieces, mimic_error *err)
{
    encoding e = {.files = files, .columns = columns, .set = set, .pieces = pieces};
    if (!makes_groups(files) || set->count == 0)
        return encode_set(&e, err);
    e.members = mimic__alloc_array(files->ctx, set->count, sizeof *e.members);
    e.events = mimic__alloc_array(files->ctx, set->count, sizeof *e.events);
    e.texts = mimic__alloc_array(files->ctx, set->count, sizeof *e.texts);
    const bool has_memory = e.members != NULL && e.events != NULL && e.texts != NULL;
    const mimic_status status = has_memory ? encode_set(&e, err) : mimic__fail_memory(err);
    mimic__free(files->ctx, e.members);
    mimic__free(files->ctx, e.events);
    mimic__free(files->ctx, e.texts);
    return status;
}

/* ---- the scratch file ---- */

static mimic_status fail_scratch(const mimic_event_files *files, const char *what, int error_number,
                                 mimic_error *err)
{
    return mimic__fail_errno(err, MIMIC_ERR_IO, error_number, "cannot %s a scratch file beside %s",
                             what, files->scratch_path);
}

static mimic_status write_scratch(mimic_event_files *files, const char *bytes, size_t size,
                                  mimic_error *err)
{
    if (files->scratch < 0)
        MIMIC_TRY(mimic__open_nameless(files->ctx, files->scratch_path, &files->scratch, err));
    while (size > 0) {
        const ssize_t done = pwrite(files->scratch, bytes, size, (off_t)files->scratch_size);
        if (done > 0) {
            bytes += done;
            size -= (size_t)done;
            files->scratch_size += done;
        } else if (done == 0 || errno != EINTR) {
            return fail_scratch(files, "write", done == 0 ? EIO : errno, err);
        }
    }
    return MIMIC_OK;
}

static mimic_status read_scratch(const mimic_event_files *files, int64_t offset, char *bytes,
                                 size_t size, mimic_error *err)
{
    while (size > 0) {
        const ssize_t done = pread(files->scratch, bytes, size, (off_t)offset);
        if (done > 0) {
            bytes += done;
            size -= (size_t)done;
            offset += done;
        } else if (done == 0 || errno != EINTR) {
            return fail_scratch(files, "read", done == 0 ? EIO : errno, err);
        }
    }
    return MIMIC_OK;
}

/* Writes what waits in memory to the scratch file. */
static mimic_status put_aside(mimic_event_files *files, mimic_error *err)
{
    for (size_t i = 0; i < files->waiting.count; i++) {
        mimic_event_piece *piece = &files->waiting.items[i];
        if (piece->aside_size > 0)
            continue;
        piece->aside = files->scratch_size;
        MIMIC_TRY(write_scratch(files, piece->ready.bytes.data, piece->ready.bytes.size, err));
        piece->aside_size = piece->ready.bytes.size;
        mimic__buffer_free(&piece->ready.bytes);
    }
    files->waiting_bytes = 0;
    return MIMIC_OK;
}

static mimic_status fetch(const mimic_event_files *files, mimic_event_piece *piece,
                          mimic_error *err)
{
    mimic_buffer *bytes = &piece->ready.bytes;
    if (piece->aside_size == 0 || bytes->size > 0)
        return MIMIC_OK;
    if (!mimic__buffer_reserve(bytes, piece->aside_size))
        return mimic__fail_memory(err);
    MIMIC_TRY(read_scratch(files, piece->aside, bytes->data, piece->aside_size, err));
    bytes->size = piece->aside_size;
    return MIMIC_OK;
}

/* ---- writing ---- */

static char *make_path(const mimic_event_files *files, const mimic_event_piece *piece)
{
    unsigned char id[8];
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = (unsigned char)((uint64_t)piece->subject >> (8 * i));
    const unsigned hash = (unsigned)(mimic__hash64(id, sizeof id) & 0xffff);
    mimic_buffer path;
    mimic__buffer_init(&path, files->ctx);
    mimic__buffer_format(&path, "%s/files/%02x/", files->options.path, hash & 0xff);
    if (files->options.is_deep)
        mimic__buffer_format(&path, "%02x/", hash >> 8);
    mimic__buffer_format(&path, "%" PRId64, piece->subject);
    if (makes_groups(files))
        mimic__buffer_format(&path, "-%" PRId64, piece->id);
    mimic__buffer_text(&path, files->options.format == MIMIC_EVENT_FORMAT_NDJSON ? ".ndjson"
                                                                                 : ".arrow");
    return mimic__buffer_take_text(&path);
}

/* The file that is being written. */
typedef struct open_file {
    mimic_event_shard shard;
    mimic_output *lines;
} open_file;

static mimic_status add_to_file(mimic_event_files *files, open_file *file, mimic_event_piece *piece,
                                mimic_error *err)
{
    MIMIC_TRY(fetch(files, piece, err));
    const mimic_status status =
        file->lines != NULL ? mimic__output_write(file->lines, piece->ready.bytes.data,
                                                  piece->ready.bytes.size, err)
                            : mimic__event_shard_add(&file->shard, &piece->ready, err);
    if (piece->aside_size > 0)
        mimic__buffer_free(&piece->ready.bytes);
    return status;
}

static mimic_status open_named(mimic_event_files *files, open_file *file, const char *path,
                               mimic_error *err)
{
    const mimic_event_files_options *options = &files->options;
    const mimic_output_options plain = {.compression = MIMIC_COMPRESSION_NONE,
                                        .no_sync = options->no_sync};
    return options->format == MIMIC_EVENT_FORMAT_NDJSON
               ? mimic__output_open(files->ctx, path, &plain, &file->lines, err)
               : mimic__event_shard_open(&file->shard, options->form, path, options->no_sync, err);
}

static mimic_status close_file(mimic_event_files *files, open_file *file, mimic_error *err)
{
    int64_t bytes = 0;
    if (file->lines != NULL) {
        MIMIC_TRY(mimic__output_publish(file->lines, err));
        bytes = mimic__output_position(file->lines);
    } else {
        MIMIC_TRY(mimic__event_shard_close(&file->shard, &bytes, err));
    }
    files->file_count++;
    files->byte_count += bytes;
    return MIMIC_OK;
}

/* Writes the pieces [first, end), which are of one file, behind `static_count` pieces. */
static mimic_status fill_file(mimic_event_files *files, open_file *file, size_t static_count,
                              size_t first, size_t end, mimic_error *err)
{
    mimic_event_piece *pieces = files->waiting.items;
    for (size_t i = 0; i < static_count && !pieces[first].has_start; i++)
        MIMIC_TRY(add_to_file(files, file, &pieces[i], err));
    for (size_t i = first; i < end; i++)
        MIMIC_TRY(add_to_file(files, file, &pieces[i], err));
    return close_file(files, file, err);
}

static mimic_status write_file(mimic_event_files *files, size_t static_count, size_t first,
                               size_t end, mimic_error *err)
{
    open_file file = {0};
    char *path = make_path(files, &files->waiting.items[first]);
    mimic_status status =
        path == NULL ? mimic__fail_memory(err) : open_named(files, &file, path, err);
    mimic__free(files->ctx, path);
    if (status == MIMIC_OK)
        status = fill_file(files, &file, static_count, first, end, err);
    mimic__event_shard_free(&file.shard);
    mimic__output_free(file.lines);
    return status;
}

/* Static facts first, then file by file; pieces of a file as they came. */
static int compare_pieces(const void *left, const void *right)
{
    const mimic_event_piece *a = left;
    const mimic_event_piece *b = right;
    if (a->is_static != b->is_static)
        return a->is_static ? -1 : 1;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* The subject that waits is complete. */
static mimic_status write_subject(mimic_event_files *files, mimic_error *err)
{
    mimic_event_pieces *waiting = &files->waiting;
    mimic_status status = MIMIC_OK;
    size_t static_count = 0;
    if (waiting->count > 0)
        qsort(waiting->items, waiting->count, sizeof *waiting->items, compare_pieces);
    while (static_count < waiting->count && waiting->items[static_count].is_static)
        static_count++;
    for (size_t first = static_count, end; first < waiting->count && status == MIMIC_OK;
         first = end) {
        for (end = first + 1;
             end < waiting->count && waiting->items[end].id == waiting->items[first].id;)
            end++;
        status = write_file(files, static_count, first, end, err);
    }
    mimic__event_pieces_clear(waiting);
    files->waiting_bytes = 0;
    files->scratch_size = 0;
    return status;
}

/* Takes the piece over, in any case. */
static mimic_status take_piece(mimic_event_files *files, mimic_event_piece *piece, mimic_error *err)
{
    mimic_event_pieces *waiting = &files->waiting;
    mimic_status status = MIMIC_OK;
    if (waiting->count > 0 && waiting->items[0].subject != piece->subject)
        status = write_subject(files, err);
    const size_t size = piece->ready.bytes.size;
    piece->number = waiting->count;
    const mimic_status added = mimic__event_pieces_add(waiting, piece, err);
    if (status != MIMIC_OK || added != MIMIC_OK)
        return status != MIMIC_OK ? status : added;
    files->waiting_bytes += size;
    return files->waiting_bytes <= MIMIC_EVENT_WAITING_BYTES ? MIMIC_OK : put_aside(files, err);
}

mimic_status mimic__event_files_write(mimic_event_files *files, mimic_event_pieces *pieces,
                                      mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    for (size_t i = 0; i < pieces->count && status == MIMIC_OK; i++) {
        mimic_event_piece piece = pieces->items[i];
        memset(&pieces->items[i], 0, sizeof piece);
        mimic__buffer_init(&pieces->items[i].ready.bytes, pieces->ctx);
        status = take_piece(files, &piece, err);
    }
    return status;
}

mimic_status mimic__event_files_finish(mimic_event_files *files, mimic_error *err)
{
    return write_subject(files, err);
}

/* ---- life ---- */

mimic_status mimic__event_files_new(const mimic_context *ctx,
                                    const mimic_event_files_options *options,
                                    mimic_event_files **out_files, mimic_error *err)
{
    *out_files = NULL;
    mimic_event_files *files = mimic__alloc_zeroed(ctx, 1, sizeof *files);
    if (files == NULL)
        return mimic__fail_memory(err);
    files->ctx = ctx;
    files->options = *options;
    files->waiting.ctx = ctx;
    files->scratch = -1;
    mimic_buffer path;
    mimic__buffer_init(&path, ctx);
    mimic__buffer_format(&path, "%s/files", options->path);
    files->scratch_path = mimic__buffer_take_text(&path);
    if (files->scratch_path == NULL) {
        mimic__event_files_free(files);
        return mimic__fail_memory(err);
    }
    *out_files = files;
    return MIMIC_OK;
}

void mimic__event_files_free(mimic_event_files *files)
{
    if (files == NULL)
        return;
    mimic__event_pieces_clear(&files->waiting);
    if (files->scratch >= 0)
        (void)close(files->scratch);
    mimic__free(files->ctx, files->scratch_path);
    mimic__free(files->ctx, files);
}

void mimic__event_files_totals(const mimic_event_files *files, int64_t *out_files,
                               int64_t *out_bytes)
{
    *out_files = files->file_count;
    *out_bytes = files->byte_count;
}
