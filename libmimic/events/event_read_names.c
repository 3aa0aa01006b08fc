/*
 * Codes, units and tables of a dataset that is read: texts with numbers, and codes.arrow. See
 * event_read.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "events/event_read.h"

#define FIRST_SEGMENT 1024u

void mimic__read_names_init(mimic_read_names *names, const mimic_context *ctx)
{
    memset(names, 0, sizeof *names);
    mimic__arena_init(&names->arena, ctx);
    mimic__hashmap_init(&names->map, ctx);
}

void mimic__read_names_free(mimic_read_names *names)
{
    for (size_t i = 0; i < MIMIC_READ_SEGMENTS; i++)
        mimic__free(names->arena.ctx, names->segments[i]);
    mimic__hashmap_free(&names->map);
    mimic__arena_free(&names->arena);
}

/* Segment k begins with number 1024 * (2^k - 1). */
static size_t segment_of(uint32_t number, uint32_t *out_place)
{
    size_t segment = 0;
    uint32_t size = FIRST_SEGMENT;
    while (number >= size) {
        number -= size;
        size *= 2;
        segment++;
    }
    *out_place = number;
    return segment;
}

uint32_t mimic__read_names_add(mimic_read_names *names, const char *text, size_t size)
{
    uint32_t place = 0;
    const uint32_t known = names->map.count;
    const uint32_t number = mimic__hashmap_insert(&names->map, text, size);
    const uint32_t count = atomic_load_explicit(&names->count, memory_order_relaxed);
    if (number == MIMIC_HASHMAP_NONE || number < known || number != count)
        return number < count ? number : UINT32_MAX; /* an insertion that failed halfway stays so */
    const size_t segment = segment_of(number, &place);
    if (segment >= MIMIC_READ_SEGMENTS)
        return UINT32_MAX;
    if (names->segments[segment] == NULL)
        names->segments[segment] = mimic__alloc_array(
            names->arena.ctx, (size_t)FIRST_SEGMENT << segment, sizeof(const char *));
    const char *copy = mimic__arena_strndup(&names->arena, text, size);
    if (names->segments[segment] == NULL || copy == NULL)
        return UINT32_MAX;
    names->segments[segment][place] = copy;
    atomic_store_explicit(&names->count, count + 1, memory_order_release);
    return number;
}

const char *mimic__read_names_at(const mimic_read_names *names, uint32_t number)
{
    uint32_t place = 0;
    if (number >= atomic_load_explicit(&names->count, memory_order_acquire))
        return NULL;
    const size_t segment = segment_of(number, &place);
    return names->segments[segment][place];
}

/* ---- codes.arrow ---- */

/* The columns of codes.arrow that are read: places among those chosen, SIZE_MAX = not there. */
typedef struct code_columns {
    size_t code;
    size_t description;
    size_t events;
    size_t parents; /* a field of the file */
} code_columns;

/* Chooses a column when it can be read as that type. */
static size_t choose(const mimic_ipc_schema *schema, size_t field, mimic_type type, size_t *fields,
                     mimic_type *types, size_t *count)
{
    if (field == SIZE_MAX || !mimic__ipc_can_read_as(&schema->fields[field], type) ||
        schema->fields[field].layout == MIMIC_IPC_NULLS)
        return SIZE_MAX;
    fields[*count] = field;
    types[*count] = type;
    return (*count)++;
}

static mimic_status choose_columns(mimic_read_input *input, code_columns *columns, mimic_error *err)
{
    size_t fields[3];
    mimic_type types[3];
    size_t count = 0;
    const mimic_ipc_schema *schema = mimic__ipc_reader_schema(input->reader);
    const size_t parents = mimic__read_input_find(input, "parent_codes");
    columns->code = choose(schema, mimic__read_input_find(input, "code"), MIMIC_TYPE_STRING, fields,
                           types, &count);
    columns->description = choose(schema, mimic__read_input_find(input, "description"),
                                  MIMIC_TYPE_STRING, fields, types, &count);
    columns->events = choose(schema, mimic__read_input_find(input, "events"), MIMIC_TYPE_INT64,
                             fields, types, &count);
    const bool has_parents =
        parents != SIZE_MAX && schema->fields[parents].layout == MIMIC_IPC_LISTS;
    columns->parents = has_parents ? parents : SIZE_MAX;
    if (columns->code == SIZE_MAX)
        return mimic__fail(err, MIMIC_ERR_CORRUPT,
                           "%s is no table of codes: it has no column \"code\" of texts",
                           input->path);
    return mimic__ipc_reader_choose(input->reader, fields, types, count, err);
}

static const char *copy_text(mimic_arena *arena, const mimic_column *column, int64_t row)
{
    const int32_t start = column->offsets[row];
    const size_t size = (size_t)(column->offsets[row + 1] - start);
    if (!mimic_column_is_valid(column, row) || size == 0)
        return "";
    return mimic__arena_strndup(arena, (const char *)column->values + start, size);
}

static bool take_parents(mimic_arena *arena, const mimic_ipc_lists *lists, int64_t row,
                         mimic_read_code *code)
{
    const int64_t *offsets = (const int64_t *)(const void *)lists->offsets.data;
    const size_t count = (size_t)(offsets[row + 1] - offsets[row]);
    if (count == 0)
        return true;
    const char **parents = mimic__arena_array(arena, count, sizeof *parents);
    if (parents == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        parents[i] = copy_text(arena, &lists->texts, offsets[row] + (int64_t)i);
        if (parents[i] == NULL)
            return false;
    }
    code->parents = parents;
    code->parent_count = count;
    return true;
}

/* One row: a code that is there already keeps what was said of it first. */
static mimic_status take_code(mimic_trajectories *reader, const mimic_batch *batch,
                              const code_columns *columns, const mimic_ipc_lists *lists,
                              int64_t row, mimic_error *err)
{
    const mimic_column *texts = &batch->columns[columns->code];
    const int32_t start = texts->offsets[row];
    if (!mimic_column_is_valid(texts, row))
        return MIMIC_OK;
    mimic_read_names *names = &reader->names[NAMED_CODE];
    const uint32_t number =
        mimic__read_names_add(names, (const char *)texts->values + start,
                              (size_t)(texts->offsets[row + 1] - start));
    if (number == UINT32_MAX)
        return mimic__fail_memory(err);
    if (number < reader->code_count)
        return MIMIC_OK;
    mimic_read_code *codes = mimic__array_grow(reader->ctx, reader->codes, reader->code_count,
                                               &reader->code_capacity, sizeof *codes);
    if (codes == NULL)
        return mimic__fail_memory(err);
    reader->codes = codes;
    mimic_read_code *code = &codes[reader->code_count++];
    *code = (mimic_read_code){.description = "", .events = -1};
    if (columns->description != SIZE_MAX)
        code->description =
            copy_text(&names->arena, &batch->columns[columns->description], row);
    if (columns->events != SIZE_MAX && mimic_column_is_valid(&batch->columns[columns->events], row))
        code->events = ((const int64_t *)batch->columns[columns->events].values)[row];
    if (code->description == NULL ||
        (columns->parents != SIZE_MAX && !take_parents(&names->arena, lists, row, code)))
        return mimic__fail_memory(err);
    return MIMIC_OK;
}

static mimic_status take_codes(mimic_trajectories *reader, mimic_read_input *input,
                               const code_columns *columns, mimic_ipc_lists *lists,
                               mimic_error *err)
{
    const mimic_batch *batch = NULL;
    for (;;) {
        const mimic_status status = mimic__ipc_reader_next(input->reader, &batch, err);
        if (status == MIMIC_END)
            return MIMIC_OK;
        if (status == MIMIC_OK && columns->parents != SIZE_MAX)
            MIMIC_TRY(mimic__ipc_reader_lists(input->reader, columns->parents, lists, err));
        MIMIC_TRY(status);
        for (int64_t row = 0; row < batch->row_count; row++)
            MIMIC_TRY(take_code(reader, batch, columns, lists, row, err));
    }
}

mimic_status mimic__read_codes(mimic_trajectories *reader, mimic_error *err)
{
    struct stat facts;
    code_columns columns;
    mimic_ipc_lists lists;
    mimic_read_input input = {.ctx = reader->ctx, .file = -1};
    const char *path = mimic__arena_format(&reader->arena, "%s/metadata/codes.arrow", reader->path);
    if (path == NULL)
        return mimic__fail_memory(err);
    if (stat(path, &facts) != 0 && errno == ENOENT)
        return MIMIC_OK; /* codes get numbers as they come */
    MIMIC_TRY(mimic__read_input_open(&input, path, reader->options.max_batch_bytes, err));
    mimic__ipc_lists_init(&lists, reader->ctx);
    mimic_status status = choose_columns(&input, &columns, err);
    if (status == MIMIC_OK)
        status = take_codes(reader, &input, &columns, &lists, err);
    mimic__ipc_lists_free(&lists);
    mimic__read_input_close(&input);
    return status;
}
