/*
 * The files of a dataset that is read: which there are, in which order, which subjects they hold, and
 * subject_splits.arrow. See event_read.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "events/event_plan.h"
#include "events/event_read.h"
#include "io/output.h"

#define FOLDERS_MAX 16

/* ---- one Arrow file ---- */

static mimic_status read_place(void *ctx, int64_t offset, void *bytes, size_t size,
                               mimic_error *err)
{
    const mimic_read_input *input = ctx;
    char *target = bytes;
    while (size > 0) {
        const ssize_t got = pread(input->file, target, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot read %s", input->path);
        if (got == 0)
            return mimic__fail(err, MIMIC_ERR_IO, "%s became shorter while it was read",
                               input->path);
        target += got;
        offset += got;
        size -= (size_t)got;
    }
    return MIMIC_OK;
}

static mimic_status open_inner(mimic_read_input *input, uint64_t max_bytes, mimic_error *err)
{
    struct stat facts;
    if (input->file < 0)
        return mimic__fail_errno(err, errno == ENOENT ? MIMIC_ERR_NOT_FOUND : MIMIC_ERR_IO, errno,
                                 "cannot open %s", input->path);
    if (fstat(input->file, &facts) != 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot look at %s", input->path);
    if (!S_ISREG(facts.st_mode))
        return mimic__fail(err, MIMIC_ERR_IO, "%s is no regular file", input->path);
    const mimic_ipc_input bytes = {read_place, input, (int64_t)facts.st_size, input->path, true};
    MIMIC_TRY(mimic__ipc_reader_open(input->ctx, &bytes, max_bytes, &input->reader, err));
    if (mimic__ipc_reader_batch_count(input->reader) >= 0)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                       "%s is in the Arrow stream format; a dataset needs files in the file format",
                       input->path);
}

mimic_status mimic__read_input_open(mimic_read_input *input, const char *path, uint64_t max_bytes,
                                    mimic_error *err)
{
    input->path = path;
    input->file = mimic__open_file(path, O_RDONLY | O_NONBLOCK);
    const mimic_status status = open_inner(input, max_bytes, err);
    if (status != MIMIC_OK)
        mimic__read_input_close(input);
    return status;
}

void mimic__read_input_close(mimic_read_input *input)
{
    mimic__ipc_reader_free(input->reader);
    if (input->file >= 0)
        close(input->file); /* was only read from: nothing can be lost */
    input->reader = NULL;
    input->file = -1;
}

size_t mimic__read_input_find(const mimic_read_input *input, const char *name)
{
    const mimic_ipc_schema *schema = mimic__ipc_reader_schema(input->reader);
    for (size_t i = 0; i < schema->field_count; i++)
        if (strcmp(schema->fields[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

/* ---- the list ---- */

/* Splits that the standard names come first, in the order in which they are written. */
static unsigned split_rank(const char *split)
{
    unsigned rank = 0;
    while (rank < MIMIC_SPLIT_COUNT && strcmp(split, mimic__event_split_name(rank)) != 0)
        rank++;
    return rank;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Numbers in names count as numbers: "2.arrow" comes before "10.arrow". */
static int compare_names(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (is_digit(*a) && is_digit(*b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            const size_t a_size = strspn(a, "0123456789");
            const size_t b_size = strspn(b, "0123456789");
            const int order = a_size == b_size ? memcmp(a, b, a_size) : a_size < b_size ? -1 : 1;
            if (order != 0)
                return order;
            a += a_size;
            b += b_size;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static int compare_files(const void *left, const void *right)
{
    const mimic_read_file *a = left;
    const mimic_read_file *b = right;
    const unsigned a_rank = split_rank(a->split);
    const unsigned b_rank = split_rank(b->split);
    if (a_rank != b_rank)
        return a_rank < b_rank ? -1 : 1;
    const int order = strcmp(a->split, b->split);
    if (order != 0)
        return order;
    const int natural = compare_names(a->relative, b->relative);
    return natural != 0 ? natural : strcmp(a->relative, b->relative);
}

static bool has_ending(const char *name, const char *ending)
{
    const size_t size = strlen(name);
    const size_t length = strlen(ending);
    return size >= length && strcmp(name + size - length, ending) == 0;
}

/* The files of the split that is asked for, of all that are below data/. */
static mimic_status take_files(mimic_trajectories *reader, const mimic_file_entry *entries,
                               size_t count, mimic_error *err)
{
    bool has_parquet = false;
    reader->files = mimic__arena_array(&reader->arena, count + 1, sizeof *reader->files);
    if (reader->files == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const char *slash = strchr(entries[i].relative, '/');
        const size_t size = slash == NULL ? 0 : (size_t)(slash - entries[i].relative);
        const char *split = mimic__arena_strndup(&reader->arena, entries[i].relative, size);
        if (split == NULL)
            return mimic__fail_memory(err);
        has_parquet |= has_ending(entries[i].relative, ".parquet");
        if (!has_ending(entries[i].relative, ".arrow") ||
            (reader->options.split != NULL && strcmp(reader->options.split, split) != 0))
            continue;
        reader->files[reader->file_count++] = (mimic_read_file){.path = entries[i].path,
                                                                .relative = entries[i].relative,
                                                                .split = split,
                                                                .size = entries[i].size < 0 ? 0 : entries[i].size,
                                                                .batch_count = -1};
    }
    if (reader->file_count == 0 && has_parquet)
        return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                           "%s/data holds Parquet files; write them as Arrow IPC files (.arrow) to "
                           "have them read",
                           reader->path);
    if (reader->file_count == 0 && reader->options.split != NULL)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "%s has no split \"%s\"", reader->path,
                           reader->options.split);
    qsort(reader->files, reader->file_count, sizeof *reader->files, compare_files);
    return MIMIC_OK;
}

mimic_status mimic__read_list_files(mimic_trajectories *reader, mimic_error *err)
{
    struct stat facts;
    mimic_file_entry *entries = NULL;
    size_t count = 0;
    const char *data = mimic__arena_format(&reader->arena, "%s/data", reader->path);
    const char *const files = mimic__arena_format(&reader->arena, "%s/files", reader->path);
    if (data == NULL || files == NULL)
        return mimic__fail_memory(err);
    if (stat(data, &facts) != 0 && errno == ENOENT && stat(files, &facts) == 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                           "%s has a file a patient (layout \"files\"); what is read back is the "
                           "layout \"shards\"",
                           reader->path);
    if (stat(data, &facts) != 0 && errno == ENOENT)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                           "%s holds no dataset of trajectories: there is no folder data in it",
                           reader->path);
    MIMIC_TRY(mimic__list_files(&reader->arena, data, FOLDERS_MAX, false, &entries, &count, err));
    return take_files(reader, entries, count, err);
}

/* ---- looks at a file out of order ---- */

/* Opens the subjects of a file for looks at them. */
static mimic_status open_probe(mimic_trajectories *reader, size_t file, mimic_error *err)
{
    mimic_read_input *probe = &reader->probe;
    if (probe->file >= 0 && reader->probe_file == file)
        return MIMIC_OK;
    mimic__read_input_close(probe);
    MIMIC_TRY(mimic__read_input_open(probe, reader->files[file].path,
                                     reader->options.max_batch_bytes, err));
    reader->probe_file = file;
    const size_t field = mimic__read_input_find(probe, "subject_id");
    const mimic_type type = MIMIC_TYPE_INT64;
    if (field != SIZE_MAX &&
        mimic__ipc_can_read_as(&mimic__ipc_reader_schema(probe->reader)->fields[field], type))
        return mimic__ipc_reader_choose(probe->reader, &field, &type, 1, err);
    const char *path = probe->path;
    mimic__read_input_close(probe);
    return mimic__fail(err, MIMIC_ERR_CORRUPT,
                       "%s is no file of events: it has no column \"subject_id\" of int64", path);
}

mimic_status mimic__read_batch_count(mimic_trajectories *reader, size_t file, size_t *out_count,
                                     mimic_error *err)
{
    mimic_read_file *at = &reader->files[file];
    if (at->batch_count < 0) {
        MIMIC_TRY(open_probe(reader, file, err));
        at->batch_count = mimic__ipc_reader_batch_count(reader->probe.reader);
    }
    *out_count = (size_t)at->batch_count;
    return MIMIC_OK;
}

/* The subjects of a record batch, borrowed until the next look. */
static mimic_status read_subjects(mimic_trajectories *reader, size_t file, size_t batch,
                                  const mimic_batch **out_batch, mimic_error *err)
{
    MIMIC_TRY(open_probe(reader, file, err));
    mimic__ipc_reader_go_to(reader->probe.reader, batch);
    const mimic_status status = mimic__ipc_reader_next(reader->probe.reader, out_batch, err);
    if (status == MIMIC_OK && (*out_batch)->columns[0].null_count == 0)
        return MIMIC_OK;
    mimic__read_input_close(&reader->probe);
    if (status < 0)
        return status;
    return mimic__fail(err, MIMIC_ERR_CORRUPT, "%s: a subject_id is missing",
                       reader->files[file].path);
}

static mimic_status read_range(mimic_trajectories *reader, size_t file, size_t batch,
                               mimic_read_range **out_range, mimic_error *err)
{
    size_t count = 0;
    const mimic_batch *subjects = NULL;
    mimic_read_file *at = &reader->files[file];
    MIMIC_TRY(mimic__read_batch_count(reader, file, &count, err));
    if (at->ranges == NULL)
        at->ranges = mimic__arena_array(&reader->arena, count + 1, sizeof *at->ranges);
    if (at->ranges == NULL)
        return mimic__fail_memory(err);
    mimic_read_range *range = *out_range = &at->ranges[batch];
    if (range->is_known)
        return MIMIC_OK;
    MIMIC_TRY(read_subjects(reader, file, batch, &subjects, err));
    const int64_t *values = subjects->columns[0].values;
    *range = (mimic_read_range){.is_known = true, .is_empty = subjects->row_count == 0};
    if (!range->is_empty) {
        range->first = values[0];
        range->last = values[subjects->row_count - 1];
    }
    return MIMIC_OK;
}

/* ---- where a subject is ---- */

typedef enum file_place { BEFORE_FILE, IN_FILE, BEHIND_FILE, NO_SUBJECTS } file_place;

/* Whether a subject is before, among or behind those of a file. */
static mimic_status place_in_file(mimic_trajectories *reader, size_t file, int64_t subject,
                                  file_place *out_place, mimic_error *err)
{
    size_t count = 0;
    size_t first = 0;
    mimic_read_range *range = NULL;
    *out_place = NO_SUBJECTS;
    MIMIC_TRY(mimic__read_batch_count(reader, file, &count, err));
    for (; first < count; first++) {
        MIMIC_TRY(read_range(reader, file, first, &range, err));
        if (!range->is_empty)
            break;
    }
    if (first == count)
        return MIMIC_OK;
    *out_place = subject < range->first ? BEFORE_FILE : IN_FILE;
    while (*out_place == IN_FILE && count-- > first) {
        MIMIC_TRY(read_range(reader, file, count, &range, err));
        if (range->is_empty)
            continue;
        *out_place = subject > range->last ? BEHIND_FILE : IN_FILE;
        return MIMIC_OK;
    }
    return MIMIC_OK;
}

static bool holds(const mimic_batch *batch, int64_t subject)
{
    const int64_t *values = batch->columns[0].values;
    int64_t low = 0;
    int64_t high = batch->row_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (values[middle] < subject)
            low = middle + 1;
        else
            high = middle;
    }
    return low < batch->row_count && values[low] == subject;
}

/* The first record batch of a file whose last subject is not below this one, if it has the subject. */
static mimic_status find_in_file(mimic_trajectories *reader, size_t file, int64_t subject,
                                 size_t *out_batch, mimic_error *err)
{
    size_t low = 0;
    size_t high = 0;
    const mimic_batch *batch = NULL;
    mimic_read_range *range = NULL;
    MIMIC_TRY(mimic__read_batch_count(reader, file, &high, err));
    const size_t count = high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        size_t filled = middle; /* a batch without rows says nothing: the next one that has some */
        do {
            MIMIC_TRY(read_range(reader, file, filled, &range, err));
        } while (range->is_empty && ++filled < high);
        if (!range->is_empty && range->last < subject)
            low = filled + 1;
        else
            high = middle;
    }
    for (; low < count; low++) {
        MIMIC_TRY(read_range(reader, file, low, &range, err));
        if (!range->is_empty)
            break;
    }
    if (low == count || subject < range->first || subject > range->last)
        return MIMIC_END;
    MIMIC_TRY(read_subjects(reader, file, low, &batch, err));
    *out_batch = low;
    return holds(batch, subject) ? MIMIC_OK : MIMIC_END;
}

/* The files [first, end) of one split, which as a rule follow each other by subject. */
static mimic_status find_in_split(mimic_trajectories *reader, size_t first, size_t end,
                                  int64_t subject, size_t *out_file, size_t *out_batch,
                                  mimic_error *err)
{
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        size_t file = middle;
        file_place place = NO_SUBJECTS;
        MIMIC_TRY(place_in_file(reader, file, subject, &place, err));
        while (place == NO_SUBJECTS && ++file < end)
            MIMIC_TRY(place_in_file(reader, file, subject, &place, err));
        *out_file = file;
        if (place == IN_FILE)
            return find_in_file(reader, file, subject, out_batch, err);
        if (place == BEHIND_FILE)
            first = file + 1;
        else
            end = middle;
    }
    return MIMIC_END;
}

/* Where other writers put subjects into files in another order. */
static mimic_status find_anywhere(mimic_trajectories *reader, int64_t subject, size_t *out_file,
                                  size_t *out_batch, mimic_error *err)
{
    for (size_t file = 0; file < reader->file_count; file++) {
        file_place place = NO_SUBJECTS;
        MIMIC_TRY(place_in_file(reader, file, subject, &place, err));
        *out_file = file;
        if (place != IN_FILE)
            continue;
        const mimic_status status = find_in_file(reader, file, subject, out_batch, err);
        if (status != MIMIC_END)
            return status;
    }
    return MIMIC_END;
}

mimic_status mimic__read_find_subject(mimic_trajectories *reader, int64_t subject,
                                      size_t *out_file, size_t *out_batch, mimic_error *err)
{
    mimic_status status = MIMIC_END;
    for (size_t first = 0; first < reader->file_count && status == MIMIC_END;) {
        size_t end = first + 1;
        while (end < reader->file_count &&
               strcmp(reader->files[end].split, reader->files[first].split) == 0)
            end++;
        status = find_in_split(reader, first, end, subject, out_file, out_batch, err);
        first = end;
    }
    if (status == MIMIC_END)
        status = find_anywhere(reader, subject, out_file, out_batch, err);
    if (status == MIMIC_END)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "%s: no event of subject %lld%s%s%s",
                           reader->path, (long long)subject,
                           reader->options.split == NULL ? "" : " in split \"",
                           reader->options.split == NULL ? "" : reader->options.split,
                           reader->options.split == NULL ? "" : "\"");
    return status;
}

/* ---- subject_splits.arrow ---- */

static bool is_text(const mimic_column *column, int64_t row, const char *text)
{
    const int32_t start = column->offsets[row];
    const size_t size = (size_t)(column->offsets[row + 1] - start);
    return mimic_column_is_valid(column, row) && size == strlen(text) &&
           memcmp((const char *)column->values + start, text, size) == 0;
}

static mimic_status count_rows(mimic_read_input *input, const char *split, int64_t *count,
                               mimic_error *err)
{
    const mimic_batch *batch = NULL;
    const size_t field = mimic__read_input_find(input, "split");
    const mimic_ipc_schema *schema = mimic__ipc_reader_schema(input->reader);
    const mimic_type type = MIMIC_TYPE_STRING;
    if (field == SIZE_MAX || !mimic__ipc_can_read_as(&schema->fields[field], type))
        return mimic__fail(err, MIMIC_ERR_CORRUPT,
                           "%s is no table of splits: it has no column \"split\" of texts",
                           input->path);
    MIMIC_TRY(mimic__ipc_reader_choose(input->reader, &field, &type, 1, err));
    *count = 0;
    for (;;) {
        const mimic_status status = mimic__ipc_reader_next(input->reader, &batch, err);
        if (status == MIMIC_END)
            return MIMIC_OK;
        MIMIC_TRY(status);
        for (int64_t row = 0; row < batch->row_count; row++)
            *count += split == NULL || is_text(&batch->columns[0], row, split);
    }
}

mimic_status mimic__read_count_subjects(mimic_trajectories *reader, int64_t *out_count,
                                        mimic_error *err)
{
    struct stat facts;
    mimic_read_input input = {.ctx = reader->ctx, .file = -1};
    const char *path =
        mimic__arena_format(&reader->arena, "%s/metadata/subject_splits.arrow", reader->path);
    if (path == NULL)
        return mimic__fail_memory(err);
    *out_count = -1;
    if (stat(path, &facts) != 0 && errno == ENOENT)
        return MIMIC_OK;
    MIMIC_TRY(mimic__read_input_open(&input, path, reader->options.max_batch_bytes, err));
    const mimic_status status = count_rows(&input, reader->options.split, out_count, err);
    mimic__read_input_close(&input);
    return status;
}
