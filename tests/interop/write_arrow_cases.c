/*
 * Writes the cases of the interoperability tests to a folder: for each NAME.arrow or NAME.arrows a
 * NAME.ndjson with the rows that every reader must find in it.
 *
 *     write_arrow_cases FOLDER
 *     write_arrow_cases FOLDER golden    only the files of tests/golden/arrow_ipc
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/ipc_writer.h"
#include "arrow_fixture.h"
#include "schema/schema_model.h"

typedef struct write_case {
    const char *name; /* the ending says which format */
    bool is_compressed;
    int64_t rows;
    int64_t step; /* rows a batch */
    bool repeats; /* every batch has the same rows, and string columns may be coded */
} write_case;

static const write_case cases[] = {
    {"file_zstd.arrow", true, 1000, 100},
    {"file_none.arrow", false, 1000, 333},
    {"stream_zstd.arrows", true, 1000, 100},
    {"stream_none.arrows", false, 1000, 333},
    {"file_large.arrow", true, 70000, 5000},
    {"stream_large.arrows", true, 70000, 7777},
    {"file_coded.arrow", true, 70000, 1000, true},
    {"file_coded_none.arrow", false, 2000, 40, true},
    {"file_no_rows.arrow", true, 0, 1},
    {"stream_no_rows.arrows", true, 0, 1},
    {"file_one_row.arrow", true, 1, 1},
    {"stream_one_row.arrows", false, 1, 1},
};

static mimic_status write_to_file(void *ctx, const void *bytes, size_t size, mimic_error *err)
{
    (void)err;
    return fwrite(bytes, 1, size, ctx) == size ? MIMIC_OK : MIMIC_ERR_IO;
}

/* Never called here, but without it no string column is coded. */
static mimic_status refuse_rewrite(void *ctx, mimic_error *err)
{
    (void)ctx;
    (void)err;
    return MIMIC_ERR_INTERNAL;
}

static const mimic_ipc_rewrite no_rewriting = {refuse_rewrite, NULL, NULL};

static FILE *open_file(const char *folder, const char *name, const char *ending)
{
    char path[4096];
    const size_t stem = ending == NULL ? strlen(name) : strcspn(name, ".");
    snprintf(path, sizeof path, "%s/%.*s%s", folder, (int)stem, name, ending == NULL ? "" : ending);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static void check(mimic_status status, const mimic_error *err)
{
    if (status == MIMIC_OK)
        return;
    fprintf(stderr, "%s: %s\n", mimic_status_name(status), err->message);
    exit(1);
}

static void write_rows(const mimic_context *ctx, const write_case *what, FILE *file)
{
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_ipc_options options = {.is_stream = strstr(what->name, ".arrows") != NULL,
                                       .is_compressed = what->is_compressed,
                                       .rewrite = what->repeats ? &no_rewriting : NULL};
    mimic_ipc_writer *writer = NULL;
    check(
        mimic__ipc_writer_open(ctx, fixture_table(), &options, write_to_file, file, &writer, &err),
        &err);
    for (int64_t first = 0; first < what->rows; first += what->step) {
        const int64_t count = what->rows - first < what->step ? what->rows - first : what->step;
        fixture_batch fixture;
        const int64_t row = what->repeats ? 0 : first;
        fixture_batch_make(&fixture, ctx, row, row, count);
        check(mimic__ipc_writer_append(writer, &fixture.batch, 0, count, &err), &err);
        fixture_batch_free(&fixture);
    }
    check(mimic__ipc_writer_finish(writer, &err), &err);
    mimic__ipc_writer_free(writer);
}

/* Not compressed: the bytes of a compressed file belong to the version of the zstd library. */
static const write_case golden_cases[] = {
    {"fixture.arrow", false, 40, 7},
    {"fixture.arrows", false, 40, 7},
};

static void write_case_files(const mimic_context *ctx, const char *folder, const write_case *what)
{
    FILE *file = open_file(folder, what->name, NULL);
    write_rows(ctx, what, file);
    FILE *expected = open_file(folder, what->name, ".ndjson");
    for (int64_t row = 0; row < what->rows; row++)
        fixture_print_row(expected, what->repeats ? row % what->step : row);
    if (fclose(file) != 0 || fclose(expected) != 0) {
        perror(what->name);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    mimic_context *ctx = NULL;
    const bool is_golden = argc == 3 && strcmp(argv[2], "golden") == 0;
    if ((argc != 2 && !is_golden) || mimic_context_new(NULL, &ctx, NULL) != MIMIC_OK)
        return 2;
    const write_case *what = is_golden ? golden_cases : cases;
    const size_t count =
        is_golden ? sizeof golden_cases / sizeof *golden_cases : sizeof cases / sizeof *cases;
    for (size_t i = 0; i < count; i++)
        write_case_files(ctx, argv[1], &what[i]);
    mimic_context_free(ctx);
    return 0;
}
