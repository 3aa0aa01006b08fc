/*
 * Event maps in layers: which release a text is for, and what is left when a user's map replaces and
 * drops tables, dictionaries and context of the map below it. Nothing is bound to columns here.
 */
#include "events/event_map_reader.h"

#include <stdio.h>

#include "base/error.h"
#include "events/event_map_builtin.h"

bool mimic__map_looks_like(const mimic_json *root)
{
    static const char *const others[] = {"resources", "schema", "fields", NULL};
    static const char *const own[] = {"tables", "extends", "dataset", NULL};
    for (size_t i = 0; others[i] != NULL; i++)
        if (mimic__json_get(root, others[i]) != NULL)
            return false;
    for (size_t i = 0; own[i] != NULL; i++)
        if (mimic__json_get(root, own[i]) != NULL)
            return true;
    return false;
}

/* True for "name@version", or "name" when the version is left out. */
static bool is_release(const char *spec, const char *name, const char *version)
{
    const size_t size = strlen(name);
    return strncmp(spec, name, size) == 0 &&
           (spec[size] == '\0' || (spec[size] == '@' && strcmp(spec + size + 1, version) == 0));
}

const mimic_builtin_package *mimic__map_builtin(const char *name, const char *version)
{
    for (size_t i = 0; i < mimic__builtin_map_count; i++) {
        const char *at = strchr(mimic__builtin_maps[i].name, '@');
        const size_t size = (size_t)(at - mimic__builtin_maps[i].name);
        if (strncmp(mimic__builtin_maps[i].name, name, size) == 0 && name[size] == '\0' &&
            strcmp(at + 1, version) == 0)
            return &mimic__builtin_maps[i];
    }
    return NULL;
}

/* ---- which release ---- */

/* "dataset@version", or what "extends" says; NULL after a finding or without memory. */
static const char *read_target(mimic_map_reader *reader, mimic_map_source *source)
{
    mimic_schema_reader *base = &reader->base;
    const mimic_json *extends =
        mimic__schema_member(base, source->root, "extends", MIMIC_JSON_STRING);
    const mimic_json *dataset =
        mimic__schema_member(base, source->root, "dataset", MIMIC_JSON_STRING);
    const mimic_json *version =
        mimic__schema_member(base, source->root, "version", MIMIC_JSON_STRING);
    source->extends = extends != NULL;
    source->target = dataset != NULL ? dataset : extends;
    if (dataset == NULL && version != NULL)
        mimic__schema_finding(base, version, "a \"version\" without a \"dataset\"; name both, or "
                                             "neither and \"extends\"");
    if (dataset != NULL && version != NULL) {
        const char *spec = mimic__arena_format(base->arena, "%s@%s", dataset->text, version->text);
        base->out_of_memory |= spec == NULL;
        return spec;
    }
    if (mimic__json_get(source->root, "extends") == NULL &&
        mimic__json_get(source->root, "dataset") == NULL &&
        mimic__json_get(source->root, "tables") != NULL)
        mimic__schema_finding(base, source->root,
                              "for which release? Give \"dataset\" and \"version\", or a map to "
                              "start from: \"extends\": \"mimic-iv@3.1\"");
    return source->target == NULL ? NULL : source->target->text;
}

static void fail_other_release(mimic_map_reader *reader, const mimic_map_source *source,
                               const char *spec)
{
    mimic_buffer list;
    mimic__buffer_init(&list, reader->base.arena->ctx);
    for (size_t i = 0; i < reader->map->dataset_count; i++)
        mimic__buffer_format(&list, "%s%s@%s", i == 0 ? "" : ", ", reader->map->datasets[i]->name,
                             reader->map->datasets[i]->version);
    mimic__buffer_byte(&list, '\0');
    if (list.failed)
        reader->base.out_of_memory = true;
    else
        mimic__schema_finding(&reader->base, source->target,
                              "this map is for %s, but the data are of %s", spec, list.data);
    mimic__buffer_free(&list);
}

static bool find_release(mimic_map_reader *reader, const mimic_registry *registry,
                         mimic_map_source *source, const char *spec)
{
    mimic_error failure = MIMIC_ERROR_INIT;
    if (registry != NULL) {
        if (mimic_registry_find_dataset(registry, spec, &source->dataset, &failure) != MIMIC_OK)
            mimic__schema_finding(&reader->base, source->target, "%s", failure.message);
        return source->dataset != NULL;
    }
    for (size_t i = 0; i < reader->map->dataset_count && source->dataset == NULL; i++)
        if (is_release(spec, reader->map->datasets[i]->name, reader->map->datasets[i]->version))
            source->dataset = reader->map->datasets[i];
    if (source->dataset == NULL)
        fail_other_release(reader, source, spec);
    return source->dataset != NULL;
}

bool mimic__map_source_read(mimic_map_reader *reader, const mimic_registry *registry,
                            mimic_map_source *source)
{
    static const char *const known[] = {"dataset", "version",      "extends", "title",
                                        "comment", "sources",      "context", "dictionaries",
                                        "tables",  "description", NULL};
    mimic__map_enter(reader, source);
    if (!mimic__map_looks_like(source->root))
        mimic__schema_finding(&reader->base, source->root,
                              "no event map: it has neither \"tables\" nor \"extends\"");
    if (source->root->kind != MIMIC_JSON_OBJECT)
        return false;
    mimic__map_known_only(reader, source->root, known);
    mimic__schema_member(&reader->base, source->root, "title", MIMIC_JSON_STRING);
    mimic__schema_member(&reader->base, source->root, "description", MIMIC_JSON_STRING);
    mimic__schema_member(&reader->base, source->root, "sources", MIMIC_JSON_ARRAY);
    const char *spec = read_target(reader, source);
    return spec != NULL && find_release(reader, registry, source, spec);
}

/* ---- layers ---- */

static mimic_map_entry *find_entry(mimic_map_entries *entries, const char *name)
{
    for (size_t i = 0; i < entries->count; i++)
        if (mimic__name_equals(entries->items[i].name, name))
            return &entries->items[i];
    return NULL;
}

static mimic_map_entry *add_entry(mimic_map_reader *reader, mimic_map_entries *entries)
{
    mimic_map_entry *items =
        mimic__array_grow(reader->base.arena->ctx, entries->items, entries->count,
                          &entries->capacity, sizeof *items);
    if (items == NULL) {
        reader->base.out_of_memory = true;
        return NULL;
    }
    entries->items = items;
    return &items[entries->count++];
}

/* A member of "tables" or "dictionaries" takes the place of what has its name. */
static void lay_member(mimic_map_reader *reader, mimic_map_entries *entries,
                       const mimic_map_source *source, const mimic_json *member)
{
    const bool drops = member->kind == MIMIC_JSON_NULL;
    mimic_map_entry *entry = find_entry(entries, member->key);
    if (entry != NULL && entry->source == source) {
        mimic__schema_finding(&reader->base, member, "\"%s\" stands here twice; names must differ "
                              "by more than case", member->key);
        return;
    }
    if (drops && (entry == NULL || entry->json == NULL)) {
        mimic__schema_finding(&reader->base, member,
                              "null drops \"%s\", but the map below has none", member->key);
        return;
    }
    if (entry == NULL)
        entry = add_entry(reader, entries);
    if (entry != NULL)
        *entry = (mimic_map_entry){member->key, drops ? NULL : member, member, source};
}

static void lay_members(mimic_map_reader *reader, mimic_map_entries *entries,
                        const mimic_map_source *source, const char *key)
{
    const mimic_json *object =
        mimic__schema_member(&reader->base, source->root, key, MIMIC_JSON_OBJECT);
    if (object == NULL)
        return;
    if (object->child_count > MIMIC_MAP_MAX_TABLES) {
        mimic__schema_finding(&reader->base, object, "%zu of them; at most %d are possible",
                              object->child_count, MIMIC_MAP_MAX_TABLES);
        return;
    }
    for (const mimic_json *member = object->first; member != NULL && !reader->base.out_of_memory;
         member = member->next)
        lay_member(reader, entries, source, member);
}

static void lay_context(mimic_map_reader *reader, mimic_map_layers *layers,
                        const mimic_map_source *source)
{
    static const char *const known[] = {"subject", "admission", "stay", "comment", NULL};
    const mimic_json *object =
        mimic__schema_member(&reader->base, source->root, "context", MIMIC_JSON_OBJECT);
    mimic__map_known_only(reader, object, known);
    for (int group = 0; group < GROUP_COUNT; group++) {
        const char *name = mimic__map_group_name((mimic_event_group)group);
        const mimic_json *member = mimic__json_get(object, name);
        mimic_map_entry *entry = &layers->context[group];
        if (member == NULL)
            continue;
        if (member->kind == MIMIC_JSON_NULL)
            *entry = (mimic_map_entry){.name = NULL};
        else if (member->kind == MIMIC_JSON_OBJECT)
            *entry = (mimic_map_entry){name, member, member, source};
        else
            mimic__schema_finding(&reader->base, member, "\"%s\" must be an object, or null to do "
                                  "without, not %s", name, mimic__json_kind_name(member->kind));
    }
}

void mimic__map_layer_add(mimic_map_reader *reader, mimic_map_layers *layers,
                          const mimic_map_source *source)
{
    mimic__map_enter(reader, source);
    lay_context(reader, layers, source);
    lay_members(reader, &layers->dictionaries, source, "dictionaries");
    lay_members(reader, &layers->tables, source, "tables");
}

void mimic__map_layers_free(const mimic_context *ctx, mimic_map_layers *layers)
{
    mimic__free(ctx, layers->tables.items);
    mimic__free(ctx, layers->dictionaries.items);
    *layers = (mimic_map_layers){0};
}
