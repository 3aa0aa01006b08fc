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
 *
 * Since: 0.1
 */
#ifndef MIMIC_SCHEMA_H
#define MIMIC_SCHEMA_H

#include <stddef.h>
#include <mimic/source.h>

MIMIC_BEGIN_DECLS

/** The releases that are known; made by mimic_registry_new. */
typedef struct mimic_registry mimic_registry;

/** One release of a dataset; borrowed from its registry. */
typedef struct mimic_dataset mimic_dataset;

/** The schema of one table; borrowed from its registry, or from what made it. */
typedef struct mimic_table mimic_table;

/** A comparison of a header with a table; made by mimic_drift_compare. */
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

/**
 * A view of one field; begin with MIMIC_FIELD_INFO_INIT. All texts are borrowed from the table,
 * never NULL, "" where absent.
 */
typedef struct mimic_field_info {
    uint32_t struct_size;
    mimic_type type;         /* of its values */
    const char *name;        /* of the column */
    const char *title;       /* for people, short */
    const char *description; /* for people */
    const char *format;      /* Table Schema format: "default", a strptime pattern … */
    int32_t precision;       /* decimal only */
    int32_t scale;           /* decimal only */
    int32_t is_required;     /* 1 = NOT NULL */
    int32_t is_unique;       /* 1 = no value comes twice */
    int64_t min_length;      /* characters; -1 = none */
    int64_t max_length;      /* characters; -1 = none */
    mimic_on_error on_error; /* of a value that does not fit */
} mimic_field_info;

#define MIMIC_FIELD_INFO_INIT                                                                      \
    { sizeof(mimic_field_info), 0, "", "", "", "", 0, 0, 0, 0, -1, -1, 0 }

/** One foreign key: `count` pairs of columns; begin with MIMIC_FOREIGN_KEY_INFO_INIT. */
typedef struct mimic_foreign_key_info {
    uint32_t struct_size;
    const char *referenced_table;         /* name of the other table */
    size_t count;                         /* of pairs */
    const char *const *fields;            /* in this table */
    const char *const *referenced_fields; /* in the other table */
} mimic_foreign_key_info;

#define MIMIC_FOREIGN_KEY_INFO_INIT                                                                \
    { sizeof(mimic_foreign_key_info), "", 0, NULL, NULL }

/**
 * Name of a type as it stands in packages: "int32", "timestamp", "categorical" …
 *
 * type: any number
 *
 * Returns: a static string, "unknown" for a number that is no type.
 * Ownership: borrowed, valid for the life of the process.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     puts(mimic_type_name(MIMIC_TYPE_FLOAT64));
 */
MIMIC_API const char *mimic_type_name(mimic_type type);

/* ---- registry ---- */

/**
 * Makes a registry that holds the built-in datasets.
 *
 * out_registry: the registry; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT for a NULL.
 * Ownership: the caller frees *out_registry.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_registry_new(ctx, &registry, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_new(const mimic_context *ctx,
                                                          mimic_registry **out_registry,
                                                          mimic_error *err);

/**
 * Adds every package below a folder (`<dir>/<dataset>/<version>/datapackage.json`, or
 * `<dir>/datapackage.json`). A release that is there already is replaced. On failure the registry
 * is as it was.
 *
 * path: of the folder
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND when there is no package; MIMIC_ERR_JSON and
 * MIMIC_ERR_SCHEMA with line, column and JSON position in the message; MIMIC_ERR_IO;
 * MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_MEMORY.
 * Ownership: none. Pointers borrowed from a replaced release stay valid until the registry is
 * freed.
 * Thread safety: one thread, while no other uses the registry.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_registry_add_dir(registry, "schemas", &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_add_dir(mimic_registry *registry,
                                                              const char *path, mimic_error *err);

/**
 * Reads one package, resource or bare Table Schema from memory and adds it.
 *
 * json: the text; no NUL at its end is needed
 * size_bytes: its size
 * name: stands in messages and names the table of a bare schema; NULL = "schema"
 * out_dataset: what was added; NULL = not wanted
 *
 * Returns: MIMIC_OK; MIMIC_ERR_JSON and MIMIC_ERR_SCHEMA with line, column and JSON position in the
 * message; MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_MEMORY.
 * Ownership: *out_dataset is borrowed from the registry.
 * Thread safety: one thread, while no other uses the registry.
 * Since: 0.1
 *
 * Example:
 *     static const char json[] = "{\"fields\": [{\"name\": \"itemid\", \"type\": \"integer\"}]}";
 *     const mimic_dataset *added = NULL;
 *     status = mimic_registry_add_json(registry, json, sizeof json - 1, "mine", &added, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_add_json(mimic_registry *registry,
                                                               const char *json, size_t size_bytes,
                                                               const char *name,
                                                               const mimic_dataset **out_dataset,
                                                               mimic_error *err);

/**
 * Number of releases, and one of them; order: name, then version.
 *
 * index: 0-based
 *
 * Returns: the count, 0 for a NULL registry; the release, or NULL beyond the end.
 * Ownership: borrowed, valid until the registry is freed.
 * Thread safety: any thread, while none changes the registry.
 * Since: 0.1
 *
 * Example:
 *     for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++)
 *         puts(mimic_dataset_title(mimic_registry_dataset(registry, i)));
 */
MIMIC_API size_t mimic_registry_dataset_count(const mimic_registry *registry);
MIMIC_API const mimic_dataset *mimic_registry_dataset(const mimic_registry *registry, size_t index);

/**
 * Finds a release.
 *
 * spec: "mimic-iv@3.1", or "mimic-iv" for the highest version
 * out_dataset: the release; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND, the message listing what there is; MIMIC_ERR_ARGUMENT for
 * a NULL.
 * Ownership: *out_dataset is borrowed, valid until the registry is freed.
 * Thread safety: any thread, while none changes the registry.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_registry_find_dataset(registry, "mimic-iv@3.1", &dataset, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_find_dataset(const mimic_registry *registry,
                                                                   const char *spec,
                                                                   const mimic_dataset **out_dataset,
                                                                   mimic_error *err);

/**
 * Finds a table.
 *
 * spec: "mimic-iv@3.1/labevents" or "mimic-iv/labevents", any case in the table's name; the name
 * alone of a bare schema that was added
 * out_table: the table; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND, the message listing what there is; MIMIC_ERR_ARGUMENT for
 * a NULL.
 * Ownership: *out_table is borrowed, valid until the registry is freed.
 * Thread safety: any thread, while none changes the registry.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_registry_find_table(const mimic_registry *registry,
                                                                 const char *spec,
                                                                 const mimic_table **out_table,
                                                                 mimic_error *err);

/**
 * Frees a registry; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `registry` and everything borrowed from it.
 * Thread safety: one thread, when no other uses the registry any more.
 * Since: 0.1
 */
MIMIC_API void mimic_registry_free(mimic_registry *registry);

/* ---- dataset ---- */

/**
 * Name, version, title and description of a release.
 *
 * Returns: a string, never NULL; "" where there is none and for a NULL dataset.
 * Ownership: borrowed from the dataset.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     printf("%s@%s\n", mimic_dataset_name(dataset), mimic_dataset_version(dataset));
 */
MIMIC_API const char *mimic_dataset_name(const mimic_dataset *dataset);
MIMIC_API const char *mimic_dataset_version(const mimic_dataset *dataset);
MIMIC_API const char *mimic_dataset_title(const mimic_dataset *dataset);
MIMIC_API const char *mimic_dataset_description(const mimic_dataset *dataset);

/**
 * Number of tables, one of them in the order of the package, and one by name.
 *
 * index: 0-based
 * name: of a table, any case
 *
 * Returns: the count, 0 for a NULL dataset; the table, or NULL beyond the end or where there is
 * none.
 * Ownership: borrowed from the dataset.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     const mimic_table *labs = mimic_dataset_find_table(dataset, "labevents");
 */
MIMIC_API size_t mimic_dataset_table_count(const mimic_dataset *dataset);
MIMIC_API const mimic_table *mimic_dataset_table(const mimic_dataset *dataset, size_t index);
MIMIC_API const mimic_table *mimic_dataset_find_table(const mimic_dataset *dataset,
                                                      const char *name);

/* ---- table ---- */

/**
 * Name, module ("hosp", "icu", … or ""), title and description of a table, the release it belongs
 * to ("mimic-iv" and "3.1", "" for a bare schema), and the canonical path
 * ("hosp/labevents.csv.gz").
 *
 * Returns: a string, never NULL; "" where there is none and for a NULL table.
 * Ownership: borrowed from the table.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     printf("%s: %s\n", mimic_table_name(table), mimic_table_description(table));
 */
MIMIC_API const char *mimic_table_name(const mimic_table *table);
MIMIC_API const char *mimic_table_module(const mimic_table *table);
MIMIC_API const char *mimic_table_title(const mimic_table *table);
MIMIC_API const char *mimic_table_description(const mimic_table *table);
MIMIC_API const char *mimic_table_dataset(const mimic_table *table);
MIMIC_API const char *mimic_table_version(const mimic_table *table);
MIMIC_API const char *mimic_table_path(const mimic_table *table);

/**
 * Fields: their number, one of them, and the index of one by name.
 *
 * index: 0-based
 * out_field: begin with MIMIC_FIELD_INFO_INIT
 * name: of a field, any case
 *
 * Returns: the count, 0 for a NULL table; MIMIC_OK, or MIMIC_ERR_ARGUMENT beyond the end and for a
 * struct without its INIT macro; the index, or -1 where there is none.
 * Ownership: the texts in *out_field are borrowed from the table.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_field_info field = MIMIC_FIELD_INFO_INIT;
 *     if (mimic_table_field(table, 0, &field) == MIMIC_OK)
 *         puts(mimic_type_name(field.type));
 */
MIMIC_API size_t mimic_table_field_count(const mimic_table *table);
MIMIC_API mimic_status mimic_table_field(const mimic_table *table, size_t index,
                                         mimic_field_info *out_field);
MIMIC_API int64_t mimic_table_find_field(const mimic_table *table, const char *name);

/**
 * Keys: the primary key as field indexes, and the foreign keys.
 *
 * out_fields: the indexes, in the order of the key; NULL = not wanted
 * index: 0-based
 * out_key: begin with MIMIC_FOREIGN_KEY_INFO_INIT
 *
 * Returns: the number of fields of the primary key, 0 = none; the number of foreign keys; MIMIC_OK,
 * or MIMIC_ERR_ARGUMENT beyond the end and for a struct without its INIT macro.
 * Ownership: borrowed from the table.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     const size_t *key = NULL;
 *     size_t key_count = mimic_table_primary_key(table, &key);
 */
MIMIC_API size_t mimic_table_primary_key(const mimic_table *table, const size_t **out_fields);
MIMIC_API size_t mimic_table_foreign_key_count(const mimic_table *table);
MIMIC_API mimic_status mimic_table_foreign_key(const mimic_table *table, size_t index,
                                               mimic_foreign_key_info *out_key);

/**
 * Number of rows that an edition of this release is published with.
 *
 * edition: "full" or "demo"
 *
 * Returns: the count, or -1 where none is known.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     printf("%lld rows\n", (long long)mimic_table_expected_rows(table, "full"));
 */
MIMIC_API int64_t mimic_table_expected_rows(const mimic_table *table, const char *edition);

/* ---- drift: a file's header against its table ---- */

/** What is different; stands in mimic_drift_item. */
typedef int32_t mimic_drift_kind;
#define MIMIC_DRIFT_MISSING_REQUIRED 1 /* a column that may not be NULL is not in the file */
#define MIMIC_DRIFT_MISSING 2          /* a nullable column is not in the file */
#define MIMIC_DRIFT_UNKNOWN 3          /* the file has a column that the table has not */
#define MIMIC_DRIFT_REORDERED 4        /* same columns, another order */
#define MIMIC_DRIFT_RELEASE 5          /* the file looks like another release */
#define MIMIC_DRIFT_RENAMED_CASE 6     /* a name differs in case only */

/** One finding; begin with MIMIC_DRIFT_ITEM_INIT. Texts are borrowed from the comparison. */
typedef struct mimic_drift_item {
    uint32_t struct_size;
    mimic_drift_kind kind;   /* what is different */
    const char *column;      /* "" where it concerns the whole header */
    int64_t file_position;   /* 0-based, -1 = not in the file */
    int64_t schema_position; /* 0-based, -1 = not in the schema */
    const char *message;     /* the same for people */
} mimic_drift_item;

#define MIMIC_DRIFT_ITEM_INIT { sizeof(mimic_drift_item), 0, "", -1, -1, "" }

/**
 * Compares header names with a table.
 *
 * table: the schema
 * header: names of the columns of a file, in order
 * header_count: their number
 * out_drift: the comparison
 *
 * Returns: MIMIC_OK (also with findings); MIMIC_ERR_CSV_HEADER for an empty header or a name that
 * comes twice (any case); MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_drift; `table` must outlive it, `header` may go at once.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     static const char *const header[] = {"labevent_id", "subject_id", "itemid"};
 *     mimic_drift *drift = NULL;
 *     status = mimic_drift_compare(ctx, table, header, 3, &drift, &err);
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
 * index: 0-based
 * out_item: begin with MIMIC_DRIFT_ITEM_INIT
 *
 * Returns: the count, 0 for NULL; MIMIC_OK, or MIMIC_ERR_ARGUMENT beyond the end and for a struct
 * without its INIT macro.
 * Ownership: texts are borrowed from the drift.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_drift_item item = MIMIC_DRIFT_ITEM_INIT;
 *     for (size_t i = 0; mimic_drift_get(drift, i, &item) == MIMIC_OK; i++)
 *         puts(item.message);
 */
MIMIC_API size_t mimic_drift_count(const mimic_drift *drift);
MIMIC_API mimic_status mimic_drift_get(const mimic_drift *drift, size_t index,
                                       mimic_drift_item *out_item);

/**
 * Frees a comparison; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `drift`, which must not be one that a reader lent.
 * Thread safety: one thread, when no other uses the comparison any more.
 * Since: 0.1
 */
MIMIC_API void mimic_drift_free(mimic_drift *drift);

/* ---- texts made from schemas ---- */

/** Databases whose SQL mimic_schema_ddl writes. */
typedef int32_t mimic_sql_dialect;
#define MIMIC_SQL_SQLITE 1
#define MIMIC_SQL_POSTGRES 2
#define MIMIC_SQL_DUCKDB 3
#define MIMIC_SQL_BIGQUERY 4
#define MIMIC_SQL_ATHENA 5

/**
 * SQL that creates the tables of a release or one of them, with comments, keys and foreign keys as
 * far as the dialect knows them.
 *
 * dataset: the release; may be NULL where `table` is given
 * table: the one table that is wanted; NULL = all of the release
 * dialect: MIMIC_SQL_SQLITE and the like
 * out_sql: the text, with a NUL at its end; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL, an empty release or an unknown dialect;
 * MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_sql with mimic_free.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     char *sql = NULL;
 *     status = mimic_schema_ddl(ctx, dataset, table, MIMIC_SQL_POSTGRES, &sql, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_schema_ddl(const mimic_context *ctx,
                                                        const mimic_dataset *dataset,
                                                        const mimic_table *table,
                                                        mimic_sql_dialect dialect, char **out_sql,
                                                        mimic_error *err);

/** What mimic_schema_dictionary makes. */
typedef int32_t mimic_text_format;
#define MIMIC_TEXT_MARKDOWN 1
#define MIMIC_TEXT_HTML 2 /* one page, complete in itself */

/**
 * Data dictionary of a release: tables, columns, types, keys, descriptions, relations.
 *
 * dataset: the release
 * format: MIMIC_TEXT_MARKDOWN or MIMIC_TEXT_HTML
 * out_text: the text, with a NUL at its end; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL or an unknown format; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_text with mimic_free.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     char *page = NULL;
 *     status = mimic_schema_dictionary(ctx, dataset, MIMIC_TEXT_HTML, &page, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_schema_dictionary(const mimic_context *ctx,
                                                               const mimic_dataset *dataset,
                                                               mimic_text_format format,
                                                               char **out_text, mimic_error *err);

/**
 * Receives one finding of mimic_schema_check; everything is borrowed during the call.
 *
 * pointer: where it is, as a JSON pointer
 * line: 1-based
 * column: 1-based, in characters
 * message: what is wrong
 *
 * Thread safety: called on the caller's thread.
 * Since: 0.1
 */
typedef void (*mimic_schema_finding_fn)(const char *pointer, int64_t line, int64_t column,
                                        const char *message, void *ctx);

/**
 * Validates a package, resource or bare Table Schema and reports every finding, not the first only.
 *
 * json: the text; no NUL at its end is needed
 * size_bytes: its size
 * name: stands in messages; NULL = "schema"
 * finding: receives the findings; NULL = none
 * finding_ctx: handed to it
 *
 * Returns: MIMIC_OK when it is sound; MIMIC_ERR_SCHEMA after findings; MIMIC_ERR_JSON for a text
 * that is no JSON; MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_MEMORY.
 * Ownership: everything is borrowed during the call.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     static const char json[] = "{\"fields\": []}";
 *     status = mimic_schema_check(ctx, json, sizeof json - 1, "mine", NULL, NULL, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_schema_check(const mimic_context *ctx,
                                                          const char *json, size_t size_bytes,
                                                          const char *name,
                                                          mimic_schema_finding_fn finding,
                                                          void *finding_ctx, mimic_error *err);

MIMIC_END_DECLS

#endif
