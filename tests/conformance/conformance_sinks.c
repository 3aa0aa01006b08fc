/* The sinks that the conformance cases run over, and how to read each of them back. */
#include "conformance.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance_memory.h"
#include "conformance_postgres.h"
#include "schema/schema_model.h"
#include "test_files.h"

typedef conformance_text text;

static void add(text *out, const char *bytes, size_t size)
{
    out->data = realloc(out->data, out->size + size + 1);
    memcpy(out->data + out->size, bytes, size);
    out->size += size;
    out->data[out->size] = '\0';
}

static void add_text(text *out, const char *value)
{
    add(out, value, strlen(value));
}

void conformance_add_value(text *out, const mimic_field *field, const char *value, size_t size)
{
    char number[64];
    switch (field->type) {
    case MIMIC_TYPE_BOOLEAN:
        add_text(out, strcmp(value, "true") == 0 || strcmp(value, "1") == 0 ? "1" : "0");
        break;
    case MIMIC_TYPE_FLOAT32:
        snprintf(number, sizeof number, "%.9g", (double)strtof(value, NULL));
        add_text(out, number);
        break;
    case MIMIC_TYPE_FLOAT64:
        snprintf(number, sizeof number, "%.17g", strtod(value, NULL));
        add_text(out, number);
        break;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
    case MIMIC_TYPE_BINARY:
        add_text(out, "'");
        add(out, value, size);
        add_text(out, "'");
        break;
    default:
        add(out, value, size);
        break;
    }
}

/* ---- SQLite ---- */

static mimic_status open_sqlite(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                                mimic_error *err)
{
    char target[TEST_PATH_BYTES + 32];
    snprintf(target, sizeof target, "sqlite:%s/out.db", folder);
    return mimic_sink_open(ctx, target, NULL, out_sink, err);
}

static sqlite3 *open_database(const char *folder)
{
    char path[TEST_PATH_BYTES + 32];
    sqlite3 *database = NULL;
    snprintf(path, sizeof path, "%s/out.db", folder);
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
        return database;
    sqlite3_close(database);
    return NULL;
}

static const char *base64(const unsigned char *bytes, int size, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *p = out;
    for (int i = 0; i < size; i += 3) {
        unsigned group = 0;
        for (int k = 0; k < 3; k++)
            group = group << 8 | (i + k < size ? bytes[i + k] : 0u);
        for (int k = 0; k < 4; k++)
            *p++ = i + k - 1 < size ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
    *p = '\0';
    return out;
}

static char *dump_sqlite(const char *folder, const mimic_table *table)
{
    sqlite3 *database = open_database(folder);
    sqlite3_stmt *statement = NULL;
    text out = {0};
    if (database == NULL)
        return NULL;
    char *sql = sqlite3_mprintf("SELECT * FROM \"%w\" ORDER BY _rowid_", table->name);
    const int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    if (code == SQLITE_OK)
        add_text(&out, "");
    while (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            char encoded[256];
            char real[64];
            if (i > 0)
                add_text(&out, "|");
            const int type = sqlite3_column_type(statement, i);
            const char *value = (const char *)sqlite3_column_text(statement, i);
            size_t size = (size_t)sqlite3_column_bytes(statement, i);
            if (type == SQLITE_FLOAT) { /* its text has 15 digits only */
                size = (size_t)snprintf(real, sizeof real, "%.17g",
                                        sqlite3_column_double(statement, i));
                value = real;
            }
            if (type == SQLITE_BLOB) {
                value = base64(sqlite3_column_blob(statement, i), (int)size, encoded);
                size = strlen(value);
            }
            if (type == SQLITE_NULL)
                add_text(&out, "NULL");
            else
                conformance_add_value(&out, &table->fields[i], value, size);
        }
        add_text(&out, "\n");
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return out.data;
}

static char *dump_sqlite_rejects(const char *folder, const char *table)
{
    sqlite3 *database = open_database(folder);
    sqlite3_stmt *statement = NULL;
    text out = {0};
    add_text(&out, "");
    if (database != NULL &&
        sqlite3_prepare_v2(database,
                           "SELECT code || ' ' || column_name || ' ' || record || ' ' || raw"
                           " FROM _mimic_rejects WHERE table_name = ? ORDER BY rowid",
                           -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            add_text(&out, (const char *)sqlite3_column_text(statement, 0));
            add_text(&out, "\n");
        }
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return out.data;
}

/* ---- CSV ---- */

static mimic_status open_csv(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                             mimic_error *err)
{
    char target[TEST_PATH_BYTES + 32];
    snprintf(target, sizeof target, "csv:%s/out", folder);
    return mimic_sink_open(ctx, target, NULL, out_sink, err);
}

/* One field of canonical CSV; leaves *cursor behind the comma or line end, which is returned. */
static char take_field(const char **cursor, text *value, bool *is_null)
{
    const char *p = *cursor;
    *value = (text){0};
    add_text(value, "");
    *is_null = *p == ',' || *p == '\n';
    if (*p == '"') {
        for (p++; *p != '"' || p[1] == '"'; p++) {
            p += *p == '"';
            add(value, p, 1);
        }
        p++;
    } else {
        const size_t size = strcspn(p, ",\n");
        add(value, p, size);
        p += size;
    }
    *cursor = p + (*p != '\0');
    return *p;
}

static char *dump_csv(const char *folder, const mimic_table *table)
{
    char path[TEST_PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/out/%s%s%s.csv", folder, table->module,
             table->module[0] == '\0' ? "" : "/", table->name);
    char *content = test_file_read(path);
    if (content == NULL)
        return NULL;
    text out = {0};
    const char *cursor = content;
    bool is_header = true;
    add_text(&out, "");
    while (*cursor != '\0') {
        size_t field = 0;
        for (char end = ','; end == ','; field++) {
            text value;
            bool is_null;
            end = take_field(&cursor, &value, &is_null);
            if (!is_header) {
                add_text(&out, field > 0 ? "|" : "");
                if (is_null)
                    add_text(&out, "NULL");
                else
                    conformance_add_value(&out, &table->fields[field], value.data, value.size);
            }
            free(value.data);
        }
        add_text(&out, is_header ? "" : "\n");
        is_header = false;
    }
    free(content);
    return out.data;
}

static char *dump_csv_rejects(const char *folder, const char *table)
{
    char path[TEST_PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/out/rejects/%s.csv", folder, table);
    char *content = test_file_read(path);
    text out = {0};
    add_text(&out, "");
    if (content == NULL)
        return out.data;
    const char *cursor = strchr(content, '\n') + 1;
    while (*cursor != '\0') {
        text fields[8];
        bool is_null;
        for (int i = 0; i < 8; i++)
            take_field(&cursor, &fields[i], &is_null);
        static const int shown[] = {5, 4, 1, 7};
        for (int i = 0; i < 4; i++) {
            add_text(&out, i > 0 ? " " : "");
            add_text(&out, fields[shown[i]].data);
        }
        add_text(&out, "\n");
        for (int i = 0; i < 8; i++)
            free(fields[i].data);
    }
    free(content);
    return out.data;
}

/* ---- Arrow ---- */

static mimic_status open_arrow(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                               mimic_error *err)
{
    char target[TEST_PATH_BYTES + 32];
    snprintf(target, sizeof target, "arrow:%s/out", folder);
    return mimic_sink_open(ctx, target, NULL, out_sink, err);
}

/* ---- null ---- */

static mimic_status open_null(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                              mimic_error *err)
{
    (void)folder;
    return mimic_sink_open(ctx, "null:", NULL, out_sink, err);
}

const conformance_sink SINKS[] = {
    /* NaN would become NULL, so SQLite refuses the row. */
    {"sqlite", open_sqlite, dump_sqlite, dump_sqlite_rejects, true, true, false, false, false},
    /* Files know no keys: duplicates are the loader's to find. */
    {"csv", open_csv, dump_csv, dump_csv_rejects, true, false, false, false, true},
    /* What the files hold is tested in tests/unit/arrow and tests/interop. */
    {"arrow", open_arrow, NULL, dump_csv_rejects, true, false, false, false, true},
    {"memory", memory_sink_open, memory_sink_dump, memory_sink_dump_rejects, false, false, false,
     false, true},
    /* Keeps nothing, so there is nothing to compare. */
    {"null", open_null, NULL, NULL, false, false, false, false, true},
    /* Where there is a server. It is always a database that exists, so tables are changed one by one;
     * keys are made after the rows, so a duplicate is found when the table ends. */
    {"postgres", postgres_sink_open, postgres_sink_dump, postgres_sink_dump_rejects, false, false,
     true, true, true},
};

size_t conformance_sink_count(void)
{
    return sizeof SINKS / sizeof SINKS[0] - (postgres_is_there() ? 0 : 1);
}
