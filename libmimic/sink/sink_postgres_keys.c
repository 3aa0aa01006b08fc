/*
 * Foreign keys of the PostgreSQL sink. They are noted in _mimic_foreign_keys when a table is
 * committed, and declared when all tables of the load are there; a load that is killed in between
 * leaves them noted, and the next one declares them. A key that some rows violate is declared NOT
 * VALID, which the server enforces for rows to come, and its violations are counted and told: exports
 * and demo subsets do have rows whose parent was left out. Relations that are no keys for a database
 * are counted only.
 *
 * States of a noted key: "pending" until the end of a load, then "valid", "violated" (declared NOT
 * VALID), "counted" (a relation only) or "absent" (the table that it leads to is not there). Of a
 * pending key, violations are the rows that have it at all, which is what is told when the other table
 * turns out to be absent; -1 = not known.
 */
#include "sink/sink_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- noting ---- */

/* {"a","b"} */
static void put_array(mimic_buffer *out, const char *const *texts, size_t count)
{
    mimic__buffer_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        mimic__buffer_text(out, i > 0 ? ",\"" : "\"");
        for (const char *at = texts[i]; *at != '\0'; at++) {
            if (*at == '"' || *at == '\\')
                mimic__buffer_byte(out, '\\');
            mimic__buffer_byte(out, *at);
        }
        mimic__buffer_byte(out, '"');
    }
    mimic__buffer_byte(out, '}');
    mimic__buffer_byte(out, '\0');
}

/* Rows that were sent with this key; -1 for several columns, which would have to be looked at together.
 */
static int64_t rows_with_key(const mimic_postgres_table *open, const mimic_foreign_key *key)
{
    const int64_t field =
        key->count == 1 ? mimic_table_find_field(open->given, key->fields[0]) : -1;
    return field < 0 ? -1 : open->present[field];
}

/* Parents of a table's own package stand in the same module or in another; which one is known when
 * they are there. */
static mimic_status note_key(mimic_postgres_sink *sink, size_t index, mimic_error *err)
{
    const mimic_postgres_names *const names = &sink->open.names;
    const mimic_foreign_key *const key = &names->table->foreign_keys[index];
    mimic_buffer fields;
    mimic_buffer referenced;
    mimic__buffer_init(&fields, sink->ctx);
    mimic__buffer_init(&referenced, sink->ctx);
    put_array(&fields, key->fields, key->count);
    put_array(&referenced, key->referenced_fields, key->count);
    char rows[24];
    (void)snprintf(rows, sizeof rows, "%lld", (long long)rows_with_key(&sink->open, key));
    const char *const values[] = {names->schema,
                                  names->table->name,
                                  names->foreign_keys[index],
                                  fields.data,
                                  key->referenced_table,
                                  referenced.data,
                                  key->is_enforceable ? "t" : "f",
                                  sink->open.given->dataset,
                                  rows};
    const mimic_postgres_query query = {NULL, values, sizeof values / sizeof values[0], NULL, NULL};
    const mimic_status status =
        fields.failed || referenced.failed
            ? mimic__fail_memory(err)
            : mimic__postgres_run_own(
                  sink,
                  "INSERT INTO %s._mimic_foreign_keys (schema_name, table_name, name, definition,"
                  " fields, referenced_schema, referenced_table, referenced_fields,"
                  " is_enforceable, is_own, dataset, state, violations) VALUES ($1, $2, $3, '',"
                  " $4::text[], '', $5, $6::text[], $7::boolean, true, $8, 'pending', $9::int8)"
                  " ON CONFLICT (schema_name, table_name, name) DO UPDATE SET definition = '',"
                  " fields = excluded.fields, referenced_schema = '',"
                  " referenced_table = excluded.referenced_table,"
                  " referenced_fields = excluded.referenced_fields,"
                  " is_enforceable = excluded.is_enforceable, is_own = true,"
                  " dataset = excluded.dataset, state = 'pending', violations = excluded.violations",
                  &query, err);
    mimic__buffer_free(&fields);
    mimic__buffer_free(&referenced);
    return status;
}

mimic_status mimic__postgres_note_keys(mimic_postgres_sink *sink, mimic_error *err)
{
    const mimic_postgres_names *const names = &sink->open.names;
    const char *const values[] = {names->schema, names->table->name};
    const mimic_postgres_query own = {NULL, values, 2, NULL, NULL};
    const char *const parent[] = {names->table->name, sink->open.given->dataset};
    const mimic_postgres_query others = {NULL, parent, 2, NULL, NULL};
    MIMIC_TRY(mimic__postgres_run_own(sink,
                                      "DELETE FROM %s._mimic_foreign_keys WHERE is_own"
                                      " AND schema_name = $1 AND table_name = $2",
                                      &own, err));
    for (size_t i = 0; i < names->table->foreign_key_count; i++)
        MIMIC_TRY(note_key(sink, i, err));
    return mimic__postgres_run_own(sink,
                                   "UPDATE %s._mimic_foreign_keys SET state = 'pending', violations = -1"
                                   " WHERE is_own AND referenced_table = $1 AND dataset = $2",
                                   &others, err);
}

/* Keys that are not ours are noted too, as the server describes them, and made again at the end. */
mimic_status mimic__postgres_detach_keys(mimic_postgres_sink *sink, mimic_error *err)
{
    static const char own_note[] =
        "INSERT INTO %s._mimic_foreign_keys (schema_name, table_name, name, definition, fields,"
        " referenced_schema, referenced_table, referenced_fields, is_enforceable, is_own, dataset,"
        " state, violations)"
        " SELECT cn.nspname, c.relname, k.conname,"
        "  regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''),"
        "  (SELECT array_agg(a.attname::text ORDER BY u.i) FROM unnest(k.conkey)"
        "    WITH ORDINALITY AS u (n, i) JOIN pg_catalog.pg_attribute AS a"
        "    ON a.attrelid = k.conrelid AND a.attnum = u.n),"
        "  rn.nspname, r.relname,"
        "  (SELECT array_agg(a.attname::text ORDER BY u.i) FROM unnest(k.confkey)"
        "    WITH ORDINALITY AS u (n, i) JOIN pg_catalog.pg_attribute AS a"
        "    ON a.attrelid = k.confrelid AND a.attnum = u.n), true, false, '', 'pending', -1"
        " FROM pg_catalog.pg_constraint AS k"
        " JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid"
        " JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace"
        " JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid"
        " JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace"
        " WHERE k.contype = 'f' AND k.conparentid = 0"
        "  AND ((rn.nspname = $1 AND r.relname = $2) OR (cn.nspname = $1 AND c.relname = $2))"
        " ON CONFLICT (schema_name, table_name, name) DO UPDATE SET state = 'pending',"
        " violations = -1";
    static const char drops[] =
        "SELECT format('ALTER TABLE %I.%I DROP CONSTRAINT %I', cn.nspname, c.relname, k.conname)"
        " FROM pg_catalog.pg_constraint AS k"
        " JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid"
        " JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace"
        " JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid"
        " JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace"
        " WHERE k.contype = 'f' AND k.conparentid = 0"
        "  AND ((rn.nspname = $1 AND r.relname = $2) OR (cn.nspname = $1 AND c.relname = $2))";
    const char *const values[] = {sink->open.names.schema, sink->open.names.table->name};
    mimic_buffer statements;
    mimic__buffer_init(&statements, sink->ctx);
    const mimic_postgres_query note = {NULL, values, 2, NULL, NULL};
    const mimic_postgres_query ask = {drops, values, 2, mimic__postgres_take_statement,
                                      &statements};
    mimic_status status = mimic__postgres_run_own(sink, own_note, &note, err);
    if (status == MIMIC_OK)
        status = mimic__postgres_query(sink->db, &ask, err);
    if (status == MIMIC_OK && statements.failed)
        status = mimic__fail_memory(err);
    for (size_t at = 0; status == MIMIC_OK && at < statements.size;
         at += strlen(statements.data + at) + 1)
        status = mimic__postgres_exec(sink->db, statements.data + at, err);
    mimic__buffer_free(&statements);
    return status;
}

/* ---- declaring ---- */

typedef struct pending_key {
    char *names[5];      /* schema, table, name, parent as a text, columns as a text */
    char *declare;       /* ALTER TABLE … ADD CONSTRAINT …, "" = only counted */
    char *count;         /* SELECT of its violations */
    int64_t rows;        /* that have the key; -1 = not known */
    bool has_parent;
    struct pending_key *next;
} pending_key;

typedef struct key_run {
    mimic_postgres_sink *sink;
    mimic_arena arena;
    pending_key *first;
    pending_key **last;
    bool failed;
    mimic_finding_fn finding;
    void *finding_ctx;
    int64_t told;
    int64_t checked;
} key_run;

/*
 * The keys to be seen to. A parent of the same package is looked for in the schema of the child
 * first, then in those where the package's tables were put. It takes a key as a constraint when it
 * has a unique index over those columns.
 */
static const char PENDING[] =
    "WITH keys AS (SELECT k.*, c.oid AS child, p.oid AS parent, pn.nspname AS parent_schema"
    " FROM %s._mimic_foreign_keys AS k"
    " JOIN pg_catalog.pg_namespace AS cn ON cn.nspname = k.schema_name"
    " JOIN pg_catalog.pg_class AS c ON c.relnamespace = cn.oid AND c.relname = k.table_name"
    "  AND c.relkind = 'r'"
    " LEFT JOIN LATERAL (SELECT q.oid, q.relnamespace FROM pg_catalog.pg_class AS q"
    "  JOIN pg_catalog.pg_namespace AS m ON m.oid = q.relnamespace"
    "  WHERE q.relname = k.referenced_table AND q.relkind IN ('r', 'p')"
    "   AND CASE WHEN k.is_own THEN m.nspname = k.schema_name OR EXISTS (SELECT 1"
    "     FROM %s._mimic_meta AS t WHERE t.schema_name = m.nspname"
    "     AND t.table_name = k.referenced_table AND t.key = 'dataset' AND t.value = k.dataset)"
    "    ELSE m.nspname = k.referenced_schema END"
    "  ORDER BY m.nspname = k.schema_name DESC, m.nspname LIMIT 1) AS p ON true"
    " LEFT JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace"
    " WHERE k.state = 'pending'), parts AS (SELECT k.*,"
    "  (SELECT string_agg(format('%I', f), ', ') FROM unnest(k.fields) AS f) AS field_list,"
    "  (SELECT string_agg(f, ', ') FROM unnest(k.fields) AS f) AS field_text,"
    "  (SELECT string_agg(format('%I', f), ', ') FROM unnest(k.referenced_fields) AS f)"
    "   AS referenced_list,"
    "  (SELECT string_agg(format('c.%I IS NOT NULL', f), ' AND ') FROM unnest(k.fields) AS f)"
    "   AS presence,"
    "  (SELECT string_agg(format('p.%I = c.%I', k.referenced_fields[i], k.fields[i]), ' AND ')"
    "   FROM generate_subscripts(k.fields, 1) AS i) AS equality,"
    "  k.parent IS NOT NULL AND k.is_enforceable AND EXISTS (SELECT 1 FROM pg_catalog.pg_index AS i"
    "   WHERE i.indrelid = k.parent AND i.indisunique AND i.indisvalid AND i.indimmediate"
    "   AND i.indpred IS NULL AND i.indexprs IS NULL"
    "   AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text)"
    "     FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = i.indrelid"
    "     AND a.attnum = ANY (i.indkey)) ="
    "    (SELECT array_agg(f ORDER BY f) FROM unnest(k.referenced_fields) AS f))"
    "   AS is_declarable,"
    "  NOT EXISTS (SELECT 1 FROM unnest(k.referenced_fields) AS f WHERE NOT EXISTS (SELECT 1"
    "   FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = k.parent AND a.attnum > 0"
    "   AND NOT a.attisdropped AND a.attname = f)) AS has_columns FROM keys AS k)"
    "SELECT schema_name, table_name, name, referenced_table, field_text,"
    " parent IS NOT NULL AND has_columns,"
    " CASE WHEN NOT is_own AND parent IS NOT NULL THEN format('ALTER TABLE %I.%I ADD CONSTRAINT"
    " %I %s', schema_name, table_name, name, definition)"
    " WHEN is_declarable THEN format('ALTER TABLE %I.%I ADD CONSTRAINT %I FOREIGN KEY (%s)"
    " REFERENCES %I.%I (%s)', schema_name, table_name, name, field_list, parent_schema,"
    " referenced_table, referenced_list) ELSE '' END,"
    " CASE WHEN parent IS NOT NULL AND has_columns THEN format('SELECT count(*) FROM %I.%I AS c"
    " WHERE %s AND NOT EXISTS (SELECT 1 FROM %I.%I AS p WHERE %s)', schema_name, table_name,"
    " presence, parent_schema, referenced_table, equality)"
    " ELSE format('SELECT count(*) FROM %I.%I AS c WHERE %s', schema_name, table_name, presence)"
    " END, violations::text FROM parts ORDER BY schema_name, table_name, name";

static int take_pending(void *ctx, const char *const *values, size_t count)
{
    key_run *const run = ctx;
    (void)count;
    pending_key *const key = mimic__arena_alloc(&run->arena, sizeof *key);
    run->failed |= key == NULL;
    for (size_t i = 0; key != NULL && i < 5; i++) {
        key->names[i] = mimic__arena_strdup(&run->arena, values[i]);
        run->failed |= key->names[i] == NULL;
    }
    if (key == NULL)
        return 1;
    key->has_parent = values[5][0] == 't';
    key->declare = mimic__arena_strdup(&run->arena, values[6]);
    key->count = mimic__arena_strdup(&run->arena, values[7]);
    key->rows = strtoll(values[8], NULL, 10);
    run->failed |= key->declare == NULL || key->count == NULL;
    *run->last = key;
    run->last = &key->next;
    return run->failed;
}

static int take_count(void *ctx, const char *const *values, size_t count)
{
    (void)count;
    *(int64_t *)ctx = strtoll(values[0], NULL, 10);
    return 0;
}

static void tell(key_run *run, const char *table, int is_problem, int64_t count,
                 const char *message)
{
    const mimic_finding finding = {.struct_size = sizeof finding,
                                   .is_problem = is_problem,
                                   .check = "foreign_key_check",
                                   .table = table,
                                   .count = count,
                                   .message = message};
    run->finding(&finding, run->finding_ctx);
    run->told++;
}

static void tell_violations(key_run *run, const pending_key *key, int64_t count)
{
    char message[MIMIC_ERROR_MESSAGE_BYTES];
    (void)snprintf(message, sizeof message,
                   key->has_parent
                       ? "%lld rows of %s name a row of %s that is not there (%s); exports and "
                         "demo subsets have such rows, and they are kept"
                       : "%lld rows of %s name a row of %s (%s), a table that is not in this "
                         "database; they are kept",
                   (long long)count, key->names[1], key->names[3], key->names[4]);
    tell(run, key->names[1], 0, count, message);
}

/* True for a refusal by the server that concerns this key only. */
static bool is_refused(mimic_status status, const mimic_error *why)
{
    return status == MIMIC_ERR_BACKEND &&
           (strncmp(why->sqlstate, "23", 2) == 0 || strncmp(why->sqlstate, "42", 2) == 0);
}

/* The key is there: a load ended between its declaration and the note of it, valid or not. */
static mimic_status declare_again(key_run *run, const pending_key *key, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, run->sink->ctx);
    mimic__buffer_text(&sql, "ALTER TABLE ");
    mimic__postgres_quote_in(&sql, key->names[0], key->names[1]);
    mimic__buffer_text(&sql, " DROP CONSTRAINT ");
    mimic__postgres_quote(&sql, key->names[2]);
    const mimic_status status = mimic__postgres_run(run->sink->db, &sql, err);
    return status == MIMIC_OK ? mimic__postgres_exec(run->sink->db, key->declare, err) : status;
}

/* Declares a key, NOT VALID when rows violate it. *out_state says what became of it. */
static mimic_status declare(key_run *run, const pending_key *key, const char **out_state,
                            mimic_error *err)
{
    mimic_postgres *const db = run->sink->db;
    mimic_error why = MIMIC_ERROR_INIT;
    mimic_buffer sql;
    mimic_status status = mimic__postgres_exec(db, key->declare, &why);
    if (is_refused(status, &why) && strcmp(why.sqlstate, "42710") == 0) {
        why = (mimic_error)MIMIC_ERROR_INIT;
        status = declare_again(run, key, &why);
    }
    *out_state = "valid";
    if (is_refused(status, &why) && strcmp(why.sqlstate, "23503") == 0) {
        mimic__buffer_init(&sql, run->sink->ctx);
        mimic__buffer_format(&sql, "%s NOT VALID", key->declare);
        *out_state = "violated";
        status = mimic__postgres_run(db, &sql, &why);
    }
    if (is_refused(status, &why)) {
        char message[MIMIC_ERROR_MESSAGE_BYTES];
        (void)snprintf(message, sizeof message, "foreign key %s of %s could not be declared: %.300s",
                       key->names[2], key->names[1], why.message);
        tell(run, key->names[1], 1, -1, message);
        *out_state = "counted";
        status = MIMIC_OK;
    }
    return status == MIMIC_OK ? MIMIC_OK : mimic__fail_again(err, &why);
}

static mimic_status count_violations(key_run *run, const pending_key *key, int64_t *out_count,
                                     mimic_error *err)
{
    mimic_error why = MIMIC_ERROR_INIT;
    const mimic_postgres_query query = {key->count, NULL, 0, take_count, out_count};
    const mimic_status status = mimic__postgres_query(run->sink->db, &query, &why);
    if (!is_refused(status, &why))
        return status == MIMIC_OK ? MIMIC_OK : mimic__fail_again(err, &why);
    char message[MIMIC_ERROR_MESSAGE_BYTES];
    (void)snprintf(message, sizeof message,
                   "the rows of %s without a row of %s (%s) could not be counted: %.300s",
                   key->names[1], key->names[3], key->names[4], why.message);
    tell(run, key->names[1], 1, -1, message);
    return MIMIC_OK;
}

static mimic_status finish_key(key_run *run, const pending_key *key, mimic_error *err)
{
    const char *state = key->has_parent ? "counted" : "absent";
    int64_t violations = 0;
    char digits[24];
    if (key->declare[0] != '\0')
        MIMIC_TRY(declare(run, key, &state, err));
    if (!key->has_parent && key->rows >= 0)
        violations = key->rows;
    else if (strcmp(state, "valid") != 0)
        MIMIC_TRY(count_violations(run, key, &violations, err));
    if (violations > 0)
        tell_violations(run, key, violations);
    (void)snprintf(digits, sizeof digits, "%lld", (long long)violations);
    const char *const values[] = {key->names[0], key->names[1], key->names[2], state, digits};
    const mimic_postgres_query query = {NULL, values, 5, NULL, NULL};
    run->checked++;
    return mimic__postgres_run_own(run->sink,
                                   "UPDATE %s._mimic_foreign_keys SET state = $4,"
                                   " violations = $5::int8 WHERE schema_name = $1"
                                   " AND table_name = $2 AND name = $3",
                                   &query, err);
}

static mimic_status finish_all(key_run *run, mimic_error *err)
{
    const mimic_postgres_query query = {NULL, NULL, 0, take_pending, run};
    MIMIC_TRY(mimic__postgres_run_own(run->sink, PENDING, &query, err));
    if (run->failed)
        return mimic__fail_memory(err);
    for (const pending_key *key = run->first; key != NULL; key = key->next)
        MIMIC_TRY(finish_key(run, key, err));
    MIMIC_TRY(mimic__postgres_run_own(run->sink,
                                      "DELETE FROM %s._mimic_foreign_keys"
                                      " WHERE NOT is_own AND state <> 'pending'",
                                      NULL, err));
    if (run->checked > 0 && run->told == 0)
        tell(run, "", 0, 0, "ok: every reference finds its row");
    return MIMIC_OK;
}

mimic_status mimic__postgres_finish_keys(mimic_postgres_sink *sink, mimic_finding_fn finding,
                                         void *finding_ctx, mimic_error *err)
{
    key_run run = {.sink = sink, .finding = finding, .finding_ctx = finding_ctx};
    run.last = &run.first;
    mimic__arena_init(&run.arena, sink->ctx);
    const mimic_status status = finish_all(&run, err);
    mimic__arena_free(&run.arena);
    return status;
}
