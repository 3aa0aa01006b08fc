/*
 * The public headers as they were at the beginning of ABI 0, comments left out, for old_client.c: what was
 * compiled with them runs with every library of that ABI. Never edited.
 */
#ifndef MIMIC_TEST_OLD_HEADERS_H
#define MIMIC_TEST_OLD_HEADERS_H

#include <stddef.h>
#include <stdint.h>

#define MIMIC_API
#define MIMIC_NODISCARD
#define MIMIC_PRINTF(format_index, first_argument)
typedef int32_t mimic_status;
#define MIMIC_OK 0
#define MIMIC_END 1
#define MIMIC_ERR_ARGUMENT (-100)
#define MIMIC_ERR_STATE (-101)
#define MIMIC_ERR_UNSUPPORTED (-102)
#define MIMIC_ERR_CANCELLED (-103)
#define MIMIC_ERR_MEMORY (-200)
#define MIMIC_ERR_LIMIT (-201)
#define MIMIC_ERR_IO (-300)
#define MIMIC_ERR_NOT_FOUND (-301)
#define MIMIC_ERR_CORRUPT (-302)
#define MIMIC_ERR_CSV_HEADER (-400)
#define MIMIC_ERR_JSON (-500)
#define MIMIC_ERR_SCHEMA (-501)
#define MIMIC_ERR_DRIFT (-502)
#define MIMIC_ERR_VALUE (-600)
#define MIMIC_ERR_REJECTS (-601)
#define MIMIC_ERR_BACKEND (-700)
#define MIMIC_ERR_INTERNAL (-900)
#define MIMIC_ERROR_MESSAGE_BYTES 512
#define MIMIC_ERROR_SOURCE_BYTES 256
#define MIMIC_ERROR_COLUMN_BYTES 128

typedef struct mimic_error {
    uint32_t struct_size;
    mimic_status code;
    int64_t record;
    int64_t line;
    int64_t byte_offset;
    char sqlstate[8];
    char column[MIMIC_ERROR_COLUMN_BYTES];
    char source[MIMIC_ERROR_SOURCE_BYTES];
    char message[MIMIC_ERROR_MESSAGE_BYTES];
} mimic_error;
#define MIMIC_ERROR_INIT                                                                           \
    { (uint32_t)sizeof(mimic_error), MIMIC_OK, -1, -1, -1, {0}, {0}, {0}, {0} }
MIMIC_API const char *mimic_status_name(mimic_status status);
typedef struct mimic_context mimic_context;

typedef struct mimic_allocator {
    void *(*alloc)(size_t size_bytes, void *ctx);
    void *(*realloc)(void *memory, size_t old_size_bytes, size_t new_size_bytes, void *ctx);
    void (*free)(void *memory, void *ctx);
    void *ctx;
} mimic_allocator;
typedef int32_t mimic_log_level;
#define MIMIC_LOG_WARNING 1
#define MIMIC_LOG_INFO 2
typedef void (*mimic_log_fn)(mimic_log_level level, const char *text, void *ctx);
#define MIMIC_CPU_AVX2 (1u << 0)
#define MIMIC_CPU_NEON (1u << 1)
#define MIMIC_CPU_ALL 0xffffffffu

typedef struct mimic_context_options {
    uint32_t struct_size;
    uint32_t cpu_mask;
    mimic_allocator allocator;
    mimic_log_fn log;
    void *log_ctx;
} mimic_context_options;
#define MIMIC_CPU_NONE (1u << 31)
#define MIMIC_CONTEXT_OPTIONS_INIT                                                                 \
    { (uint32_t)sizeof(mimic_context_options), 0, {NULL, NULL, NULL, NULL}, NULL, NULL }
MIMIC_API MIMIC_NODISCARD mimic_status mimic_context_new(const mimic_context_options *options,
                                                         mimic_context **out_context,
                                                         mimic_error *err);
MIMIC_API void mimic_context_free(mimic_context *context);
MIMIC_API void mimic_free(mimic_context *context, void *memory);
typedef struct mimic_source mimic_source;
typedef int32_t mimic_compression;
#define MIMIC_COMPRESSION_AUTO 0
#define MIMIC_COMPRESSION_NONE 1
#define MIMIC_COMPRESSION_GZIP 2
#define MIMIC_COMPRESSION_ZSTD 3

typedef struct mimic_source_options {
    uint32_t struct_size;
    mimic_compression compression;
    uint64_t max_bytes;
} mimic_source_options;
#define MIMIC_SOURCE_OPTIONS_INIT { (uint32_t)sizeof(mimic_source_options), 0, 0 }

typedef struct mimic_source_callbacks {
    uint32_t struct_size;
    mimic_status (*read)(void *ctx, void *buffer, size_t capacity, size_t *out_size,
                         mimic_error *err);
    void (*close)(void *ctx);
    void *ctx;
} mimic_source_callbacks;
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_open(const mimic_context *ctx, const char *path,
                                                         const mimic_source_options *options,
                                                         mimic_source **out_source,
                                                         mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_from_memory(
    const mimic_context *ctx, const void *data, size_t size_bytes, const char *name,
    const mimic_source_options *options, mimic_source **out_source, mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_from_callbacks(
    const mimic_context *ctx, const mimic_source_callbacks *callbacks, const char *name,
    const mimic_source_options *options, mimic_source **out_source, mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_read(mimic_source *source, void *buffer,
                                                         size_t capacity, size_t *out_size,
                                                         mimic_error *err);
MIMIC_API const char *mimic_source_name(const mimic_source *source);
MIMIC_API void mimic_source_progress(const mimic_source *source, int64_t *out_bytes,
                                     int64_t *out_total_bytes);
MIMIC_API void mimic_source_hash(const mimic_source *source, char out_hex[33]);
MIMIC_API void mimic_source_free(mimic_source *source);
typedef struct mimic_registry mimic_registry;
typedef struct mimic_dataset mimic_dataset;
typedef struct mimic_table mimic_table;
typedef struct mimic_drift mimic_drift;
typedef int32_t mimic_type;
#define MIMIC_TYPE_BOOLEAN 1
#define MIMIC_TYPE_INT16 2
#define MIMIC_TYPE_INT32 3
#define MIMIC_TYPE_INT64 4
#define MIMIC_TYPE_FLOAT32 5
#define MIMIC_TYPE_FLOAT64 6
#define MIMIC_TYPE_DECIMAL 7
#define MIMIC_TYPE_DATE 8
#define MIMIC_TYPE_TIME 9
#define MIMIC_TYPE_TIMESTAMP 10
#define MIMIC_TYPE_TIMESTAMPTZ 11
#define MIMIC_TYPE_STRING 12
#define MIMIC_TYPE_CATEGORICAL 13
#define MIMIC_TYPE_BINARY 14
typedef int32_t mimic_on_error;
#define MIMIC_ON_ERROR_DEFAULT 0
#define MIMIC_ON_ERROR_REJECT 1
#define MIMIC_ON_ERROR_NULL 2
#define MIMIC_ON_ERROR_FAIL 3

typedef struct mimic_field_info {
    uint32_t struct_size;
    mimic_type type;
    const char *name;
    const char *title;
    const char *description;
    const char *format;
    int32_t precision;
    int32_t scale;
    int32_t is_required;
    int32_t is_unique;
    int64_t min_length;
    int64_t max_length;
    mimic_on_error on_error;
} mimic_field_info;
#define MIMIC_FIELD_INFO_INIT                                                                      \
    { (uint32_t)sizeof(mimic_field_info), 0, "", "", "", "", 0, 0, 0, 0, -1, -1, 0 }

typedef struct mimic_foreign_key_info {
    uint32_t struct_size;
    const char *referenced_table;
    size_t count;
    const char *const *fields;
    const char *const *referenced_fields;
} mimic_foreign_key_info;
#define MIMIC_FOREIGN_KEY_INFO_INIT                                                                \
    { (uint32_t)sizeof(mimic_foreign_key_info), "", 0, NULL, NULL }
MIMIC_API const char *mimic_type_name(mimic_type type);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_new(const mimic_context *ctx,
                                                          mimic_registry **out_registry,
                                                          mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_add_dir(mimic_registry *registry,
                                                              const char *path, mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_add_json(mimic_registry *registry,
                                                               const char *json, size_t size_bytes,
                                                               const char *name,
                                                               const mimic_dataset **out_dataset,
                                                               mimic_error *err);
MIMIC_API size_t mimic_registry_dataset_count(const mimic_registry *registry);
MIMIC_API const mimic_dataset *mimic_registry_dataset(const mimic_registry *registry, size_t index);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_find_dataset(const mimic_registry *registry,
                                                                   const char *spec,
                                                                   const mimic_dataset **out_dataset,
                                                                   mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_find_table(const mimic_registry *registry,
                                                                 const char *spec,
                                                                 const mimic_table **out_table,
                                                                 mimic_error *err);
MIMIC_API void mimic_registry_free(mimic_registry *registry);
MIMIC_API const char *mimic_dataset_name(const mimic_dataset *dataset);
MIMIC_API const char *mimic_dataset_version(const mimic_dataset *dataset);
MIMIC_API const char *mimic_dataset_title(const mimic_dataset *dataset);
MIMIC_API const char *mimic_dataset_description(const mimic_dataset *dataset);
MIMIC_API size_t mimic_dataset_table_count(const mimic_dataset *dataset);
MIMIC_API const mimic_table *mimic_dataset_table(const mimic_dataset *dataset, size_t index);
MIMIC_API const mimic_table *mimic_dataset_find_table(const mimic_dataset *dataset,
                                                      const char *name);
MIMIC_API const char *mimic_table_name(const mimic_table *table);
MIMIC_API const char *mimic_table_module(const mimic_table *table);
MIMIC_API const char *mimic_table_title(const mimic_table *table);
MIMIC_API const char *mimic_table_description(const mimic_table *table);
MIMIC_API const char *mimic_table_dataset(const mimic_table *table);
MIMIC_API const char *mimic_table_version(const mimic_table *table);
MIMIC_API const char *mimic_table_path(const mimic_table *table);
MIMIC_API size_t mimic_table_field_count(const mimic_table *table);
MIMIC_API mimic_status mimic_table_field(const mimic_table *table, size_t index,
                                         mimic_field_info *out_field);
MIMIC_API int64_t mimic_table_find_field(const mimic_table *table, const char *name);
MIMIC_API size_t mimic_table_primary_key(const mimic_table *table, const size_t **out_fields);
MIMIC_API size_t mimic_table_foreign_key_count(const mimic_table *table);
MIMIC_API mimic_status mimic_table_foreign_key(const mimic_table *table, size_t index,
                                               mimic_foreign_key_info *out_key);
MIMIC_API int64_t mimic_table_expected_rows(const mimic_table *table, const char *edition);
typedef int32_t mimic_drift_kind;
#define MIMIC_DRIFT_MISSING_REQUIRED 1
#define MIMIC_DRIFT_MISSING 2
#define MIMIC_DRIFT_UNKNOWN 3
#define MIMIC_DRIFT_REORDERED 4
#define MIMIC_DRIFT_RELEASE 5
#define MIMIC_DRIFT_RENAMED_CASE 6

typedef struct mimic_drift_item {
    uint32_t struct_size;
    mimic_drift_kind kind;
    const char *column;
    int64_t file_position;
    int64_t schema_position;
    const char *message;
} mimic_drift_item;
MIMIC_API MIMIC_NODISCARD mimic_status mimic_drift_compare(const mimic_context *ctx,
                                                           const mimic_table *table,
                                                           const char *const *header,
                                                           size_t header_count,
                                                           mimic_drift **out_drift,
                                                           mimic_error *err);
MIMIC_API size_t mimic_drift_count(const mimic_drift *drift);
MIMIC_API mimic_status mimic_drift_get(const mimic_drift *drift, size_t index,
                                       mimic_drift_item *out_item);
MIMIC_API void mimic_drift_free(mimic_drift *drift);
typedef int32_t mimic_sql_dialect;
#define MIMIC_SQL_SQLITE 1
#define MIMIC_SQL_POSTGRES 2
#define MIMIC_SQL_DUCKDB 3
#define MIMIC_SQL_BIGQUERY 4
#define MIMIC_SQL_ATHENA 5
MIMIC_API MIMIC_NODISCARD mimic_status mimic_schema_ddl(const mimic_context *ctx,
                                                        const mimic_dataset *dataset,
                                                        const mimic_table *table,
                                                        mimic_sql_dialect dialect, char **out_sql,
                                                        mimic_error *err);
typedef int32_t mimic_text_format;
#define MIMIC_TEXT_MARKDOWN 1
#define MIMIC_TEXT_HTML 2
MIMIC_API MIMIC_NODISCARD mimic_status mimic_schema_dictionary(const mimic_context *ctx,
                                                               const mimic_dataset *dataset,
                                                               mimic_text_format format,
                                                               char **out_text, mimic_error *err);
typedef void (*mimic_schema_finding_fn)(const char *pointer, int64_t line, int64_t column,
                                        const char *message, void *ctx);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_schema_check(const mimic_context *ctx,
                                                          const char *json, size_t size_bytes,
                                                          const char *name,
                                                          mimic_schema_finding_fn finding,
                                                          void *finding_ctx, mimic_error *err);

typedef struct mimic_dictionary {
    int64_t count;
    const int32_t *offsets;
    const char *bytes;
} mimic_dictionary;

typedef struct mimic_column {
    mimic_type type;
    int32_t precision;
    int32_t scale;
    int64_t null_count;
    const uint8_t *validity;
    const void *values;
    const int32_t *offsets;
    const mimic_dictionary *dictionary;
} mimic_column;

typedef struct mimic_batch {
    int64_t row_count;
    size_t column_count;
    const mimic_column *columns;
    const mimic_table *table;
    int64_t first_record;
} mimic_batch;
static inline int mimic_column_is_valid(const mimic_column *column, int64_t row)
{
    return column->validity == NULL || ((column->validity[row >> 3] >> (row & 7)) & 1) != 0;
}
typedef int32_t mimic_reject_code;
#define MIMIC_REJECT_STRAY_QUOTE 1
#define MIMIC_REJECT_AFTER_QUOTE 2
#define MIMIC_REJECT_UNCLOSED_QUOTE 3
#define MIMIC_REJECT_OVERSIZE 4
#define MIMIC_REJECT_FIELD_COUNT 5
#define MIMIC_REJECT_EMPTY_LINE 6
#define MIMIC_REJECT_NUL 7
#define MIMIC_REJECT_UTF8 8
#define MIMIC_REJECT_REQUIRED 20
#define MIMIC_REJECT_TYPE 21
#define MIMIC_REJECT_RANGE 22
#define MIMIC_REJECT_PRECISION 23
#define MIMIC_REJECT_LENGTH 24
#define MIMIC_REJECT_ENUM 25
#define MIMIC_REJECT_BOUND 26
#define MIMIC_REJECT_PATTERN 27
#define MIMIC_REJECT_UNIQUE 28
#define MIMIC_REJECT_SINK 29
MIMIC_API const char *mimic_reject_code_name(mimic_reject_code code);
MIMIC_API mimic_reject_code mimic_coerce_int16(const char *text, size_t size, int16_t *out);
MIMIC_API mimic_reject_code mimic_coerce_int32(const char *text, size_t size, int32_t *out);
MIMIC_API mimic_reject_code mimic_coerce_int64(const char *text, size_t size, int64_t *out);
MIMIC_API mimic_reject_code mimic_coerce_float32(const char *text, size_t size, int allow_special,
                                                 float *out);
MIMIC_API mimic_reject_code mimic_coerce_float64(const char *text, size_t size, int allow_special,
                                                 double *out);

typedef struct mimic_int128 {
    uint64_t low;
    int64_t high;
} mimic_int128;
MIMIC_API mimic_reject_code mimic_coerce_decimal(const char *text, size_t size, int32_t precision,
                                                 int32_t scale, mimic_int128 *out);
MIMIC_API mimic_reject_code mimic_coerce_boolean(const char *text, size_t size, int *out);
MIMIC_API mimic_reject_code mimic_coerce_date(const char *text, size_t size, const char *format,
                                              int32_t *out);
MIMIC_API mimic_reject_code mimic_coerce_time(const char *text, size_t size, const char *format,
                                              int64_t *out);
MIMIC_API mimic_reject_code mimic_coerce_timestamp(const char *text, size_t size,
                                                   const char *format, int64_t *out);
MIMIC_API mimic_reject_code mimic_coerce_timestamptz(const char *text, size_t size,
                                                     const char *format, int64_t *out);
MIMIC_API mimic_reject_code mimic_coerce_string(const char *text, size_t size, int64_t min_length,
                                                int64_t max_length);
MIMIC_API mimic_reject_code mimic_coerce_binary(const char *text, size_t size, uint8_t *out,
                                                size_t *out_size);
typedef struct mimic_csv_reader mimic_csv_reader;

typedef struct mimic_reject {
    uint32_t struct_size;
    mimic_reject_code code;
    const char *source;
    int64_t record;
    int64_t line;
    int64_t byte_offset;
    const char *column;
    const char *message;
    const char *raw;
    size_t raw_size;
    int32_t raw_is_cut;
} mimic_reject;
typedef int (*mimic_reject_fn)(const mimic_reject *reject, void *ctx);

typedef struct mimic_csv_filter {
    const char *column;
    const int64_t *values;
    size_t value_count;
} mimic_csv_filter;

typedef struct mimic_csv_options {
    uint32_t struct_size;
    char delimiter;
    char quote;
    char escape;
    char comment;
    int32_t no_header;
    int32_t no_quoting;
    int32_t strict_drift;
    mimic_on_error on_error;
    const char *const *columns;
    size_t column_count;
    const mimic_csv_filter *filters;
    size_t filter_count;
    int64_t limit;
    uint64_t max_record_bytes;
    uint32_t max_columns;
    uint32_t block_bytes;
    uint32_t max_raw_bytes;
    uint32_t max_categories;
    mimic_reject_fn on_reject;
    void *on_reject_ctx;
} mimic_csv_options;
#define MIMIC_CSV_OPTIONS_INIT { (uint32_t)sizeof(mimic_csv_options) }

typedef struct mimic_csv_counts {
    uint32_t struct_size;
    int64_t read;
    int64_t delivered;
    int64_t rejected;
    int64_t filtered;
    int64_t nulled;
    int64_t bytes;
} mimic_csv_counts;
MIMIC_API MIMIC_NODISCARD mimic_status mimic_csv_reader_open(const mimic_context *ctx,
                                                             mimic_source *source,
                                                             const mimic_table *table,
                                                             const mimic_csv_options *options,
                                                             mimic_csv_reader **out_reader,
                                                             mimic_error *err);
MIMIC_API const mimic_table *mimic_csv_reader_table(const mimic_csv_reader *reader);
MIMIC_API const mimic_drift *mimic_csv_reader_drift(const mimic_csv_reader *reader);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_csv_reader_next(mimic_csv_reader *reader,
                                                             const mimic_batch **out_batch,
                                                             mimic_error *err);
MIMIC_API void mimic_csv_reader_counts(const mimic_csv_reader *reader,
                                       mimic_csv_counts *out_counts);
MIMIC_API mimic_status mimic_csv_reader_place(const mimic_csv_reader *reader, int64_t row,
                                              mimic_reject *out_reject);
MIMIC_API void mimic_csv_reader_free(mimic_csv_reader *reader);
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif
MIMIC_API MIMIC_NODISCARD mimic_status mimic_table_export_schema(const mimic_context *ctx,
                                                                 const mimic_table *table,
                                                                 struct ArrowSchema *out_schema,
                                                                 mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_batch_export(const mimic_context *ctx,
                                                          const mimic_batch *batch,
                                                          struct ArrowArray *out_array,
                                                          mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_csv_reader_export(mimic_csv_reader **reader,
                                                               struct ArrowArrayStream *out_stream,
                                                               mimic_error *err);
typedef struct mimic_sink mimic_sink;

typedef struct mimic_sink_host {
    uint32_t struct_size;
    int (*reject_row)(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                      const char *message);
    void *ctx;
} mimic_sink_host;

typedef struct mimic_finding {
    uint32_t struct_size;
    int32_t is_problem;
    const char *check;
    const char *table;
    int64_t count;
    const char *message;
} mimic_finding;
typedef void (*mimic_finding_fn)(const mimic_finding *finding, void *ctx);

typedef struct mimic_sink_vtable {
    uint32_t struct_size;
    const char *name;
    mimic_status (*begin)(void *self, const mimic_table *table, const mimic_sink_host *host,
                          mimic_error *err);
    mimic_status (*encode)(void *self, const mimic_batch *batch, void **out_chunk,
                           mimic_error *err);
    void (*free_chunk)(void *self, void *chunk);
    mimic_status (*write)(void *self, const mimic_batch *batch, void *chunk, mimic_error *err);
    mimic_status (*reject)(void *self, const mimic_table *table, const mimic_reject *reject,
                           mimic_error *err);
    mimic_status (*commit)(void *self, mimic_error *err);
    void (*abort)(void *self);
    mimic_status (*finish)(void *self, mimic_finding_fn finding, void *finding_ctx,
                           mimic_error *err);
    void (*free)(void *self);
} mimic_sink_vtable;
typedef int32_t mimic_sink_compression;
#define MIMIC_SINK_COMPRESSION_DEFAULT 0
#define MIMIC_SINK_COMPRESSION_NONE 1
#define MIMIC_SINK_COMPRESSION_GZIP 2
#define MIMIC_SINK_COMPRESSION_ZSTD 3

typedef struct mimic_sink_options {
    uint32_t struct_size;
    mimic_sink_compression compression;
    int32_t compression_level;
    int32_t integer_times;
    int32_t no_indexes;
    int32_t no_sync;
} mimic_sink_options;
#define MIMIC_SINK_OPTIONS_INIT { (uint32_t)sizeof(mimic_sink_options), 0, 0, 0, 0, 0 }
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_open(const mimic_context *ctx,
                                                       const char *target,
                                                       const mimic_sink_options *options,
                                                       mimic_sink **out_sink, mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_new(const mimic_context *ctx,
                                                      const mimic_sink_vtable *vtable, void *self,
                                                      mimic_sink **out_sink, mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_begin(mimic_sink *sink, const mimic_table *table,
                                                        const mimic_sink_host *host,
                                                        mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_write(mimic_sink *sink, const mimic_batch *batch,
                                                        mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_reject(mimic_sink *sink,
                                                         const mimic_reject *reject,
                                                         mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_commit(mimic_sink *sink, mimic_error *err);
MIMIC_API void mimic_sink_abort(mimic_sink *sink);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_finish(mimic_sink *sink,
                                                         mimic_finding_fn finding,
                                                         void *finding_ctx, mimic_error *err);
MIMIC_API void mimic_sink_free(mimic_sink *sink);
typedef struct mimic_report mimic_report;

typedef struct mimic_progress {
    uint32_t struct_size;
    const char *table;
    size_t table_index;
    size_t table_count;
    int64_t bytes;
    int64_t total_bytes;
    int64_t rows;
    int64_t all_bytes;
    int64_t all_total_bytes;
    int32_t is_done;
} mimic_progress;
typedef int (*mimic_progress_fn)(const mimic_progress *progress, void *ctx);

typedef struct mimic_load_options {
    uint32_t struct_size;
    const char *dataset;
    const char *const *tables;
    size_t table_count;
    int32_t strict_drift;
    mimic_on_error on_error;
    int64_t max_rejects;
    double max_reject_percent;
    const mimic_csv_options *csv;
    const mimic_sink_options *sink;
    mimic_progress_fn progress;
    void *progress_ctx;
    int32_t jobs;
} mimic_load_options;
#define MIMIC_LOAD_OPTIONS_INIT { (uint32_t)sizeof(mimic_load_options) }

typedef struct mimic_table_report {
    uint32_t struct_size;
    const char *table;
    const char *source;
    const char *hash;
    int64_t read;
    int64_t written;
    int64_t rejected;
    int64_t filtered;
    int64_t nulled;
    int64_t nulls;
    int64_t bytes;
    int64_t stored_bytes;
    int64_t expected_rows;
    double seconds;
    mimic_status status;
    const char *message;
} mimic_table_report;
#define MIMIC_TABLE_REPORT_INIT { (uint32_t)sizeof(mimic_table_report) }
typedef int32_t mimic_note_kind;
#define MIMIC_NOTE_IGNORED 1
#define MIMIC_NOTE_ABSENT 2
#define MIMIC_NOTE_DRIFT 3
#define MIMIC_NOTE_FINDING 4
#define MIMIC_NOTE_REJECTS 5
#define MIMIC_NOTE_COUNT 6

typedef struct mimic_note {
    uint32_t struct_size;
    mimic_note_kind kind;
    int32_t is_problem;
    const char *table;
    const char *column;
    const char *code;
    int64_t count;
    const char *message;
} mimic_note;
#define MIMIC_NOTE_INIT { (uint32_t)sizeof(mimic_note) }
MIMIC_API MIMIC_NODISCARD mimic_status mimic_convert(const mimic_context *ctx,
                                                     const mimic_registry *registry,
                                                     const mimic_table *table,
                                                     const char *const *inputs, size_t input_count,
                                                     const char *target,
                                                     const mimic_load_options *options,
                                                     mimic_report **out_report, mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_load(const mimic_context *ctx,
                                                  const mimic_registry *registry, const char *dir,
                                                  const char *target,
                                                  const mimic_load_options *options,
                                                  mimic_report **out_report, mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_detect(const mimic_context *ctx,
                                                    const mimic_registry *registry,
                                                    const char *dir,
                                                    const mimic_dataset **out_dataset,
                                                    mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_infer(const mimic_context *ctx, mimic_source *source,
                                                   int64_t sample_rows, char **out_json,
                                                   mimic_error *err);
MIMIC_API const char *mimic_report_dataset(const mimic_report *report);
MIMIC_API const char *mimic_report_edition(const mimic_report *report);
MIMIC_API const char *mimic_report_target(const mimic_report *report);
MIMIC_API size_t mimic_report_table_count(const mimic_report *report);
MIMIC_API mimic_status mimic_report_table(const mimic_report *report, size_t index,
                                          mimic_table_report *out_table);
MIMIC_API size_t mimic_report_note_count(const mimic_report *report);
MIMIC_API mimic_status mimic_report_note(const mimic_report *report, size_t index,
                                         mimic_note *out_note);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_report_json(const mimic_report *report,
                                                         char **out_json, mimic_error *err);
MIMIC_API void mimic_report_free(mimic_report *report);

typedef struct mimic_synth_options {
    uint32_t struct_size;
    mimic_compression compression;
    int64_t patients;
    uint64_t seed;
    const char *const *tables;
    size_t table_count;
    mimic_progress_fn progress;
    void *progress_ctx;
} mimic_synth_options;
#define MIMIC_SYNTH_OPTIONS_INIT { (uint32_t)sizeof(mimic_synth_options) }
MIMIC_API MIMIC_NODISCARD mimic_status mimic_synth(const mimic_context *ctx,
                                                   const mimic_registry *registry,
                                                   const char *dataset, const char *out_dir,
                                                   const mimic_synth_options *options,
                                                   mimic_error *err);
#define MIMIC_VERSION_MAJOR 0
#define MIMIC_VERSION_MINOR 1
#define MIMIC_VERSION_PATCH 0
#define MIMIC_VERSION_STRING "0.1.0"
#define MIMIC_ABI_VERSION 0
MIMIC_API const char *mimic_version(void);
MIMIC_API int mimic_abi_version(void);

#endif
