/*
 *     scan_values SOURCE_FOLDER DATASET TARGET
 *
 * Reads every table of a target back and compares it, cell by cell, with what the CSV reader makes of
 * the source that it was loaded from. Prints a line a table; the exit status is 0 when all are the
 * same. Rejected rows are in neither. A SQLite table with a primary key of one integer lies in the order
 * of its keys: there the sums of the rows' hashes are compared.
 */
#include <ctype.h>
#include <mimic/mimic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 2048

/* Batches of one side, and where in them one is. */
typedef struct side {
    mimic_scan_stream *stream;
    mimic_csv_reader *reader; /* when there is no stream */
    const mimic_batch *batch;
    int64_t row;
    mimic_error err;
} side;

static mimic_status advance(side *s)
{
    s->row++;
    while (s->batch == NULL || s->row >= s->batch->row_count) {
        const mimic_status status = s->stream != NULL
                                        ? mimic_scan_next(s->stream, &s->batch, &s->err)
                                        : mimic_csv_reader_next(s->reader, &s->batch, &s->err);
        if (status != MIMIC_OK)
            return status;
        s->row = 0;
    }
    return MIMIC_OK;
}

static size_t width_of(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_INT16:
        return 2;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_DATE:
        return 4;
    case MIMIC_TYPE_DECIMAL:
        return 16;
    default:
        return 8;
    }
}

static const void *value_of(const side *s, size_t index, size_t *size)
{
    static const char bits[2] = {0, 1};
    const mimic_column *column = &s->batch->columns[index];
    const char *values = column->values;
    if (column->type == MIMIC_TYPE_BOOLEAN) {
        *size = 1;
        return &bits[(unsigned char)values[s->row >> 3] >> (s->row & 7) & 1];
    }
    if (column->offsets != NULL || column->dictionary != NULL) {
        const int32_t *offsets = column->offsets + s->row;
        if (column->dictionary != NULL) {
            offsets = column->dictionary->offsets + ((const int32_t *)column->values)[s->row];
            values = column->dictionary->bytes;
        }
        *size = (size_t)(offsets[1] - offsets[0]);
        return values + offsets[0];
    }
    *size = width_of(column->type);
    return values + (size_t)s->row * *size;
}

static int same_cell(const side *a, const side *b, size_t index)
{
    const int is_valid = mimic_column_is_valid(&a->batch->columns[index], a->row);
    size_t a_size = 0;
    size_t b_size = 0;
    if (is_valid != mimic_column_is_valid(&b->batch->columns[index], b->row))
        return 0;
    if (!is_valid)
        return 1;
    const void *a_value = value_of(a, index, &a_size);
    const void *b_value = value_of(b, index, &b_size);
    return a->batch->columns[index].type == b->batch->columns[index].type && a_size == b_size &&
           memcmp(a_value, b_value, a_size) == 0;
}

static uint64_t hash_row(const side *s)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < s->batch->column_count; i++) {
        size_t size = SIZE_MAX; /* NULL */
        const unsigned char *bytes = NULL;
        if (mimic_column_is_valid(&s->batch->columns[i], s->row))
            bytes = value_of(s, i, &size);
        hash = (hash ^ size) * UINT64_C(1099511628211);
        for (size_t k = 0; bytes != NULL && k < size; k++)
            hash = (hash ^ bytes[k]) * UINT64_C(1099511628211);
    }
    return hash;
}

static int compare_sums(side *source, side *target, const mimic_table *table)
{
    uint64_t sum = 0;
    int64_t rows = 0;
    mimic_status a;
    mimic_status b;
    for (; (a = advance(source)) == MIMIC_OK; rows++)
        sum += hash_row(source);
    for (; (b = advance(target)) == MIMIC_OK; rows--)
        sum -= hash_row(target);
    printf("%s: in the order of its key, %s %s\n", mimic_table_name(table), source->err.message,
           target->err.message);
    return a == MIMIC_END && b == MIMIC_END && sum == 0 && rows == 0;
}

static int lies_by_key(const char *target, const mimic_table *table)
{
    const size_t *key = NULL;
    mimic_field_info field = MIMIC_FIELD_INFO_INIT;
    return strncmp(target, "sqlite:", 7) == 0 && mimic_table_primary_key(table, &key) == 1 &&
           mimic_table_field(table, key[0], &field) == MIMIC_OK &&
           (field.type == MIMIC_TYPE_INT32 || field.type == MIMIC_TYPE_INT64);
}

static int is_there(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0;
}

/* FOLDER/module/name.csv.gz and its like. */
static int find_source(const char *folder, const mimic_table *table, char *path)
{
    static const char *const endings[] = {".csv", ".csv.gz", ".csv.zst"};
    char upper[256];
    size_t size = 0;
    for (const char *p = mimic_table_name(table); *p != '\0' && size + 1 < sizeof upper; p++)
        upper[size++] = (char)toupper((unsigned char)*p);
    upper[size] = '\0';
    const char *const names[] = {mimic_table_name(table), upper};
    for (size_t i = 0; i < 12; i++) {
        snprintf(path, PATH_BYTES, "%s/%s/%s%s", folder, i < 6 ? mimic_table_module(table) : ".",
                 names[i % 2], endings[i / 2 % 3]);
        if (is_there(path))
            return 1;
    }
    return 0;
}

static int compare_rows(side *source, side *target, const mimic_table *table)
{
    const size_t columns = mimic_table_field_count(table);
    for (int64_t row = 0;; row++) {
        const mimic_status a = advance(source);
        const mimic_status b = advance(target);
        if (a != MIMIC_OK || b != MIMIC_OK) {
            printf("%s: %lld rows\n", mimic_table_name(table), (long long)row);
            if (a != MIMIC_END || b != MIMIC_END)
                printf("  differs: source ends with %d %s, target with %d %s\n", a,
                       source->err.message, b, target->err.message);
            return a == MIMIC_END && b == MIMIC_END;
        }
        for (size_t i = 0; i < columns; i++)
            if (!same_cell(source, target, i)) {
                mimic_field_info field = MIMIC_FIELD_INFO_INIT;
                if (mimic_table_field(table, i, &field) == MIMIC_OK)
                    printf("%s: row %lld, column %s differs\n", mimic_table_name(table),
                           (long long)row, field.name);
                return 0;
            }
    }
}

static int compare_table(const mimic_context *ctx, mimic_scan *scan, const mimic_table *table,
                         const mimic_dataset *dataset, const char *folder,
                         const char *uri)
{
    char path[PATH_BYTES];
    side source = {.err = MIMIC_ERROR_INIT, .row = -1};
    side target = {.err = MIMIC_ERROR_INIT, .row = -1};
    mimic_source *bytes = NULL;
    const mimic_table *schema = mimic_dataset_find_table(dataset, mimic_table_name(table));
    if (schema == NULL || strcmp(mimic_table_dataset(table), mimic_dataset_name(dataset)) != 0 ||
        !find_source(folder, schema, path)) {
        printf("%s: no table of the release, or no source\n", mimic_table_name(table));
        return 0;
    }
    int is_same =
        mimic_source_open(ctx, path, NULL, &bytes, &source.err) == MIMIC_OK &&
        mimic_csv_reader_open(ctx, bytes, schema, NULL, &source.reader, &source.err) == MIMIC_OK &&
        mimic_scan_read(scan, table, NULL, 0, &target.stream, &target.err) == MIMIC_OK;
    if (!is_same)
        printf("%s: %s%s\n", mimic_table_name(table), source.err.message, target.err.message);
    else if (lies_by_key(uri, table))
        is_same = compare_sums(&source, &target, table);
    else
        is_same = compare_rows(&source, &target, table);
    mimic_scan_stream_free(target.stream);
    mimic_csv_reader_free(source.reader);
    mimic_source_free(bytes);
    return is_same;
}

int main(int argc, char **argv)
{
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    mimic_scan *scan = NULL;
    const mimic_dataset *dataset = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_scan_options options = MIMIC_SCAN_OPTIONS_INIT;
    int is_same = 1;
    if (argc != 4)
        return 2;
    options.dataset = argv[2];
    if (mimic_context_new(NULL, &ctx, &err) != MIMIC_OK ||
        mimic_registry_new(ctx, &registry, &err) != MIMIC_OK ||
        mimic_registry_find_dataset(registry, argv[2], &dataset, &err) != MIMIC_OK ||
        mimic_scan_open(ctx, registry, argv[3], &options, &scan, &err) != MIMIC_OK) {
        printf("%s\n", err.message);
        is_same = 0;
    }
    for (size_t i = 0; i < mimic_scan_table_count(scan); i++)
        is_same &= compare_table(ctx, scan, mimic_scan_table(scan, i), dataset, argv[1],
                                 argv[3]);
    printf("%zu tables\n", mimic_scan_table_count(scan));
    is_same &= mimic_scan_table_count(scan) > 0;
    mimic_scan_free(scan);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return is_same ? EXIT_SUCCESS : EXIT_FAILURE;
}
