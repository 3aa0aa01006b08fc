/*
 * Event maps: from the texts to one map of one release or several, and the check of a text. The JSON
 * trees live in an arena of their own and are gone when the map is made.
 */
#include "events/event_map.h"

#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "events/event_map_builtin.h"
#include "events/event_map_reader.h"
#include "io/output.h"

/* A text and its hash, waiting to be laid on others. */
typedef struct map_text {
    mimic_map_source source;
    uint64_t hash[2];
} map_text;

typedef struct map_load {
    mimic_map_reader reader;
    mimic_arena trees;
    mimic_event_map *map;
    map_text *user; /* in the order of the paths */
    size_t user_count;
    mimic_hasher *hasher;
    mimic_error *err;
} map_load;

/* Findings of a check stand in the text that is checked: those in the map below it go where it is
 * named. */
static void pass_finding(const char *pointer, int64_t line, int64_t column, const char *message,
                         void *ctx)
{
    mimic_map_reader *reader = ctx;
    if (reader->sink.finding == NULL)
        return;
    if (reader->source == reader->checked) {
        reader->sink.finding(pointer, line, column, message, reader->sink.ctx);
        return;
    }
    char text[1536];
    const mimic_json *extends = mimic__json_get(reader->checked->root, "extends");
    snprintf(text, sizeof text, "with it, %s does not hold any more, at \"%s\": %s",
             reader->source->name, pointer, message);
    reader->sink.finding("/extends", extends == NULL ? 1 : extends->line,
                         extends == NULL ? 1 : extends->column, text, reader->sink.ctx);
}

static mimic_status begin_load(map_load *load, const mimic_context *ctx, mimic_error *err)
{
    load->err = err;
    mimic__arena_init(&load->trees, ctx);
    load->map = mimic__alloc_zeroed(ctx, 1, sizeof *load->map);
    if (load->map == NULL)
        return mimic__fail_memory(err);
    mimic__arena_init(&load->map->arena, ctx);
    mimic_map_reader *reader = &load->reader;
    reader->map = load->map;
    reader->base = (mimic_schema_reader){
        .arena = &load->map->arena, .name = "events.json", .err = err};
    mimic__buffer_init(&reader->base.pointer, ctx);
    mimic__buffer_init(&reader->base.message, ctx);
    mimic__hashmap_init(&reader->base.tables, ctx);
    mimic__hashmap_init(&reader->base.fields, ctx);
    load->hasher = mimic__hasher_new(ctx);
    reader->tables =
        mimic__arena_array(&load->map->arena, MIMIC_MAP_MAX_TABLES, sizeof *reader->tables);
    load->map->tables = reader->tables;
    return load->hasher == NULL || reader->tables == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* The map goes to the caller when all is well. */
static void end_load(map_load *load, const mimic_context *ctx, mimic_status status,
                     mimic_event_map **out_map)
{
    mimic_map_reader *reader = &load->reader;
    if (load->map != NULL) {
        mimic__buffer_free(&reader->base.pointer);
        mimic__buffer_free(&reader->base.message);
        mimic__hashmap_free(&reader->base.tables);
        mimic__hashmap_free(&reader->base.fields);
    }
    mimic__hasher_free(ctx, load->hasher);
    mimic__arena_free(&load->trees);
    if (status == MIMIC_OK && out_map != NULL)
        *out_map = load->map;
    else
        mimic__event_map_free(load->map);
}

/* What the findings so far come to. */
static mimic_status settle(map_load *load)
{
    if (load->reader.base.out_of_memory)
        return mimic__fail_memory(load->err);
    return load->reader.base.finding_count > 0 ? MIMIC_ERR_SCHEMA : MIMIC_OK;
}

/* ---- texts ---- */

static mimic_status parse_text(map_load *load, const char *json, size_t size, const char *name,
                               map_text *out_text)
{
    *out_text = (map_text){.source = {.name = name}};
    mimic__hash128(json, size, out_text->hash);
    if (size > MIMIC_MAP_MAX_BYTES)
        return mimic__fail(load->err, MIMIC_ERR_LIMIT, "%s: %zu bytes; an event map has at most %u",
                           name, size, MIMIC_MAP_MAX_BYTES);
    return mimic__json_parse(&load->trees, json, size, name, &out_text->source.root, load->err);
}

static mimic_status parse_builtin(map_load *load, const char *name, const char *version,
                                  map_text *out_text)
{
    const mimic_builtin_package *builtin = mimic__map_builtin(name, version);
    *out_text = (map_text){.source = {.name = ""}};
    if (builtin == NULL)
        return MIMIC_OK;
    const char *label = mimic__arena_format(&load->trees, "%s (built in)", builtin->name);
    return label == NULL ? mimic__fail_memory(load->err)
                         : parse_text(load, builtin->json, builtin->size, label, out_text);
}

static mimic_status read_user_texts(map_load *load, const mimic_context *ctx,
                                    const mimic_event_paths *paths)
{
    if (paths == NULL || paths->count == 0)
        return MIMIC_OK;
    load->user = mimic__arena_array(&load->trees, paths->count, sizeof *load->user);
    if (load->user == NULL)
        return mimic__fail_memory(load->err);
    for (size_t i = 0; i < paths->count; i++) {
        char *text;
        size_t size;
        MIMIC_TRY(mimic__read_file(ctx, paths->paths[i], MIMIC_MAP_MAX_BYTES, &text, &size,
                                   load->err));
        const mimic_status status =
            parse_text(load, text, size, paths->paths[i], &load->user[load->user_count]);
        mimic__free(ctx, text);
        MIMIC_TRY(status);
        mimic__map_source_read(&load->reader, NULL, &load->user[load->user_count++].source);
    }
    return settle(load);
}

/* ---- layers of one release ---- */

static void lay(map_load *load, mimic_map_layers *layers, const map_text *text)
{
    mimic__hasher_update(load->hasher, text->hash, sizeof text->hash);
    mimic__map_layer_add(&load->reader, layers, &text->source);
}

static void fail_no_base(map_load *load, const mimic_json *extends)
{
    char list[512];
    size_t size = 0;
    list[0] = '\0';
    for (size_t i = 0; i < mimic__builtin_map_count && size < sizeof list; i++)
        size += (size_t)snprintf(list + size, sizeof list - size, "%s%s", i == 0 ? "" : ", ",
                                 mimic__builtin_maps[i].name);
    mimic__schema_finding(&load->reader.base, extends,
                          "there is no map of %s to extend; built in are: %s", extends->text, list);
}

/* What a user's text is laid on: nothing, what there is, or the built-in map of another release. */
static mimic_status lay_base(map_load *load, mimic_map_layers *layers, const map_text *user)
{
    const mimic_dataset *dataset = user->source.dataset;
    const mimic_json *extends = mimic__json_get(user->source.root, "extends");
    const size_t size = strlen(dataset->name);
    const bool is_own = extends != NULL && strncmp(extends->text, dataset->name, size) == 0 &&
                        (extends->text[size] == '\0' ||
                         (extends->text[size] == '@' &&
                          strcmp(extends->text + size + 1, dataset->version) == 0));
    if (is_own && layers->tables.count > 0)
        return MIMIC_OK;
    mimic__map_layers_free(load->trees.ctx, layers);
    if (!user->source.extends)
        return MIMIC_OK;
    const char *at = strchr(extends->text, '@');
    char *name = mimic__arena_strndup(&load->trees, extends->text,
                                      at == NULL ? strlen(extends->text)
                                                 : (size_t)(at - extends->text));
    map_text *base = mimic__arena_alloc(&load->trees, sizeof *base);
    if (name == NULL || base == NULL)
        return mimic__fail_memory(load->err);
    MIMIC_TRY(parse_builtin(load, name, at == NULL ? dataset->version : at + 1, base));
    mimic__map_enter(&load->reader, &user->source);
    if (base->source.root == NULL)
        fail_no_base(load, extends);
    else
        lay(load, layers, base);
    return MIMIC_OK;
}

static mimic_status lay_all(map_load *load, const mimic_dataset *dataset, mimic_map_layers *layers)
{
    map_text *builtin = mimic__arena_alloc(&load->trees, sizeof *builtin);
    if (builtin == NULL)
        return mimic__fail_memory(load->err);
    MIMIC_TRY(parse_builtin(load, dataset->name, dataset->version, builtin));
    bool has_any = builtin->source.root != NULL;
    if (has_any)
        lay(load, layers, builtin);
    for (size_t i = 0; i < load->user_count; i++) {
        if (load->user[i].source.dataset != dataset)
            continue;
        has_any = true;
        MIMIC_TRY(lay_base(load, layers, &load->user[i]));
        lay(load, layers, &load->user[i]);
    }
    if (!has_any)
        return mimic__fail(load->err, MIMIC_ERR_NOT_FOUND,
                           "there is no event map for %s@%s; write one (docs/events.md) and name it "
                           "as a map of your own", dataset->name, dataset->version);
    return MIMIC_OK;
}

static mimic_status read_release(map_load *load, const mimic_dataset *dataset)
{
    mimic_map_layers layers = {0};
    mimic_map_reader *reader = &load->reader;
    const size_t first = load->map->table_count;
    reader->dataset = dataset;
    const mimic_status status = lay_all(load, dataset, &layers);
    if (status == MIMIC_OK && !reader->base.out_of_memory)
        mimic__map_read(reader, &layers);
    mimic__map_layers_free(load->trees.ctx, &layers);
    MIMIC_TRY(status);
    for (size_t i = first; i < load->map->table_count; i++)
        if (reader->tables[i].context >= 0 && reader->tables[i].context < GROUP_COUNT)
            reader->tables[i].context_joins_only = reader->is_taken[reader->tables[i].context];
    for (int group = 0; group < GROUP_COUNT; group++)
        reader->is_taken[group] |= reader->contexts[group].is_met;
    return MIMIC_OK;
}

/* ---- the whole ---- */

static mimic_status finish_map(map_load *load)
{
    mimic_event_map *map = load->map;
    mimic_map_reader *reader = &load->reader;
    const mimic_event_kind **kinds =
        mimic__arena_array(&map->arena, reader->kind_count, sizeof *kinds);
    if (kinds == NULL)
        return mimic__fail_memory(load->err);
    map->kinds = kinds;
    for (size_t i = 0; i < map->table_count; i++) {
        mimic_event_table *table = &reader->tables[i];
        table->fills_admission &= reader->is_taken[GROUP_ADMISSION];
        table->fills_stay &= reader->is_taken[GROUP_STAY];
        for (size_t j = 0; j < table->kind_count; j++)
            kinds[map->kind_count++] = table->kinds[j];
    }
    mimic__hasher_hex(load->hasher, map->hash);
    return MIMIC_OK;
}

static mimic_status load_releases(map_load *load, const mimic_context *ctx,
                                  const mimic_event_paths *paths)
{
    MIMIC_TRY(read_user_texts(load, ctx, paths));
    for (size_t i = 0; i < load->map->dataset_count; i++)
        MIMIC_TRY(read_release(load, load->map->datasets[i]));
    MIMIC_TRY(settle(load));
    return finish_map(load);
}

mimic_status mimic__event_map_find(const mimic_context *ctx, const mimic_dataset *const *datasets,
                                   size_t dataset_count, const mimic_event_paths *paths,
                                   mimic_event_map **out_map, mimic_error *err)
{
    *out_map = NULL;
    map_load load = {0};
    mimic_status status = begin_load(&load, ctx, err);
    if (status == MIMIC_OK) {
        const mimic_dataset **copy =
            mimic__arena_array(&load.map->arena, dataset_count, sizeof *copy);
        if (copy == NULL)
            status = mimic__fail_memory(err);
        for (size_t i = 0; copy != NULL && i < dataset_count; i++)
            copy[i] = datasets[i];
        load.map->datasets = copy;
        load.map->dataset_count = copy == NULL ? 0 : dataset_count;
    }
    if (status == MIMIC_OK)
        status = load_releases(&load, ctx, paths);
    end_load(&load, ctx, status, out_map);
    return status;
}

void mimic__event_map_free(mimic_event_map *map)
{
    if (map == NULL)
        return;
    const mimic_context *ctx = map->arena.ctx;
    mimic__arena_free(&map->arena);
    mimic__free(ctx, map);
}

/* ---- checking ---- */

static mimic_status check_text(map_load *load, const mimic_registry *registry, const map_text *text)
{
    map_text *user = mimic__arena_alloc(&load->trees, sizeof *user);
    if (user == NULL)
        return mimic__fail_memory(load->err);
    *user = *text;
    load->reader.checked = &user->source;
    if (mimic__map_source_read(&load->reader, registry, &user->source)) {
        mimic_map_layers layers = {0};
        load->reader.dataset = user->source.dataset;
        const mimic_status status = lay_base(load, &layers, user);
        if (status == MIMIC_OK) {
            lay(load, &layers, user);
            mimic__map_read(&load->reader, &layers);
        }
        mimic__map_layers_free(load->trees.ctx, &layers);
        MIMIC_TRY(status);
    }
    return settle(load);
}

mimic_status mimic_event_map_check(const mimic_context *ctx, const mimic_registry *registry,
                                   const char *json, size_t size_bytes, const char *name,
                                   mimic_schema_finding_fn finding, void *finding_ctx,
                                   mimic_error *err)
{
    if (ctx == NULL || registry == NULL || (json == NULL && size_bytes > 0))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_event_map_check needs a context, a registry and a text");
    map_load load = {0};
    mimic_status status = begin_load(&load, ctx, err);
    if (status == MIMIC_OK) {
        map_text text;
        load.reader.sink = (mimic_schema_sink){finding, finding_ctx};
        load.reader.base.sink = (mimic_schema_sink){pass_finding, &load.reader};
        status = parse_text(&load, json == NULL ? "" : json, size_bytes,
                            name == NULL ? "events.json" : name, &text);
        if (status == MIMIC_OK && !mimic__map_looks_like(text.source.root))
            status = mimic__fail(err, MIMIC_ERR_NOT_FOUND, "%s: no event map: it has neither "
                                 "\"tables\" nor \"extends\"", text.source.name);
        if (status == MIMIC_OK)
            status = check_text(&load, registry, &text);
    }
    end_load(&load, ctx, status, NULL);
    return status;
}
