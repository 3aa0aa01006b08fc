/* See postgres_names.h. */
#include "sink/postgres_names.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define NAME_MAX_BYTES ((size_t)MIMIC_POSTGRES_NAME_BYTES - 1)
#define OWN_PREFIX "_mimic_"

/* ---- names of keys and indexes ---- */

/* The end of at most `size` bytes that cuts no character in two. */
static size_t whole_characters(const char *text, size_t size)
{
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

void mimic__postgres_object_name(char out[MIMIC_POSTGRES_NAME_BYTES], const char *table,
                                 const char *columns, const char *label)
{
    size_t table_size = strlen(table);
    size_t columns_size = columns == NULL ? 0 : strlen(columns);
    const size_t room = NAME_MAX_BYTES - strlen(label) - 1 - (columns == NULL ? 0 : 1);
    while (table_size + columns_size > room) {
        if (table_size > columns_size)
            table_size--;
        else
            columns_size--;
    }
    table_size = whole_characters(table, table_size);
    columns_size = columns == NULL ? 0 : whole_characters(columns, columns_size);
    (void)snprintf(out, MIMIC_POSTGRES_NAME_BYTES, "%.*s%s%.*s_%s", (int)table_size, table,
                   columns == NULL ? "" : "_", (int)columns_size, columns == NULL ? "" : columns,
                   label);
}

/* What the server joins of the columns' names before it cuts. */
static void join_columns(char out[2 * MIMIC_POSTGRES_NAME_BYTES], const char *const *columns,
                         size_t count)
{
    size_t size = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && size < MIMIC_POSTGRES_NAME_BYTES; i++)
        size += (size_t)snprintf(out + size, MIMIC_POSTGRES_NAME_BYTES, "%s%s", i > 0 ? "_" : "",
                                 columns[i]);
}

static bool is_taken(const mimic_postgres_names *names, size_t foreign_count, const char *name)
{
    for (size_t i = 0; i < names->index_count; i++)
        if (strcmp(names->indexes[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < foreign_count; i++)
        if (strcmp(names->foreign_keys[i], name) == 0)
            return true;
    return strcmp(names->table->name, name) == 0;
}

/* The first that the table has not given away: a number follows the label, as the server does it. */
static void choose_name(const mimic_postgres_names *names, size_t foreign_count,
                        const char *const *columns, size_t count, const char *label,
                        char out[MIMIC_POSTGRES_NAME_BYTES])
{
    char joined[2 * MIMIC_POSTGRES_NAME_BYTES];
    char numbered[32];
    join_columns(joined, columns, count);
    mimic__postgres_object_name(out, names->table->name, joined, label);
    for (int pass = 1; is_taken(names, foreign_count, out); pass++) {
        (void)snprintf(numbered, sizeof numbered, "%s%d", label, pass);
        mimic__postgres_object_name(out, names->table->name, joined, numbered);
    }
}

/* ---- a table in lower case ---- */

static const char *fold(mimic_arena *arena, const char *name)
{
    char *const copy = mimic__arena_strdup(arena, name);
    for (char *at = copy; at != NULL && *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return copy;
}

static mimic_status fold_name(mimic_arena *arena, const char *kind, const char *name,
                              const char **out_name, mimic_error *err)
{
    if (strlen(name) > NAME_MAX_BYTES)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "PostgreSQL takes names of up to %zu bytes; the %s \"%.200s\" has %zu",
                           NAME_MAX_BYTES, kind, name, strlen(name));
    *out_name = fold(arena, name);
    return *out_name == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static bool fold_list(mimic_arena *arena, const char *const *names, size_t count,
                      const char *const **out_names)
{
    const char **const folded = mimic__arena_array(arena, count, sizeof *folded);
    for (size_t i = 0; folded != NULL && i < count; i++) {
        folded[i] = fold(arena, names[i]);
        if (folded[i] == NULL)
            return false;
    }
    *out_names = folded;
    return folded != NULL;
}

static bool fold_keys(mimic_arena *arena, const mimic_table *table,
                      const mimic_foreign_key **out_keys)
{
    mimic_foreign_key *const keys =
        mimic__arena_array(arena, table->foreign_key_count, sizeof *keys);
    for (size_t i = 0; keys != NULL && i < table->foreign_key_count; i++) {
        keys[i] = table->foreign_keys[i];
        keys[i].referenced_table = fold(arena, keys[i].referenced_table);
        if (keys[i].referenced_table == NULL ||
            !fold_list(arena, table->foreign_keys[i].fields, keys[i].count, &keys[i].fields) ||
            !fold_list(arena, table->foreign_keys[i].referenced_fields, keys[i].count,
                       &keys[i].referenced_fields))
            return false;
    }
    *out_keys = keys;
    return keys != NULL;
}

static mimic_status fold_table(mimic_arena *arena, const mimic_table *table,
                               const mimic_table **out_table, mimic_error *err)
{
    mimic_table *const folded = mimic__arena_alloc(arena, sizeof *folded);
    mimic_field *const fields = mimic__arena_array(arena, table->field_count, sizeof *fields);
    if (folded == NULL || fields == NULL)
        return mimic__fail_memory(err);
    *folded = *table;
    folded->fields = fields;
    MIMIC_TRY(fold_name(arena, "table", table->name, &folded->name, err));
    for (size_t i = 0; i < table->field_count; i++) {
        fields[i] = table->fields[i];
        MIMIC_TRY(fold_name(arena, "column", table->fields[i].name, &fields[i].name, err));
    }
    if (!fold_keys(arena, table, &folded->foreign_keys))
        return mimic__fail_memory(err);
    *out_table = folded;
    return MIMIC_OK;
}

/* Keys are made when the rows are there. */
static mimic_status make_staging(mimic_arena *arena, mimic_postgres_names *names, mimic_error *err)
{
    const mimic_table *const table = names->table;
    mimic_table *const staging = mimic__arena_alloc(arena, sizeof *staging);
    mimic_field *const fields = mimic__arena_array(arena, table->field_count, sizeof *fields);
    if (staging == NULL || fields == NULL)
        return mimic__fail_memory(err);
    *staging = *table;
    staging->fields = fields;
    for (size_t i = 0; i < table->field_count; i++) {
        fields[i] = table->fields[i];
        fields[i].is_unique = false;
    }
    staging->primary_key_count = staging->unique_key_count = staging->foreign_key_count = 0;
    staging->name =
        mimic__arena_format(arena, OWN_PREFIX "new_%016llx",
                            (unsigned long long)mimic__hash64(table->name, strlen(table->name)));
    names->staging = staging;
    return staging->name == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* ---- indexes ---- */

typedef struct index_list {
    mimic_arena *arena;
    mimic_postgres_names *names;
    bool failed;
} index_list;

static void add_index(index_list *list, mimic_postgres_index_kind kind, const char *const *columns,
                      size_t count)
{
    static const char *const labels[] = {"pkey", "key", "idx"};
    mimic_postgres_names *const names = list->names;
    mimic_postgres_index *const index = &names->indexes[names->index_count];
    char label[16];
    index->kind = kind;
    index->columns = columns;
    index->column_count = count;
    (void)snprintf(index->staging, sizeof index->staging, "%s_%zu", names->staging->name,
                   names->index_count);
    if (kind == MIMIC_POSTGRES_PRIMARY)
        memcpy(index->name, names->primary_name, sizeof index->name);
    else
        choose_name(names, 0, columns, count, labels[kind], index->name);
    (void)snprintf(label, sizeof label, "%08x_%s",
                   (unsigned)(mimic__hash64(index->name, strlen(index->name)) ^
                              mimic__hash64(names->table->name, strlen(names->table->name))),
                   labels[kind]);
    mimic__postgres_object_name(index->spare, names->table->name, NULL, label);
    names->index_count++;
}

static void add_key(index_list *list, mimic_postgres_index_kind kind, const size_t *fields,
                    size_t count)
{
    const char **const columns = mimic__arena_array(list->arena, count, sizeof *columns);
    list->failed |= columns == NULL;
    for (size_t i = 0; columns != NULL && i < count; i++)
        columns[i] = list->names->table->fields[fields[i]].name;
    if (columns != NULL)
        add_index(list, kind, columns, count);
}

static void add_plain(void *ctx, const char *const *columns, size_t count)
{
    index_list *const list = ctx;
    const char *const *folded = NULL;
    if (fold_list(list->arena, columns, count, &folded))
        add_index(list, MIMIC_POSTGRES_INDEX, folded, count);
    else
        list->failed = true;
}

static void count_plain(void *ctx, const char *const *columns, size_t count)
{
    (void)columns;
    (void)count;
    ++*(size_t *)ctx;
}

static mimic_status list_indexes(mimic_arena *arena, mimic_postgres_names *names, bool with_indexes,
                                 mimic_error *err)
{
    const mimic_table *const table = names->table;
    index_list list = {arena, names, false};
    size_t count = 1 + table->field_count + table->unique_key_count;
    mimic__ddl_each_index(table, count_plain, &count);
    names->indexes = mimic__arena_array(arena, count, sizeof *names->indexes);
    if (names->indexes == NULL)
        return mimic__fail_memory(err);
    if (table->primary_key_count > 0)
        add_key(&list, MIMIC_POSTGRES_PRIMARY, table->primary_key, table->primary_key_count);
    for (size_t i = 0; i < table->field_count; i++)
        if (table->fields[i].is_unique)
            add_key(&list, MIMIC_POSTGRES_UNIQUE, &i, 1);
    for (size_t i = 0; i < table->unique_key_count; i++)
        add_key(&list, MIMIC_POSTGRES_UNIQUE, table->unique_keys[i].fields,
                table->unique_keys[i].count);
    if (with_indexes)
        mimic__ddl_each_index(table, add_plain, &list);
    return list.failed ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status check_reserved(const mimic_table *table, mimic_error *err)
{
    if (!mimic__name_equals_sized(OWN_PREFIX, table->name, strlen(OWN_PREFIX)))
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                       "a table may not be named \"%s\": names that begin with %s are reserved",
                       table->name, OWN_PREFIX);
}

mimic_status mimic__postgres_names(mimic_arena *arena, const mimic_table *table, const char *schema,
                                   bool with_indexes, mimic_postgres_names *out_names,
                                   mimic_error *err)
{
    mimic_postgres_names *const names = out_names;
    *names = (mimic_postgres_names){.schema = schema};
    if (strlen(schema) > NAME_MAX_BYTES)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "PostgreSQL takes names of up to %zu bytes; the schema \"%.200s\" has %zu; "
                           "name another one (pg_schema)",
                           NAME_MAX_BYTES, schema, strlen(schema));
    MIMIC_TRY(check_reserved(table, err));
    MIMIC_TRY(fold_table(arena, table, &names->table, err));
    MIMIC_TRY(make_staging(arena, names, err));
    mimic__postgres_object_name(names->primary_name, names->table->name, NULL, "pkey");
    MIMIC_TRY(list_indexes(arena, names, with_indexes, err));
    const size_t count = names->table->foreign_key_count;
    names->foreign_keys = mimic__arena_array(arena, count, sizeof *names->foreign_keys);
    if (names->foreign_keys == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const mimic_foreign_key *const key = &names->table->foreign_keys[i];
        choose_name(names, i, key->fields, key->count, "fkey", names->foreign_keys[i]);
    }
    return MIMIC_OK;
}
