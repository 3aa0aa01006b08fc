/* See csv_raw.h. */
#include "csv/csv_raw.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "coerce/coerce_column.h"

#define BLOCK_BYTES ((size_t)256 * 1024)
#define MAX_RECORD_BYTES ((size_t)16 * 1024 * 1024)
#define MAX_COLUMNS 4096

mimic_status mimic_csv__decode_header(mimic_arena *arena, const csv_dialect *dialect,
                                      const char *bytes, size_t size, const char *source,
                                      size_t max_columns, const char ***out_names,
                                      size_t *out_count, mimic_error *err)
{
    csv_parse record;
    mimic_csv__parse_record(dialect, bytes, size, NULL, 0, &record);
    const size_t count = record.field_count;
    if (count > max_columns)
        return mimic__fail(err, MIMIC_ERR_CSV_HEADER, "%s: %zu columns; at most %zu are allowed",
                           source, count, max_columns);
    if (mimic__utf8_check(bytes, size) != size || memchr(bytes, 0, size) != NULL)
        return mimic__fail(err, MIMIC_ERR_CSV_HEADER,
                           "%s: the header line is not UTF-8 text; convert the file to UTF-8",
                           source);
    uint32_t *marks = mimic__arena_array(arena, count, sizeof *marks);
    const char **names = mimic__arena_array(arena, count, sizeof *names);
    char *scratch = mimic__arena_alloc(arena, size);
    if (marks == NULL || names == NULL || scratch == NULL)
        return mimic__fail_memory(err);
    mimic_csv__parse_record(dialect, bytes, size, marks, count, &record);
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        size_t name_size;
        bool is_quoted;
        const char *const name =
            mimic__field_text(bytes + start, marks[i] - start, dialect->quote, dialect->escape,
                              scratch, &name_size, &is_quoted);
        names[i] = mimic__arena_strndup(arena, name, name_size);
        if (names[i] == NULL)
            return mimic__fail_memory(err);
        start = marks[i] + 1;
    }
    *out_names = names;
    *out_count = count;
    return MIMIC_OK;
}

static mimic_status open_inner(const mimic_context *ctx, mimic_source *source,
                               csv_raw_reader *reader, mimic_error *err)
{
    const csv_dialect dialect = {',', '"', 0, 0};
    const csv_kernel *const kernel = mimic_csv__kernel_select(ctx->cpu);
    const csv_splitter_options options = {dialect, BLOCK_BYTES, MAX_RECORD_BYTES, kernel};
    const char *const name = mimic_source_name(source);
    const char *bytes;
    size_t size;
    size_t lines;
    MIMIC_TRY(mimic_csv__splitter_new(ctx, source, &options, &reader->splitter, err));
    const mimic_status status =
        mimic_csv__splitter_header(reader->splitter, &reader->memory, &bytes, &size, &lines, err);
    if (status == MIMIC_END)
        return mimic__fail(err, MIMIC_ERR_CSV_HEADER, "%s: the file is empty", name);
    MIMIC_TRY(status);
    MIMIC_TRY(mimic_csv__decode_header(&reader->arena, &dialect, bytes, size, name, MAX_COLUMNS,
                                       &reader->header, &reader->header_count, err));
    mimic_csv__index_init(&reader->index, ctx, &dialect, kernel, reader->header_count);
    return MIMIC_OK;
}

mimic_status mimic_csv__raw_open(const mimic_context *ctx, mimic_source *source,
                                 csv_raw_reader *out_reader, mimic_error *err)
{
    *out_reader = (csv_raw_reader){0};
    mimic__arena_init(&out_reader->arena, ctx);
    return open_inner(ctx, source, out_reader, err);
}

mimic_status mimic_csv__raw_next(csv_raw_reader *reader, mimic_error *err)
{
    MIMIC_TRY(mimic_csv__splitter_next(reader->splitter, &reader->memory, &reader->block, err));
    return mimic_csv__index_build(&reader->index, &reader->block, err);
}

const char *mimic_csv__raw_field(const csv_raw_reader *reader, size_t row, size_t field,
                                 size_t *out_size)
{
    const uint32_t *const marks = reader->index.marks + row * reader->index.stride + field;
    const size_t start = (uint32_t)(marks[0] + 1);
    *out_size = marks[1] - start;
    return reader->block.bytes + start;
}

void mimic_csv__raw_close(csv_raw_reader *reader)
{
    if (reader->arena.ctx == NULL)
        return;
    mimic_csv__block_memory_free(reader->arena.ctx, &reader->memory);
    mimic_csv__splitter_free(reader->splitter);
    mimic_csv__index_free(&reader->index);
    mimic__arena_free(&reader->arena);
    *reader = (csv_raw_reader){0};
}
