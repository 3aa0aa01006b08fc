/* See conformance_postgres.h. Reads by libpq itself, which the library's own code is kept out of. */
#include "conformance_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if MIMIC_HAVE_POSTGRES

#include <ctype.h>
#include <libpq-fe.h>

bool postgres_is_there(void)
{
    return getenv("MIMIC_TEST_POSTGRES") != NULL;
}

const char *postgres_schema(const char *folder, char out[64])
{
    const char *name = strrchr(folder, '/');
    snprintf(out, 64, "%.60s", name == NULL ? folder : name + 1);
    for (char *at = out; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return out;
}

mimic_status postgres_sink_open(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                                mimic_error *err)
{
    char schema[64];
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    options.pg_schema = postgres_schema(folder, schema);
    return mimic_sink_open(ctx, getenv("MIMIC_TEST_POSTGRES"), &options, out_sink, err);
}

static PGconn *connect(void)
{
    PGconn *conn = PQconnectdb(getenv("MIMIC_TEST_POSTGRES"));
    PQclear(PQexec(conn, "SET timezone = 'UTC'; SET client_min_messages = error;"
                         "SET client_encoding = 'UTF8'"));
    return conn;
}

static char *quote(PGconn *conn, const char *name)
{
    char *folded = strdup(name);
    for (char *at = folded; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    char *quoted = PQescapeIdentifier(conn, folded, strlen(folded));
    free(folded);
    return quoted;
}

static void put(conformance_text *out, const char *text)
{
    const size_t size = strlen(text);
    out->data = realloc(out->data, out->size + size + 1);
    memcpy(out->data + out->size, text, size + 1);
    out->size += size;
}

static void put_quoted(conformance_text *out, PGconn *conn, const char *name)
{
    char *quoted = quote(conn, name);
    put(out, quoted);
    PQfreemem(quoted);
}

static void put_query(conformance_text *sql, PGconn *conn, const char *schema,
                      const mimic_table *table)
{
    put(sql, "SELECT ");
    for (size_t i = 0; i < table->field_count; i++) {
        const bool is_binary = table->fields[i].type == MIMIC_TYPE_BINARY;
        put(sql, i > 0 ? ", " : "");
        put(sql, is_binary ? "encode(" : "");
        put_quoted(sql, conn, table->fields[i].name);
        put(sql, is_binary ? ", 'base64')" : "");
    }
    put(sql, " FROM ");
    put_quoted(sql, conn, schema);
    put(sql, ".");
    put_quoted(sql, conn, table->name);
    put(sql, " ORDER BY ctid");
}

static void put_cell(conformance_text *out, const mimic_field *field, const char *value)
{
    char moment[64];
    if (field->type == MIMIC_TYPE_BOOLEAN)
        value = strcmp(value, "t") == 0 ? "true" : "false";
    if (field->type == MIMIC_TYPE_TIMESTAMPTZ) { /* "…+00" */
        snprintf(moment, sizeof moment, "%.*sZ", (int)strlen(value) - 3, value);
        value = moment;
    }
    conformance_add_value(out, field, value, strlen(value));
}

char *postgres_sink_dump(const char *folder, const mimic_table *table)
{
    char schema[64];
    conformance_text sql = {0};
    conformance_text out = {0};
    PGconn *conn = connect();
    put_query(&sql, conn, postgres_schema(folder, schema), table);
    PGresult *result = PQexec(conn, sql.data);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        put(&out, "");
    for (int row = 0; row < PQntuples(result); row++) {
        for (int i = 0; i < PQnfields(result); i++) {
            put(&out, i > 0 ? "|" : "");
            if (PQgetisnull(result, row, i))
                put(&out, "NULL");
            else
                put_cell(&out, &table->fields[i], PQgetvalue(result, row, i));
        }
        put(&out, "\n");
    }
    PQclear(result);
    PQfinish(conn);
    free(sql.data);
    return out.data;
}

/* The first column of a query, a line a row; NULL when it fails. */
static char *ask(const char *sql, const char *parameter)
{
    conformance_text out = {0};
    PGconn *conn = connect();
    PGresult *result = parameter == NULL
                           ? PQexec(conn, sql)
                           : PQexecParams(conn, sql, 1, NULL, &parameter, NULL, NULL, 0);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        put(&out, "");
    else
        fprintf(stderr, "# %s", PQerrorMessage(conn));
    for (int row = 0; row < PQntuples(result); row++) {
        put(&out, PQgetvalue(result, row, 0));
        put(&out, "\n");
    }
    PQclear(result);
    PQfinish(conn);
    return out.data;
}

char *postgres_sink_dump_rejects(const char *folder, const char *table)
{
    char schema[64];
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT code || ' ' || column_name || ' ' || record || ' ' || raw"
             " FROM \"%s\"._mimic_rejects WHERE table_name = $1 ORDER BY ctid",
             postgres_schema(folder, schema));
    return ask(sql, table);
}

char *postgres_ask(const char *folder, const char *sql)
{
    char schema[64];
    conformance_text text = {0};
    postgres_schema(folder, schema);
    put(&text, "");
    for (const char *at = sql; *at != '\0';) {
        const bool is_schema = strncmp(at, "%s", 2) == 0;
        const char byte[] = {*at, '\0'};
        put(&text, is_schema ? "\"" : byte);
        put(&text, is_schema ? schema : "");
        put(&text, is_schema ? "\"" : "");
        at += is_schema ? 2 : 1;
    }
    char *found = ask(text.data, NULL);
    free(text.data);
    return found;
}

#else

bool postgres_is_there(void)
{
    return false;
}

mimic_status postgres_sink_open(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                                mimic_error *err)
{
    (void)folder;
    return mimic_sink_open(ctx, "postgresql://", NULL, out_sink, err);
}

char *postgres_sink_dump(const char *folder, const mimic_table *table)
{
    (void)folder;
    (void)table;
    return NULL;
}

char *postgres_sink_dump_rejects(const char *folder, const char *table)
{
    (void)folder;
    (void)table;
    return NULL;
}

const char *postgres_schema(const char *folder, char out[64])
{
    (void)folder;
    out[0] = '\0';
    return out;
}

char *postgres_ask(const char *folder, const char *sql)
{
    (void)folder;
    (void)sql;
    return NULL;
}

#endif
