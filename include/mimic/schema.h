/*
 * Schemas: what is known of a dataset before its first byte is read.
 *
 * A dataset release is a Data Package (standard v2) whose resources carry a Table Schema; what the
 * standard lacks stands under the property "mimic" (schemas/README.md). Releases of MIMIC-IV, -ED,
 * -Note, MIMIC-III and Synthea are compiled in; packages on disk add to them or override them.
 *
 *     mimic_registry *registry = NULL;
 *     mimic_registry_new(ctx, &registry, &err);
 *     const mimic_table *labs = NULL;
 *     mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &labs, &err);
 *     for (size_t i = 0; i < mimic_table_field_count(labs); i++) {
 *         mimic_field_info field = MIMIC_FIELD_INFO_INIT;
 *         mimic_table_field(labs, i, &field);
 *         printf("%s %s\n", field.name, mimic_type_name(field.type));
 *     }
 *     mimic_registry_free(registry);
 *
 * Thread safety: a registry is changed by one thread at a time; once filled, it and everything
 * borrowed from it may be read by any number of threads.
 */
#ifndef MIMIC_SCHEMA_H
#define MIMIC_SCHEMA_H

#include <stddef.h>
#include <mimic/source.h>

MIMIC_BEGIN_DECLS

typedef struct mimic_registry mimic_registry;
typedef struct mimic_dataset mimic_dataset;
typedef struct mimic_table mimic_table;
typedef struct mimic_drift mimic_drift;

/** Physical types; in brackets the Arrow layout of a column of that type. */
typedef int32_t mimic_type;
#define MIMIC_TYPE_BOOLEAN 1     /* bit-packed */
#define MIMIC_TYPE_INT16 2
#define MIMIC_TYPE_INT32 3
#define MIMIC_TYPE_INT64 4
#define MIMIC_TYPE_FLOAT32 5
#define MIMIC_TYPE_FLOAT64 6
#define MIMIC_TYPE_DECIMAL 7     /* decimal128(precision, scale): 16 bytes, little endian */
#define MIMIC_TYPE_DATE 8        /* date32: days since 1970-01-01 */
#define MIMIC_TYPE_TIME 9        /* time64: microseconds since midnight */
#define MIMIC_TYPE_TIMESTAMP 10  /* int64 microseconds since 1970-01-01, no zone */
#define MIMIC_TYPE_TIMESTAMPTZ 11 /* the same, UTC */
#define MIMIC_TYPE_STRING 12     /* utf8, 32-bit offsets */
#define MIMIC_TYPE_CATEGORICAL 13 /* dictionary<int32, utf8> */
#define MIMIC_TYPE_BINARY 14     /* binary, 32-bit offsets */

/** What becomes of a row when one of its values does not fit. */
typedef int32_t mimic_on_error;
#define MIMIC_ON_ERROR_DEFAULT 0 /* what the field says, else reject */
#define MIMIC_ON_ERROR_REJECT 1  /* the row becomes a reject */
#define MIMIC_ON_ERROR_NULL 2    /* the value becomes NULL and is counted */
#define MIMIC_ON_ERROR_FAIL 3    /* the conversion stops */

/** A view of one field; all texts are borrowed from the table, never NULL, "" where absent. */
typedef struct mimic_field_info {
    uint32_t struct_size;
    mimic_type type;
    const char *name;
    const char *title;
    const char *description;
    const char *format; /* Table Schema format: "default", a strptime pattern … */
    int32_t precision;  /* decimal only */
    int32_t scale;      /* decimal only */
    int32_t is_required; /* 1 = NOT NULL */
    int32_t is_unique;
    int64_t min_length; /* characters; -1 = none */
    int64_t max_length; /* characters; -1 = none */
    mimic_on_error on_error;
} mimic_field_info;

#define MIMIC_FIELD_INFO_INIT                                                                      \
    { (uint32_t)sizeof(mimic_field_info), 0, "", "", "", "", 0, 0, 0, 0, -1, -1, 0 }

/** One foreign key: `count` pairs of columns. */
typedef struct mimic_foreign_key_info {
    uint32_t struct_size;
    const char *referenced_table;
    size_t count;
    const char *const *fields;            /* in this table */
    const char *const *referenced_fields; /* in the other table */
} mimic_foreign_key_info;

#define MIMIC_FOREIGN_KEY_INFO_INIT                                                                \
    { (uint32_t)sizeof(mimic_foreign_key_info), "", 0, NULL, NULL }

/**
 * Name of a type as it stands in packages: "int32", "timestamp", "categorical" …
 *
 * Returns: a static string, "unknown" for a number that is no type.
 * Ownership: borrowed, static.
 * Since: 0.1
 */
MIMIC_API const char *mimic_type_name(mimic_type type);

/* ---- registry ---- */

/**
 * Makes a registry that holds the built-in datasets.
 *
 * Returns: MIMIC_OK; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT.
 * Ownership: the caller frees *out_registry.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_new(const mimic_context *ctx,
                                                          mimic_registry **out_registry,
                                                          mimic_error *err);

/**
 * Adds every package below a folder (`<dir>/<dataset>/<version>/datapackage.json`, or
 * `<dir>/datapackage.json`). A release that is there already is replaced.
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND when there is no package; MIMIC_ERR_JSON and
 * MIMIC_ERR_SCHEMA with line, column and JSON position in the message; MIMIC_ERR_IO;
 * MIMIC_ERR_MEMORY. On failure the registry is as it was.
 * Ownership: none. Pointers borrowed from a replaced release stay valid until the registry is freed.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_add_dir(mimic_registry *registry,
                                                              const char *path, mimic_error *err);

/**
 * Reads one package, resource or bare Table Schema from memory and adds it. `name` stands in
 * messages and names the table of a bare schema.
 *
 * Returns: as mimic_registry_add_dir, *out_dataset being what was added.
 * Ownership: *out_dataset is borrowed from the registry (NULL allowed for out_dataset).
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_add_json(mimic_registry *registry,
                                                               const char *json, size_t size_bytes,
                                                               const char *name,
                                                               const mimic_dataset **out_dataset,
                                                               mimic_error *err);

/**
 * Number of releases, and one of them; order: name, then version.
 *
 * Returns: the count; the release, or NULL beyond the end.
 * Ownership: borrowed, valid until the registry is freed.
 * Since: 0.1
 */
MIMIC_API size_t mimic_registry_dataset_count(const mimic_registry *registry);
MIMIC_API const mimic_dataset *mimic_registry_dataset(const mimic_registry *registry, size_t index);

/**
 * Finds a release: "mimic-iv@3.1", or "mimic-iv" for the highest version.
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND, the message listing what there is.
 * Ownership: *out_dataset is borrowed, valid until the registry is freed.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_find_dataset(const mimic_registry *registry,
                                                                   const char *spec,
                                                                   const mimic_dataset **out_dataset,
                                                                   mimic_error *err);

/**
 * Finds a table: "mimic-iv@3.1/labevents", any case in the table's name.
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND, the message listing what there is.
 * Ownership: *out_table is borrowed, valid until the registry is freed.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_find_table(const mimic_registry *registry,
                                                                 const char *spec,
                                                                 const mimic_table **out_table,
                                                                 mimic_error *err);

/** Frees a registry; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `registry` and everything borrowed from it.
 * Since: 0.1
 */
MIMIC_API void mimic_registry_free(mimic_registry *registry);

/* ---- dataset ---- */

/**
 * Name, version, title and description of a release.
 *
 * Returns: a string, never NULL.
 * Ownership: borrowed from the dataset.
 * Since: 0.1
 */
MIMIC_API const char *mimic_dataset_name(const mimic_dataset *dataset);
MIMIC_API const char *mimic_dataset_version(const mimic_dataset *dataset);
MIMIC_API const char *mimic_dataset_title(const mimic_dataset *dataset);
MIMIC_API const char *mimic_dataset_description(const mimic_dataset *dataset);

/**
 * Number of tables, one of them in the order of the package, and one by name (any case).
 *
 * Returns: the count; the table or NULL.
 * Ownership: borrowed from the dataset.
 * Since: 0.1
 */
MIMIC_API size_t mimic_dataset_table_count(const mimic_dataset *dataset);
MIMIC_API const mimic_table *mimic_dataset_table(const mimic_dataset *dataset, size_t index);
MIMIC_API const mimic_table *mimic_dataset_find_table(const mimic_dataset *dataset,
                                                      const char *name);

/* ---- table ---- */

/**
 * Name, module ("hosp", "icu", … or ""), title and description of a table, the release it belongs
 * to ("mimic-iv" and "3.1", "" for a bare schema), and the canonical path ("hosp/labevents.csv.gz").
 *
 * Returns: a string, never NULL.
 * Ownership: borrowed from the table.
 * Since: 0.1
 */
MIMIC_API const char *mimic_table_name(const mimic_table *table);
MIMIC_API const char *mimic_table_module(const mimic_table *table);
MIMIC_API const char *mimic_table_title(const mimic_table *table);
MIMIC_API const char *mimic_table_description(const mimic_table *table);
MIMIC_API const char *mimic_table_dataset(const mimic_table *table);
MIMIC_API const char *mimic_table_version(const mimic_table *table);
MIMIC_API const char *mimic_table_path(const mimic_table *table);

/**
 * Fields: their number, one of them, and the index of one by name (any case).
 *
 * Returns: the count; MIMIC_OK or MIMIC_ERR_ARGUMENT beyond the end; the index or -1.
 * Ownership: the texts in *out_field are borrowed from the table.
 * Since: 0.1
 */
MIMIC_API size_t mimic_table_field_count(const mimic_table *table);
MIMIC_API mimic_status mimic_table_field(const mimic_table *table, size_t index,
                                         mimic_field_info *out_field);
MIMIC_API int64_t mimic_table_find_field(const mimic_table *table, const char *name);

/**
 * Keys. The primary key as field indexes (0 = none), and the foreign keys.
 *
 * Returns: the number of fields, *out_fields pointing at their indexes (NULL allowed); the number of
 * foreign keys; MIMIC_OK or MIMIC_ERR_ARGUMENT beyond the end.
 * Ownership: borrowed from the table.
 * Since: 0.1
 */
MIMIC_API size_t mimic_table_primary_key(const mimic_table *table, const size_t **out_fields);
MIMIC_API size_t mimic_table_foreign_key_count(const mimic_table *table);
MIMIC_API mimic_status mimic_table_foreign_key(const mimic_table *table, size_t index,
                                               mimic_foreign_key_info *out_key);

/**
 * Number of rows that an edition ("full", "demo") of this release is published with.
 *
 * Returns: the count, or -1 where none is known.
 * Ownership: none.
 * Since: 0.1
 */
MIMIC_API int64_t mimic_table_expected_rows(const mimic_table *table, const char *edition);

/* ---- drift: a file's header against its table ---- */

typedef int32_t mimic_drift_kind;
#define MIMIC_DRIFT_MISSING_REQUIRED 1 /* a column that may not be NULL is not in the file */
#define MIMIC_DRIFT_MISSING 2          /* a nullable column is not in the file */
#define MIMIC_DRIFT_UNKNOWN 3          /* the file has a column that the table has not */
#define MIMIC_DRIFT_REORDERED 4        /* same columns, another order */
#define MIMIC_DRIFT_RELEASE 5          /* the file looks like another release */
#define MIMIC_DRIFT_RENAMED_CASE 6     /* a name differs in case only */

typedef struct mimic_drift_item {
    uint32_t struct_size;
    mimic_drift_kind kind;
    const char *column;      /* "" where it concerns the whole header */
    int64_t file_position;   /* 0-based, -1 = not in the file */
    int64_t schema_position; /* 0-based, -1 = not in the schema */
    const char *message;
} mimic_drift_item;

#define MIMIC_DRIFT_ITEM_INIT { (uint32_t)sizeof(mimic_drift_item), 0, "", -1, -1, "" }

/**
 * Compares header names with a table.
 *
 * Returns: MIMIC_OK (also with findings); MIMIC_ERR_CSV_HEADER for an empty header or a name that
 * comes twice (any case); MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_drift; `table` must outlive it.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_drift_compare(const mimic_context *ctx,
                                                           const mimic_table *table,
                                                           const char *const *header,
                                                           size_t header_count,
                                                           mimic_drift **out_drift,
                                                           mimic_error *err);

/**
 * Findings of a comparison, in the order of the file, missing ones last.
 *
 * Returns: the count; MIMIC_OK or MIMIC_ERR_ARGUMENT beyond the end.
 * Ownership: texts borrowed from the drift.
 * Since: 0.1
 */
MIMIC_API size_t mimic_drift_count(const mimic_drift *drift);
MIMIC_API mimic_status mimic_drift_get(const mimic_drift *drift, size_t index,
                                       mimic_drift_item *out_item);

/** Frees a comparison; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `drift`.
 * Since: 0.1
 */
MIMIC_API void mimic_drift_free(mimic_drift *drift);

/* ---- texts made from schemas ---- */

typedef int32_t mimic_sql_dialect;
#define MIMIC_SQL_SQLITE 1
#define MIMIC_SQL_POSTGRES 2
#define MIMIC_SQL_DUCKDB 3
#define MIMIC_SQL_BIGQUERY 4
#define MIMIC_SQL_ATHENA 5

/**
 * SQL that creates the tables of a release (`table` NULL) or one of its tables, with comments,
 * keys and foreign keys as far as the dialect knows them.
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for an unknown dialect; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_sql with mimic_free.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_schema_ddl(const mimic_context *ctx,
                                                        const mimic_dataset *dataset,
                                                        const mimic_table *table,
                                                        mimic_sql_dialect dialect, char **out_sql,
                                                        mimic_error *err);

typedef int32_t mimic_text_format;
#define MIMIC_TEXT_MARKDOWN 1
#define MIMIC_TEXT_HTML 2 /* one page, complete in itself */

/**
 * Data dictionary of a release: tables, columns, types, keys, descriptions, relations.
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for an unknown format; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_text with mimic_free.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_schema_dictionary(const mimic_context *ctx,
                                                               const mimic_dataset *dataset,
                                                               mimic_text_format format,
                                                               char **out_text, mimic_error *err);

/** Receives one finding of mimic_schema_check: a JSON pointer and 1-based line and column. */
typedef void (*mimic_schema_finding_fn)(const char *pointer, int64_t line, int64_t column,
                                        const char *message, void *ctx);

/**
 * Validates a package, resource or bare Table Schema and reports every finding, not the first only.
 *
 * Returns: MIMIC_OK when it is sound; MIMIC_ERR_SCHEMA after findings; MIMIC_ERR_JSON;
 * MIMIC_ERR_MEMORY.
 * Ownership: the texts given to `finding` are valid during the call. `finding` may be NULL.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_schema_check(const mimic_context *ctx,
                                                          const char *json, size_t size_bytes,
                                                          const char *name,
                                                          mimic_schema_finding_fn finding,
                                                          void *finding_ctx, mimic_error *err);

MIMIC_END_DECLS

#endif
