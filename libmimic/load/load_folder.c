/*
 * Walks a folder and recognises the release. Headers are read of every file that looks like CSV; rows
 * are counted of small files only (a small compressed file that grows large is given up), since a count is a mark of a release (docs/formats.md) and the
 * dictionary tables that bear such marks are small.
 */
#include "load/load_folder.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "csv/csv_raw.h"
#include "coerce/coerce_column.h"
#include "schema/schema_detect.h"

#define MAX_DEPTH 2                           /* the folder and its modules */
#define COUNTED_BYTES ((int64_t)8 * 1024 * 1024) /* stored size of files whose rows are counted */
#define COUNTED_TEXT_BYTES ((int64_t)256 * 1024 * 1024) /* and as far as that many bytes of text */
#define SAMPLE_ROWS 20000
#define SAMPLE_VALUES 4096

static bool ends_with(const char *text, const char *ending)
{
    const size_t size = strlen(text);
    const size_t ending_size = strlen(ending);
    return size >= ending_size && mimic__name_equals(text + size - ending_size, ending);
}

static bool is_csv_name(const char *name)
{
    return ends_with(name, ".csv") || ends_with(name, ".csv.gz") || ends_with(name, ".csv.zst");
}

/* ---- looking into a file ---- */

typedef struct peek {
    mimic_source *source;
    csv_raw_reader reader;
} peek;

static void peek_close(peek *file)
{
    mimic_csv__raw_close(&file->reader);
    mimic_source_free(file->source);
    file->source = NULL;
}

static mimic_status peek_open(const mimic_context *ctx, const char *path, peek *file,
                              mimic_error *err)
{
    *file = (peek){0};
    mimic_status status = mimic_source_open(ctx, path, NULL, &file->source, err);
    if (status == MIMIC_OK)
        status = mimic_csv__raw_open(ctx, file->source, &file->reader, err);
    if (status != MIMIC_OK)
        peek_close(file);
    return status;
}

static mimic_status copy_header(mimic_arena *arena, const csv_raw_reader *reader,
                                mimic_found_file *found, mimic_error *err)
{
    const char **header = mimic__arena_array(arena, reader->header_count, sizeof *header);
    if (header == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < reader->header_count; i++) {
        header[i] = mimic__arena_strdup(arena, reader->header[i]);
        if (header[i] == NULL)
            return mimic__fail_memory(err);
    }
    found->header = header;
    found->header_count = reader->header_count;
    return MIMIC_OK;
}

/* A file that cannot be read is not recognised here; the load itself says what is wrong with it. */
static mimic_status look_at(mimic_arena *arena, const load_file *file, mimic_found_file *found,
                            mimic_error *err)
{
    peek opened;
    found->relative = file->relative;
    found->rows = -1;
    const mimic_status status = peek_open(arena->ctx, file->path, &opened, err);
    if (status == MIMIC_ERR_MEMORY)
        return status;
    if (status != MIMIC_OK)
        return MIMIC_OK;
    mimic_status copied = copy_header(arena, &opened.reader, found, err);
    if (copied == MIMIC_OK && file->size <= COUNTED_BYTES) {
        int64_t rows = 0;
        mimic_status next = MIMIC_OK;
        while (opened.reader.block.byte_offset < COUNTED_TEXT_BYTES &&
               (next = mimic_csv__raw_next(&opened.reader, NULL)) == MIMIC_OK)
            rows += (int64_t)(opened.reader.index.row_count + opened.reader.index.fault_count);
        found->rows = next == MIMIC_END ? rows : -1;
        if (next == MIMIC_ERR_MEMORY)
            copied = mimic__fail_memory(err);
        if (next == MIMIC_ERR_MEMORY)
            copied = mimic__fail_memory(err);
    }
    peek_close(&opened);
    return copied;
}

/* ---- values of a column, for releases that differ in nothing else ---- */

typedef struct value_sampler {
    mimic_arena arena;
    const load_folder *folder;
    mimic_text *values;
    bool ran_out; /* of memory: what was sampled says nothing */
} value_sampler;

static const load_file *find_file(const load_folder *folder, const char *relative)
{
    for (size_t i = 0; i < folder->file_count; i++)
        if (strcmp(folder->files[i].relative, relative) == 0)
            return &folder->files[i];
    return NULL;
}

/* Adds a value unless it equals the one before; repeated values come in runs. */
static bool add_value(value_sampler *sampler, size_t *count, const char *text, size_t size)
{
    const mimic_text *const last = *count > 0 ? &sampler->values[*count - 1] : NULL;
    if (last != NULL && last->size == size && memcmp(last->data, text, size) == 0)
        return true;
    const char *copy = mimic__arena_strndup(&sampler->arena, text, size);
    if (copy == NULL) {
        sampler->ran_out = true;
        return false;
    }
    sampler->values[(*count)++] = (mimic_text){copy, size};
    return *count < SAMPLE_VALUES;
}

static size_t sample(value_sampler *sampler, peek *opened, size_t column)
{
    size_t count = 0;
    char scratch[256];
    for (size_t rows = 0; rows < SAMPLE_ROWS;) {
        const mimic_status status = mimic_csv__raw_next(&opened->reader, NULL);
        sampler->ran_out |= status == MIMIC_ERR_MEMORY;
        if (status != MIMIC_OK)
            break;
        for (size_t row = 0; row < opened->reader.index.row_count; row++, rows++) {
            size_t size;
            bool is_quoted;
            const char *text = mimic_csv__raw_field(&opened->reader, row, column, &size);
            if (size > sizeof scratch)
                continue;
            text = mimic__field_text(text, size, '"', 0, scratch, &size, &is_quoted);
            if (!add_value(sampler, &count, text, size))
                return count;
        }
    }
    return count;
}

static size_t sample_values(const mimic_found_file *found, size_t column,
                            const mimic_text **out_values, void *ctx)
{
    value_sampler *sampler = ctx;
    const load_file *const file = find_file(sampler->folder, found->relative);
    const mimic_context *const context = sampler->arena.ctx;
    peek opened;
    size_t count = 0;
    mimic__arena_free(&sampler->arena);
    sampler->values = mimic__arena_array(&sampler->arena, SAMPLE_VALUES, sizeof(mimic_text));
    sampler->ran_out |= sampler->values == NULL;
    if (file == NULL || sampler->values == NULL)
        return 0;
    const mimic_status status = peek_open(context, file->path, &opened, NULL);
    sampler->ran_out |= status == MIMIC_ERR_MEMORY;
    if (status != MIMIC_OK)
        return 0;
    if (column < opened.reader.header_count)
        count = sample(sampler, &opened, column);
    peek_close(&opened);
    *out_values = sampler->values;
    return count;
}

/* ---- the folder ---- */

/* A folder that lies too deep to be looked into; NULL = none. */
static const char *deeper_folder(const load_folder *folder)
{
    for (size_t i = 0; i < folder->file_count; i++)
        if (ends_with(folder->files[i].relative, "/"))
            return folder->files[i].relative;
    return NULL;
}

static mimic_status fail_without_table(const char *dir, const load_folder *folder,
                                       mimic_error *err)
{
    const char *const deeper = deeper_folder(folder);
    if (deeper == NULL)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                           "%s: no file named .csv, .csv.gz or .csv.zst is there or one folder "
                           "below",
                           dir);
    return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                       "%s: no table is there or one folder below, but there are deeper folders; "
                       "load the one that holds the dataset, such as %s/%.*s",
                       dir, dir, (int)strcspn(deeper, "/"), deeper);
}

static mimic_status recognise(mimic_arena *arena, const mimic_registry *registry, const char *dir,
                              load_folder *folder, mimic_error *err)
{
    mimic_found_file *found = mimic__arena_array(arena, folder->file_count, sizeof *found);
    if (found == NULL)
        return mimic__fail_memory(err);
    size_t count = 0;
    for (size_t i = 0; i < folder->file_count; i++)
        if (is_csv_name(folder->files[i].relative))
            MIMIC_TRY(look_at(arena, &folder->files[i], &found[count++], err));
    if (count == 0)
        return fail_without_table(dir, folder, err);
    value_sampler sampler = {.folder = folder};
    mimic_detection detection;
    mimic__arena_init(&sampler.arena, arena->ctx);
    const mimic_status status = mimic__schema_detect(arena, registry, found, count, sample_values,
                                                     &sampler, &detection, err);
    mimic__arena_free(&sampler.arena);
    if (status == MIMIC_ERR_NOT_FOUND && deeper_folder(folder) != NULL)
        return fail_without_table(dir, folder, err);
    if (status != MIMIC_OK)
        return status;
    if (sampler.ran_out)
        return mimic__fail_memory(err);
    folder->dataset = detection.best.dataset;
    folder->reason = detection.reason;
    return MIMIC_OK;
}

mimic_status mimic__folder_read(mimic_arena *arena, const mimic_registry *registry, const char *dir,
                                const char *spec, load_folder *out_folder, mimic_error *err)
{
    mimic_file_entry *entries;
    *out_folder = (load_folder){.reason = ""};
    MIMIC_TRY(mimic__list_files(arena, dir, MAX_DEPTH, true, &entries, &out_folder->file_count, err));
    out_folder->files =
        mimic__arena_array(arena, out_folder->file_count, sizeof *out_folder->files);
    if (out_folder->files == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < out_folder->file_count; i++)
        out_folder->files[i] =
            (load_file){.path = entries[i].path, .relative = entries[i].relative,
                        .size = entries[i].size};
    if (spec != NULL)
        MIMIC_TRY(mimic_registry_find_dataset(registry, spec, &out_folder->dataset, err));
    else
        MIMIC_TRY(recognise(arena, registry, dir, out_folder, err));
    for (size_t i = 0; i < out_folder->file_count; i++) {
        load_file *const file = &out_folder->files[i];
        if (is_csv_name(file->relative))
            file->table = mimic__schema_match_file(out_folder->dataset, file->relative);
        file->is_expected =
            file->table == NULL && mimic__schema_ignores_file(out_folder->dataset, file->relative);
    }
    return MIMIC_OK;
}

bool mimic__file_can_be_reread(const char *path)
{
    struct stat info;
    /* Opening says what is wrong with a path that is not there, or is a folder. */
    return strcmp(path, "-") != 0 &&
           (stat(path, &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
}

/* The folder of a dataset that a file lies in: its own, or the one above a module. NULL: no memory. */
static const char *folder_of(mimic_arena *arena, const char *path, const char *module)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return mimic__arena_strdup(arena, ".");
    const size_t size = slash == path ? 1 : (size_t)(slash - path);
    char *dir = mimic__arena_strndup(arena, path, size);
    if (dir == NULL)
        return NULL;
    char *const last = strrchr(dir, '/');
    if (module[0] == '\0' || !mimic__name_equals(last == NULL ? dir : last + 1, module))
        return dir;
    if (last == NULL)
        return mimic__arena_strdup(arena, ".");
    last[last == dir] = '\0';
    return dir;
}

/* Releases of one dataset that the header does not tell apart: the neighbouring files may. */
static mimic_status ask_neighbours(mimic_arena *arena, const mimic_registry *registry,
                                   const char *path, const mimic_table **table, mimic_error *err)
{
    load_folder folder;
    const char *const dir = folder_of(arena, path, (*table)->module);
    if (dir == NULL)
        return mimic__fail_memory(err);
    const mimic_status status = mimic__folder_read(arena, registry, dir, NULL, &folder, NULL);
    if (status == MIMIC_ERR_MEMORY)
        return mimic__fail_memory(err);
    if (status != MIMIC_OK || strcmp(folder.dataset->name, (*table)->dataset) != 0)
        return MIMIC_OK;
    const mimic_table *const found = mimic_dataset_find_table(folder.dataset, (*table)->name);
    if (found != NULL)
        *table = found;
    return MIMIC_OK;
}

static bool is_tie(const mimic_table_candidate *candidates, size_t count)
{
    return count > 1 && candidates[1].name_matches &&
           candidates[0].likeness <= candidates[1].likeness &&
           strcmp(candidates[0].table->dataset, candidates[1].table->dataset) == 0;
}

mimic_status mimic__file_recognise(const mimic_context *ctx, const mimic_registry *registry,
                                   const char *path, const mimic_table **out_table,
                                   mimic_error *err)
{
    mimic_arena arena;
    mimic_table_candidate *candidates = NULL;
    size_t count = 0;
    mimic_found_file found = {.relative = path, .rows = -1};
    mimic_status status = MIMIC_OK;
    mimic__arena_init(&arena, ctx);
    if (mimic__file_can_be_reread(path)) {
        peek opened;
        status = peek_open(ctx, path, &opened, err);
        if (status == MIMIC_OK) {
            status = copy_header(&arena, &opened.reader, &found, err);
            peek_close(&opened);
        }
        if (status == MIMIC_OK)
            status = mimic__schema_candidates(&arena, registry, &found, &candidates, &count, err);
    }
    /* A name and a header that agree are knowledge; anything less is a guess, and none is made. */
    if (status == MIMIC_OK &&
        (count == 0 || !candidates[0].name_matches || candidates[0].required_missing > 0)) {
        if (count > 0)
            mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                        "%s: no table has this name and these columns; nearest is %s@%s/%s. Name "
                        "the table, or give a schema",
                        path, candidates[0].table->dataset, candidates[0].table->version,
                        candidates[0].table->name);
        else
            mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                        "%s: no known table has this name or these columns. Name the table "
                        "(DATASET@VERSION/TABLE), or give a schema",
                        path);
        status = MIMIC_ERR_NOT_FOUND;
    }
    if (status == MIMIC_OK) {
        *out_table = candidates[0].table;
        if (is_tie(candidates, count))
            status = ask_neighbours(&arena, registry, path, out_table, err);
    }
    mimic__arena_free(&arena);
    return status;
}

mimic_status mimic_detect_table(const mimic_context *ctx, const mimic_registry *registry,
                                const char *path, const mimic_table **out_table, mimic_error *err)
{
    if (out_table != NULL)
        *out_table = NULL;
    if (ctx == NULL || registry == NULL || path == NULL || out_table == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, registry, path and out_table must not be NULL");
    return mimic__file_recognise(ctx, registry, path, out_table, err);
}
