/*
 * Fuzz target of the reader of event maps. Any bytes are checked, and read as a user's map for the
 * release "d@1". Oracle: findings stand inside the text, and there are some exactly when the map is
 * refused; what is sound and for that release can be read; every column of what was read is one of
 * its table, and every parent can be made.
 */
#include <mimic/mimic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events/event_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_event_map: %s\n", what);
        abort();
    }
}

static const char package[] =
    "{\"name\":\"d\",\"version\":\"1\",\"resources\":["
    "{\"name\":\"p\",\"schema\":{\"fields\":[{\"name\":\"s\",\"type\":\"integer\"},"
    "{\"name\":\"y\",\"type\":\"integer\"},{\"name\":\"d\",\"type\":\"date\"}]}},"
    "{\"name\":\"a\",\"schema\":{\"fields\":[{\"name\":\"s\",\"type\":\"integer\"},"
    "{\"name\":\"h\",\"type\":\"integer\"},{\"name\":\"b\",\"type\":\"datetime\"},"
    "{\"name\":\"e\",\"type\":\"datetime\"},{\"name\":\"x\",\"type\":\"datetime\"}]}},"
    "{\"name\":\"l\",\"schema\":{\"fields\":[{\"name\":\"s\",\"type\":\"integer\"},"
    "{\"name\":\"h\",\"type\":\"integer\"},{\"name\":\"t\",\"type\":\"datetime\"},"
    "{\"name\":\"n\",\"type\":\"number\"},{\"name\":\"c\",\"type\":\"string\"},"
    "{\"name\":\"v\",\"type\":\"integer\"},{\"name\":\"g\",\"type\":\"boolean\"}]}},"
    "{\"name\":\"i\",\"schema\":{\"fields\":[{\"name\":\"c\",\"type\":\"string\"},"
    "{\"name\":\"v\",\"type\":\"integer\"},{\"name\":\"w\",\"type\":\"string\"}]}}]}";

typedef struct findings {
    int64_t lines; /* of the text */
    size_t count;
} findings;

static void on_finding(const char *pointer, int64_t line, int64_t column, const char *message,
                       void *ctx)
{
    findings *self = ctx;
    self->count++;
    require(pointer != NULL && message != NULL && message[0] != '\0', "a finding without words");
    require(line >= 1 && line <= self->lines && column >= 1, "a finding beyond the text");
}

/* ---- what was read ---- */

static void need_column(const mimic_event_table *table, int64_t column)
{
    require(column >= MIMIC_EVENT_NO_COLUMN && column < (int64_t)table->table->field_count,
            "a column beyond the table");
}

static void walk_times(const mimic_event_table *table, const mimic_event_times *times)
{
    for (size_t i = 0; i < times->count; i++) {
        need_column(table, times->ways[i].column);
        need_column(table, times->ways[i].minus);
        require(times->ways[i].slot < SLOT_COUNT && times->ways[i].group < GROUP_ALL,
                "a join with nothing");
    }
}

static void walk_kind(const mimic_context *ctx, const mimic_event_table *table,
                      const mimic_event_kind *kind)
{
    const int64_t columns[] = {kind->value, kind->text, kind->unit};
    for (size_t i = 0; i < 3; i++)
        need_column(table, columns[i]);
    walk_times(table, &kind->time);
    walk_times(table, &kind->available);
    require(kind->code_count > 0, "no code");
    for (size_t i = 0; i < kind->code_count; i++) {
        need_column(table, kind->code[i].column);
        require((kind->code[i].column < 0) == (kind->code[i].literal != NULL), "half a piece of code");
    }
    for (size_t i = 0; i < kind->property_count; i++)
        need_column(table, kind->properties[i]);
    for (size_t i = 0; i < kind->key_count; i++)
        need_column(table, kind->key_columns[i]);
    for (size_t i = 0; i < kind->condition_count; i++) {
        const mimic_event_condition *condition = &kind->conditions[i];
        need_column(table, condition->column);
        require(condition->wants_present + condition->wants_absent + (condition->value_count > 0) == 1,
                "a condition that asks nothing");
    }
    static const char *const keys[] = {"", "4280\x1f" "9", "E8120\x1f" "9\x1f", "\x1f\x1f\x1f", "x"};
    mimic_buffer out;
    mimic__buffer_init(&out, ctx);
    for (size_t i = 0; i < kind->parent_count; i++)
        for (size_t j = 0; j < sizeof keys / sizeof keys[0]; j++)
            (void)mimic__event_parent(kind, i, keys[j], strlen(keys[j]), &out);
    mimic__buffer_free(&out);
}

static void walk(const mimic_context *ctx, const mimic_event_map *map)
{
    size_t kinds = 0;
    require(map->table_count <= 256 && map->kind_count < MIMIC_EVENT_CONTEXT, "too much");
    for (size_t i = 0; i < map->table_count; i++) {
        const mimic_event_table *table = &map->tables[i];
        const int64_t columns[] = {table->subject, table->admission, table->stay, table->row_id,
                                   table->context_times[0], table->context_times[1],
                                   table->context_times[2]};
        require(table->number == i && table->subject >= 0, "a table of nobody");
        for (size_t j = 0; j < sizeof columns / sizeof columns[0]; j++)
            need_column(table, columns[j]);
        walk_times(table, &table->anchor);
        for (size_t j = 0; j < table->kind_count; j++) {
            require(table->kinds[j]->number == kinds && map->kinds[kinds] == table->kinds[j],
                    "kinds in disorder");
            kinds++;
            walk_kind(ctx, table, table->kinds[j]);
        }
    }
    require(kinds == map->kind_count, "kinds of no table");
}

/* ---- one input ---- */

static mimic_status read_map(const mimic_context *ctx, const mimic_dataset *dataset,
                             const uint8_t *data, size_t size, mimic_event_map **out_map)
{
    static char path[64];
    if (path[0] == '\0') {
        snprintf(path, sizeof path, "/tmp/fuzz_event_map_%ld", (long)getpid());
    }
    FILE *file = fopen(path, "wb");
    require(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0, "no file");
    const char *const paths[] = {path};
    const mimic_event_paths list = {paths, 1};
    const mimic_status status = mimic__event_map_find(ctx, &dataset, 1, &list, out_map, NULL);
    remove(path);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mimic_context *ctx;
    static mimic_registry *registry;
    static const mimic_dataset *dataset;
    if (ctx == NULL) {
        require(mimic_context_new(NULL, &ctx, NULL) == MIMIC_OK, "no context");
        require(mimic_registry_new(ctx, &registry, NULL) == MIMIC_OK, "no registry");
        require(mimic_registry_add_json(registry, package, sizeof package - 1, "p", &dataset, NULL) ==
                    MIMIC_OK, "no release");
    }
    findings found = {.lines = 1, .count = 0};
    for (size_t i = 0; i < size; i++)
        found.lines += data[i] == '\n' || data[i] == '\r';
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status checked = mimic_event_map_check(ctx, registry, (const char *)data, size,
                                                       "input", on_finding, &found, &err);
    require((checked == MIMIC_ERR_SCHEMA) == (found.count > 0), "the check contradicts its findings");
    require((checked == MIMIC_OK) == (err.message[0] == '\0'), "a failure without words");
    if (checked == MIMIC_ERR_JSON || checked == MIMIC_ERR_NOT_FOUND)
        return 0;
    mimic_event_map *map = NULL;
    const mimic_status read = read_map(ctx, dataset, data, size, &map);
    require((read == MIMIC_OK) == (map != NULL), "a map of a failure");
    require(read == MIMIC_OK || read == checked || checked == MIMIC_OK, "checking and reading disagree");
    require(read != MIMIC_OK || checked == MIMIC_OK, "what is not sound was read");
    if (map != NULL)
        walk(ctx, map);
    mimic__event_map_free(map);
    return 0;
}
