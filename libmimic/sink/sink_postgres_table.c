/*
 * A table of PostgreSQL, from its empty beginning to its place. Everything happens in one
 * transaction: a new table is made under a staging name, filled, given its keys, indexes, comments
 * and statistics, and renamed into the place of the old one, which is dropped. Whoever reads the old
 * one is disturbed for that last moment only. The owner of the old table, rights on it and indexes that
 * others made are given to the new one.
 *
 * Views, functions, triggers, policies, publications and the like hold on to the old table itself.
 * When there are any, the old table stays, is emptied in the same transaction and filled in place,
 * provided that its columns are the same; readers then wait until the table is done. Where the
 * columns differ the load of the table fails and names what is in the way.
 */
#include "sink/sink_postgres.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* The table `T` of a query, by its schema $1 and name $2. */
#define TABLE_T                                                                                    \
    " FROM pg_catalog.pg_class AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace"   \
    " AND n.nspname = $1 AND t.relname = $2"

/* What holds on to a table, other than keys. Partitions and children count too. */
static const char LOOK_UP[] =
    "SELECT t.relkind, (SELECT string_agg(DISTINCT d.what, ', ') FROM ("
    " SELECT CASE WHEN r.oid IS NULL THEN pg_describe_object(d.classid, d.objid, 0)"
    "   ELSE 'view ' || r.ev_class::regclass::text END AS what"
    "  FROM pg_catalog.pg_depend AS d LEFT JOIN pg_catalog.pg_rewrite AS r"
    "   ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid"
    "  WHERE (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = t.oid"
    "    AND d.deptype IN ('n', 'a') AND d.classid::regclass::text IN ('pg_catalog.pg_rewrite',"
    "     'pg_rewrite', 'pg_catalog.pg_proc', 'pg_proc', 'pg_catalog.pg_trigger', 'pg_trigger',"
    "     'pg_catalog.pg_policy', 'pg_policy', 'pg_catalog.pg_publication_rel',"
    "     'pg_publication_rel', 'pg_catalog.pg_statistic_ext', 'pg_statistic_ext'))"
    "   OR (d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = t.reltype"
    "    AND d.deptype = 'n')"
    " UNION ALL SELECT 'table ' || i.inhrelid::regclass::text FROM pg_catalog.pg_inherits AS i"
    "  WHERE i.inhparent = t.oid"
    " UNION ALL SELECT 'table ' || i.inhparent::regclass::text FROM pg_catalog.pg_inherits AS i"
    "  WHERE i.inhrelid = t.oid) AS d)" TABLE_T;

/* Whether the columns of two tables ($2 and $3) are of equal names and types, in order. */
static const char IS_ALIKE[] =
    "SELECT count(DISTINCT columns) = 1 AND count(*) = 2 FROM ("
    " SELECT array_agg(a.attname || ' ' || a.atttypid || ' ' || a.atttypmod || ' ' ||"
    "  a.attgenerated::text || a.attidentity::text ORDER BY a.attnum) AS columns"
    " FROM pg_catalog.pg_class AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace"
    " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0"
    "  AND NOT a.attisdropped"
    " WHERE n.nspname = $1 AND t.relname IN ($2, $3) GROUP BY t.oid) AS tables";

/* Whether the name $2 is that of something other than an index of the table $3. */
static const char IS_TAKEN[] =
    "SELECT count(*) > 0 FROM pg_catalog.pg_class AS x"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = x.relnamespace"
    " LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = x.oid"
    " LEFT JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid"
    " WHERE n.nspname = $1 AND x.relname = $2 AND (t.oid IS NULL OR t.relname <> $3)";

/* Statements that give what others did to the old table ($2) to the new one, which has its name by
 * then; $3 is the staging name, $4 the names of our own indexes. The owner comes before the indexes:
 * the server then computes their expressions with his rights, not with ours. */
static const char REMAKE[] =
    "SELECT format('GRANT %s ON TABLE %I.%I TO %s%s', a.privilege_type, n.nspname, t.relname,"
    "  CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END,"
    "  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)" TABLE_T
    " CROSS JOIN LATERAL aclexplode(t.relacl) AS a LEFT JOIN pg_catalog.pg_roles AS r"
    "  ON r.oid = a.grantee WHERE a.grantee <> t.relowner AND (a.grantee = 0 OR r.oid IS NOT NULL)"
    " UNION ALL SELECT format('GRANT %s (%I) ON TABLE %I.%I TO %s%s', a.privilege_type, c.attname,"
    "  n.nspname, t.relname, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END,"
    "  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)" TABLE_T
    " JOIN pg_catalog.pg_attribute AS c ON c.attrelid = t.oid AND NOT c.attisdropped"
    " CROSS JOIN LATERAL aclexplode(c.attacl) AS a LEFT JOIN pg_catalog.pg_roles AS r"
    "  ON r.oid = a.grantee WHERE a.grantee <> t.relowner AND (a.grantee = 0 OR r.oid IS NOT NULL)"
    "  AND EXISTS (SELECT 1 FROM pg_catalog.pg_class AS s JOIN pg_catalog.pg_attribute AS b"
    "   ON b.attrelid = s.oid WHERE s.relnamespace = n.oid AND s.relname = $3"
    "   AND b.attname = c.attname)"
    " UNION ALL SELECT format('ALTER TABLE %I.%I OWNER TO %I', n.nspname, t.relname,"
    "  pg_get_userbyid(t.relowner))" TABLE_T
    " WHERE pg_get_userbyid(t.relowner) <> current_user"
    " UNION ALL SELECT pg_get_indexdef(i.indexrelid)" TABLE_T
    " JOIN pg_catalog.pg_index AS i ON i.indrelid = t.oid"
    " JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid"
    " WHERE x.relname <> ALL ($4::text[]) AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint"
    "  AS k WHERE k.conindid = i.indexrelid)";

int mimic__postgres_take_statement(void *ctx, const char *const *values, size_t count)
{
    (void)count;
    mimic_buffer *const statements = ctx;
    mimic__buffer_text(statements, values[0] == NULL ? "" : values[0]);
    mimic__buffer_byte(statements, '\0');
    return statements->failed;
}

static mimic_status run_text(mimic_postgres_sink *sink, const char *before, const char *name,
                             const char *after, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    mimic__buffer_text(&sql, before);
    mimic__postgres_quote_in(&sql, sink->open.names.schema, name);
    mimic__buffer_text(&sql, after);
    return mimic__postgres_run(sink->db, &sql, err);
}

/* ---- the empty table ---- */

typedef struct table_look {
    char kind; /* pg_class.relkind, 0 = there is none */
    char dependants[256];
} table_look;

static int take_look(void *ctx, const char *const *values, size_t count)
{
    table_look *const look = ctx;
    (void)count;
    look->kind = values[0][0];
    (void)snprintf(look->dependants, sizeof look->dependants, "%s",
                   values[1] == NULL ? "" : values[1]);
    if (values[1] != NULL && strlen(values[1]) >= sizeof look->dependants)
        memcpy(look->dependants + sizeof look->dependants - 4, "...", 4);
    return 0;
}

static bool no_key(const mimic_ddl *ddl, const mimic_table *table, const mimic_foreign_key *key,
                   void *ctx)
{
    (void)ddl;
    (void)table;
    (void)key;
    (void)ctx;
    return false;
}

static mimic_status create_staging(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    const mimic_ddl ddl = {
        .sql = &sql, .dialect = MIMIC_SQL_POSTGRES, .schema = sink->open.names.schema};
    mimic__ddl_create_table(&ddl, sink->open.names.staging, no_key, NULL);
    return mimic__postgres_run(sink->db, &sql, err);
}

/* Keys and indexes are made anew when the rows are there. One that something else needs stays. */
static mimic_status drop_own_index(mimic_postgres_sink *sink, const char *name, bool is_constraint,
                                   bool *out_is_kept, mimic_error *err)
{
    const mimic_postgres_names *const names = &sink->open.names;
    mimic_buffer sql;
    mimic_error why = MIMIC_ERROR_INIT;
    MIMIC_TRY(mimic__postgres_exec(sink->db, "SAVEPOINT mimic_index", err));
    mimic__buffer_init(&sql, sink->ctx);
    if (is_constraint) {
        mimic__buffer_text(&sql, "ALTER TABLE ");
        mimic__postgres_quote_in(&sql, names->schema, names->table->name);
        mimic__buffer_text(&sql, " DROP CONSTRAINT IF EXISTS ");
        mimic__postgres_quote(&sql, name);
    } else {
        mimic__buffer_text(&sql, "DROP INDEX IF EXISTS ");
        mimic__postgres_quote_in(&sql, names->schema, name);
    }
    const mimic_status status = mimic__postgres_run(sink->db, &sql, &why);
    *out_is_kept = status == MIMIC_ERR_BACKEND && strcmp(why.sqlstate, "2BP01") == 0;
    if (status != MIMIC_OK && !*out_is_kept)
        return mimic__fail_again(err, &why);
    return mimic__postgres_exec(sink->db,
                                *out_is_kept ? "ROLLBACK TO mimic_index; RELEASE mimic_index"
                                             : "RELEASE mimic_index",
                                err);
}

/* Two tables may come to the same name of an index ("a", "b_c" and "a_b", "c"; or long names that are
 * cut). The lock of the swap is held, so nobody of ours takes a name meanwhile. */
static mimic_status avoid_taken_names(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_postgres_names *const names = &sink->open.names;
    for (size_t i = 0; i < names->index_count; i++) {
        mimic_postgres_index *const index = &names->indexes[i];
        const char *const values[] = {names->schema, index->name, names->table->name};
        char taken[MIMIC_POSTGRES_NAME_BYTES];
        bool is_taken = false;
        const mimic_postgres_query query = {IS_TAKEN, values, 3, mimic__postgres_take_yes,
                                            &is_taken};
        MIMIC_TRY(mimic__postgres_query(sink->db, &query, err));
        if (!is_taken)
            continue;
        memcpy(taken, index->name, sizeof taken);
        memcpy(index->name, index->spare, sizeof index->name);
        memcpy(index->spare, taken, sizeof index->spare);
    }
    return MIMIC_OK;
}

static mimic_status empty_table(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_postgres_names *const names = &sink->open.names;
    bool is_kept = false;
    MIMIC_TRY(mimic__postgres_lock_swap(sink, err));
    MIMIC_TRY(avoid_taken_names(sink, err));
    MIMIC_TRY(mimic__postgres_detach_keys(sink, err));
    for (size_t i = 0; i < names->index_count; i++)
        MIMIC_TRY(drop_own_index(sink, names->indexes[i].name,
                                 names->indexes[i].kind != MIMIC_POSTGRES_INDEX,
                                 &names->indexes[i].is_kept, err));
    if (names->table->primary_key_count == 0)
        MIMIC_TRY(drop_own_index(sink, names->primary_name, true, &is_kept, err));
    return run_text(sink, "TRUNCATE TABLE ONLY ", names->table->name, "", err);
}

static mimic_status go_in_place(mimic_postgres_sink *sink, const table_look *look, mimic_error *err)
{
    const mimic_postgres_names *const names = &sink->open.names;
    const char *const values[] = {names->schema, names->table->name, names->staging->name};
    bool is_alike = false;
    const mimic_postgres_query query = {IS_ALIKE, values, 3, mimic__postgres_take_yes, &is_alike};
    MIMIC_TRY(mimic__postgres_query(sink->db, &query, err));
    if (!is_alike)
        return mimic__fail(err, MIMIC_ERR_BACKEND,
                           "others depend on the table that is there, and its columns differ from "
                           "those of the new one, so it can be neither replaced nor filled: %s; "
                           "drop them, load, and make them again",
                           look->dependants);
    MIMIC_TRY(run_text(sink, "DROP TABLE ", names->staging->name, "", err));
    sink->open.is_in_place = true;
    return empty_table(sink, err);
}

mimic_status mimic__postgres_table_create(mimic_postgres_sink *sink, mimic_error *err)
{
    const mimic_postgres_names *const names = &sink->open.names;
    const char *const values[] = {names->schema, names->table->name};
    table_look look = {0};
    const mimic_postgres_query query = {LOOK_UP, values, 2, take_look, &look};
    MIMIC_TRY(mimic__postgres_query(sink->db, &query, err));
    if (look.kind != 0 && look.kind != 'r')
        return mimic__fail(err, MIMIC_ERR_BACKEND,
                           "\"%s\".\"%s\" is %s there, no ordinary table; rename it, or load into "
                           "another schema",
                           names->schema, names->table->name,
                           look.kind == 'v'   ? "a view"
                           : look.kind == 'm' ? "a materialized view"
                           : look.kind == 'p' ? "a partitioned table"
                           : look.kind == 'f' ? "a foreign table"
                                              : "something else");
    sink->open.is_there = look.kind != 0;
    MIMIC_TRY(create_staging(sink, err));
    return look.dependants[0] == '\0' ? MIMIC_OK : go_in_place(sink, &look, err);
}

/* ---- keys and indexes ---- */

static void put_columns(mimic_buffer *sql, const mimic_postgres_index *index)
{
    mimic__buffer_text(sql, " (");
    for (size_t i = 0; i < index->column_count; i++) {
        mimic__buffer_text(sql, i > 0 ? ", " : "");
        mimic__postgres_quote(sql, index->columns[i]);
    }
    mimic__buffer_text(sql, ")");
}

static mimic_status make_index(mimic_postgres_sink *sink, const mimic_postgres_index *index,
                               mimic_error *err)
{
    const mimic_postgres_names *const names = &sink->open.names;
    const bool in_place = sink->open.is_in_place;
    const char *const table = in_place ? names->table->name : names->staging->name;
    const char *const name = in_place ? index->name : index->staging;
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    if (index->kind == MIMIC_POSTGRES_INDEX) {
        mimic__buffer_text(&sql, "CREATE INDEX ");
        mimic__postgres_quote(&sql, name);
        mimic__buffer_text(&sql, " ON ");
        mimic__postgres_quote_in(&sql, names->schema, table);
    } else {
        mimic__buffer_text(&sql, "ALTER TABLE ");
        mimic__postgres_quote_in(&sql, names->schema, table);
        mimic__buffer_text(&sql, " ADD CONSTRAINT ");
        mimic__postgres_quote(&sql, name);
        mimic__buffer_text(&sql, index->kind == MIMIC_POSTGRES_PRIMARY ? " PRIMARY KEY"
                                                                       : " UNIQUE");
    }
    put_columns(&sql, index);
    return mimic__postgres_run(sink->db, &sql, err);
}

static bool is_wanted(const mimic_postgres_sink *sink, const mimic_postgres_index *index)
{
    return !index->is_kept &&
           (index->kind != MIMIC_POSTGRES_INDEX || sink->options.no_indexes == 0);
}

static mimic_status make_indexes(mimic_postgres_sink *sink, mimic_error *err)
{
    static const char *const steps[] = {"its primary key", "a unique key", "an index"};
    const mimic_postgres_names *const names = &sink->open.names;
    for (size_t i = 0; i < names->index_count; i++) {
        const mimic_postgres_index *const index = &names->indexes[i];
        sink->open.step = steps[index->kind];
        if (is_wanted(sink, index))
            MIMIC_TRY(make_index(sink, index, err));
    }
    return MIMIC_OK;
}

static mimic_status put_comments(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    const mimic_ddl ddl = {
        .sql = &sql, .dialect = MIMIC_SQL_POSTGRES, .schema = sink->open.names.schema};
    mimic__ddl_comments(&ddl, sink->open.is_in_place ? sink->open.names.table
                                                     : sink->open.names.staging);
    return mimic__postgres_run(sink->db, &sql, err);
}

/* ---- changing places ---- */

/* What others did to the old table is made again; what cannot be is told to the log. */
static mimic_status remake(mimic_postgres_sink *sink, const mimic_buffer *statements,
                           mimic_error *err)
{
    mimic_error why = MIMIC_ERROR_INIT;
    for (size_t at = 0; at < statements->size; at += strlen(statements->data + at) + 1) {
        MIMIC_TRY(mimic__postgres_exec(sink->db, "SAVEPOINT mimic_remake", err));
        const mimic_status status = mimic__postgres_exec(sink->db, statements->data + at, &why);
        if (status != MIMIC_OK && (status != MIMIC_ERR_BACKEND || why.sqlstate[0] == '\0'))
            return mimic__fail_again(err, &why);
        if (status != MIMIC_OK)
            mimic__log(sink->ctx, MIMIC_LOG_WARNING,
                       "table %s.%s: what the old table had could not be made again: %s: %s",
                       sink->open.names.schema, sink->open.names.table->name,
                       statements->data + at, why.message);
        MIMIC_TRY(mimic__postgres_exec(sink->db,
                                       status == MIMIC_OK
                                           ? "RELEASE mimic_remake"
                                           : "ROLLBACK TO mimic_remake; RELEASE mimic_remake",
                                       err));
    }
    return MIMIC_OK;
}

/* {"a","b"}: an array of the names of our own indexes, the spare ones too. */
static void put_name_array(mimic_buffer *out, const mimic_postgres_names *names)
{
    mimic__buffer_byte(out, '{');
    for (size_t i = 0; i < 2 * names->index_count; i++) {
        const mimic_postgres_index *const index = &names->indexes[i / 2];
        mimic__buffer_text(out, i > 0 ? ",\"" : "\"");
        for (const char *at = i % 2 == 0 ? index->name : index->spare; *at != '\0'; at++) {
            if (*at == '"' || *at == '\\')
                mimic__buffer_byte(out, '\\');
            mimic__buffer_byte(out, *at);
        }
        mimic__buffer_byte(out, '"');
    }
    mimic__buffer_text(out, "}");
    mimic__buffer_byte(out, '\0');
}

static mimic_status ask_remake(mimic_postgres_sink *sink, mimic_buffer *statements,
                               mimic_error *err)
{
    const mimic_postgres_names *const names = &sink->open.names;
    mimic_buffer array;
    mimic__buffer_init(&array, sink->ctx);
    put_name_array(&array, names);
    const char *const values[] = {names->schema, names->table->name, names->staging->name,
                                  array.data};
    const mimic_postgres_query query = {REMAKE, values, 4, mimic__postgres_take_statement,
                                        statements};
    mimic_status status =
        array.failed ? mimic__fail_memory(err) : mimic__postgres_query(sink->db, &query, err);
    mimic__buffer_free(&array);
    if (status == MIMIC_OK && statements->failed)
        status = mimic__fail_memory(err);
    return status;
}

static mimic_status rename_all(mimic_postgres_sink *sink, mimic_error *err)
{
    const mimic_postgres_names *const names = &sink->open.names;
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    mimic__buffer_text(&sql, "ALTER TABLE ");
    mimic__postgres_quote_in(&sql, names->schema, names->staging->name);
    mimic__buffer_text(&sql, " RENAME TO ");
    mimic__postgres_quote(&sql, names->table->name);
    for (size_t i = 0; i < names->index_count; i++) {
        const mimic_postgres_index *const index = &names->indexes[i];
        if (!is_wanted(sink, index))
            continue;
        /* Renaming a constraint's index renames the constraint. */
        mimic__buffer_text(&sql, "; ALTER INDEX ");
        mimic__postgres_quote_in(&sql, names->schema, index->staging);
        mimic__buffer_text(&sql, " RENAME TO ");
        mimic__postgres_quote(&sql, index->name);
    }
    return mimic__postgres_run(sink->db, &sql, err);
}

static mimic_status change_places(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_buffer statements;
    if (!sink->open.is_there)
        return rename_all(sink, err);
    mimic__buffer_init(&statements, sink->ctx);
    mimic_status status = mimic__postgres_detach_keys(sink, err);
    if (status == MIMIC_OK)
        status = ask_remake(sink, &statements, err);
    if (status == MIMIC_OK)
        status = run_text(sink, "DROP TABLE ", sink->open.names.table->name, "", err);
    if (status == MIMIC_OK)
        status = rename_all(sink, err);
    if (status == MIMIC_OK)
        status = remake(sink, &statements, err);
    mimic__buffer_free(&statements);
    return status;
}

mimic_status mimic__postgres_table_complete(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_postgres_table *const open = &sink->open;
    MIMIC_TRY(make_indexes(sink, err));
    open->step = "its comments";
    MIMIC_TRY(put_comments(sink, err));
    open->step = "ANALYZE";
    MIMIC_TRY(run_text(sink, "ANALYZE ",
                       open->is_in_place ? open->names.table->name : open->names.staging->name, "",
                       err));
    open->step = "taking the place of the old table";
    if (open->is_in_place)
        return MIMIC_OK;
    MIMIC_TRY(mimic__postgres_lock_swap(sink, err));
    MIMIC_TRY(avoid_taken_names(sink, err));
    return change_places(sink, err);
}
