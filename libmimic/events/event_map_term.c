/*
 * The two small languages of event maps: templates of codes ("LAB//RESULT//{itemid}") and terms of
 * times ("charttime", "admission.dischtime", "earliest(admission.deathtime)",
 * "year(anchor_year - anchor_age)").
 */
#include "events/event_map_reader.h"

/* A stretch of a text. */
typedef struct span {
    const char *data;
    size_t size;
} span;

static span trim(span text)
{
    while (text.size > 0 && text.data[0] == ' ') {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && text.data[text.size - 1] == ' ')
        text.size--;
    return text;
}

static span part_of(span text, size_t begin, size_t end)
{
    return trim((span){text.data + begin, end - begin});
}

static bool is_word(span text, const char *word)
{
    return strlen(word) == text.size && memcmp(text.data, word, text.size) == 0;
}

/* What stands in "name( … )"; false when the text is not of that shape. */
static bool inside_call(span text, const char *name, span *out_inside)
{
    const size_t size = strlen(name);
    if (text.size < size + 2 || memcmp(text.data, name, size) != 0 || text.data[size] != '(' ||
        text.data[text.size - 1] != ')')
        return false;
    *out_inside = part_of(text, size + 1, text.size - 1);
    return true;
}

/* ---- templates ---- */

typedef struct template_walk {
    mimic_map_reader *reader;
    const mimic_map_scope *scope;
    const mimic_json *json;
    bool is_parent;
    mimic_code_part *parts;
    size_t count;
} template_walk;

/* Place of a column among those of the kind's key. */
static int64_t find_key(const mimic_event_kind *kind, int64_t column)
{
    for (size_t i = 0; i < kind->key_count; i++)
        if (kind->key_columns[i] == column)
            return (int64_t)i;
    return MIMIC_EVENT_NO_COLUMN;
}

static void add_column(template_walk *walk, span name)
{
    mimic_schema_reader *base = &walk->reader->base;
    const mimic_table *table = walk->scope->table->table;
    mimic_code_part *part = &walk->parts[walk->count];
    *part = (mimic_code_part){.column = MIMIC_EVENT_NO_COLUMN};
    span inside;
    if (walk->is_parent && inside_call(name, "dotted", &inside)) {
        part->is_dotted = true;
        name = inside;
    }
    if (name.size == 0) {
        mimic__schema_finding(base, walk->json, "{} names no column; a brace itself is written "
                                                "twice: {{");
        return;
    }
    const int64_t column =
        mimic__map_column_named(walk->reader, table, walk->json, name.data, name.size);
    if (column < 0)
        return;
    part->column = column;
    if (table->fields[column].type == MIMIC_TYPE_BINARY)
        mimic__schema_finding(base, walk->json, "column \"%s\" is binary and cannot be part of a code",
                              table->fields[column].name);
    if (walk->is_parent)
        part->column = find_key(walk->scope->kind, column);
    if (part->column < 0) {
        mimic__schema_finding(base, walk->json, "\"%s\" is not in the \"key\" of the event's "
                                                "\"describe\", which parents are made of",
                              table->fields[column].name);
        return;
    }
    walk->count++;
}

/* A run of text up to the next column, doubled braces undone. */
static void add_literal(template_walk *walk, span text)
{
    char *literal = mimic__schema_array(&walk->reader->base, text.size + 1, 1);
    if (literal == NULL)
        return;
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        literal[size++] = text.data[i];
        i += text.data[i] == '{' || text.data[i] == '}';
    }
    walk->parts[walk->count++] = (mimic_code_part){
        .literal = literal, .literal_size = size, .column = MIMIC_EVENT_NO_COLUMN};
}

/* Length of the literal at `text`; a lone brace ends it, or is a finding. */
static size_t literal_length(template_walk *walk, span text)
{
    size_t at = 0;
    while (at < text.size) {
        const bool is_brace = text.data[at] == '{' || text.data[at] == '}';
        const bool is_double = is_brace && at + 1 < text.size && text.data[at + 1] == text.data[at];
        if (text.data[at] == '{' && !is_double)
            break;
        if (is_brace && !is_double)
            mimic__schema_finding(&walk->reader->base, walk->json,
                                  "a \"}\" without its \"{\"; a brace itself is written twice: }}");
        at += 1 + (is_double ? 1u : 0u);
    }
    return at;
}

static void walk_template(template_walk *walk, span text)
{
    while (text.size > 0 && !walk->reader->base.out_of_memory) {
        size_t size = literal_length(walk, text);
        if (size > 0) {
            add_literal(walk, (span){text.data, size});
        } else {
            const char *end = memchr(text.data, '}', text.size);
            if (end == NULL) {
                mimic__schema_finding(&walk->reader->base, walk->json,
                                      "a \"{\" without its \"}\"; a brace itself is written twice: {{");
                return;
            }
            size = (size_t)(end - text.data) + 1;
            add_column(walk, part_of(text, 1, size - 1));
        }
        text.data += size;
        text.size -= size;
    }
}

static bool has_control(const mimic_json *text)
{
    for (size_t i = 0; i < text->text_size; i++)
        if ((unsigned char)text->text[i] < 0x20 || text->text[i] == 0x7f)
            return true;
    return false;
}

mimic_map_template mimic__map_template(mimic_map_reader *reader, const mimic_map_scope *scope,
                                       const mimic_json *text, bool is_parent)
{
    mimic_schema_reader *base = &reader->base;
    if (text == NULL)
        return (mimic_map_template){0};
    if (text->kind != MIMIC_JSON_STRING) {
        mimic__schema_finding(base, text, "a code must be a string, not %s",
                              mimic__json_kind_name(text->kind));
        return (mimic_map_template){0};
    }
    if (text->text_size == 0)
        mimic__schema_finding(base, text, "an empty code");
    if (text->text_size > MIMIC_MAP_MAX_CODE)
        mimic__schema_finding(base, text, "a code of %zu bytes; at most %d are possible",
                              text->text_size, MIMIC_MAP_MAX_CODE);
    if (has_control(text))
        mimic__schema_finding(base, text, "a control character in a code");
    if (text->text_size == 0 || text->text_size > MIMIC_MAP_MAX_CODE)
        return (mimic_map_template){0};
    template_walk walk = {reader, scope, text, is_parent, NULL, 0};
    size_t most = 1; /* a literal, and for each column one more behind it */
    for (size_t i = 0; i < text->text_size; i++)
        most += text->text[i] == '{' ? 2 : 0;
    walk.parts = mimic__schema_array(base, most, sizeof *walk.parts);
    if (walk.parts != NULL)
        walk_template(&walk, (span){text->text, text->text_size});
    return (mimic_map_template){walk.parts, walk.count};
}

/* ---- times ---- */

typedef struct term_walk {
    mimic_map_reader *reader;
    const mimic_map_scope *scope;
    const mimic_json *json;
    bool by_own_id;
} term_walk;

static int64_t need_column(const term_walk *walk, span name)
{
    return mimic__map_column_named(walk->reader, walk->scope->table->table, walk->json, name.data,
                                   name.size);
}

static void read_year(const term_walk *walk, span inside, mimic_event_time *time)
{
    const mimic_table *table = walk->scope->table->table;
    const bool is_whole = mimic__map_find_column(table, inside.data, inside.size) >= 0;
    const char *minus = is_whole ? NULL : memchr(inside.data, '-', inside.size);
    const size_t first = minus == NULL ? inside.size : (size_t)(minus - inside.data);
    time->source = TIME_YEAR;
    time->column = need_column(walk, part_of(inside, 0, first));
    if (minus != NULL)
        time->minus = need_column(walk, part_of(inside, first + 1, inside.size));
    const int64_t columns[] = {time->column, time->minus};
    for (size_t i = 0; i < 2; i++)
        if (columns[i] >= 0 && !mimic__map_is_integer(table, columns[i]))
            mimic__schema_finding(&walk->reader->base, walk->json,
                                  "column \"%s\" is a %s; a year is made of whole numbers",
                                  table->fields[columns[i]].name,
                                  mimic__map_type_name(table, columns[i]));
}

/* Can the row name its own admission or stay? */
static bool has_own(const term_walk *walk, mimic_event_group group)
{
    const mimic_event_table *table = walk->scope->table;
    if (group == GROUP_SUBJECT)
        return true;
    const bool has_id = (group == GROUP_ADMISSION ? table->admission : table->stay) >= 0;
    const bool fills = group == GROUP_ADMISSION ? table->fills_admission : table->fills_stay;
    return has_id || (fills && !walk->by_own_id);
}

static void read_slot(const term_walk *walk, const mimic_map_context *context, span column,
                      mimic_event_time *time)
{
    const bool is_row = time->group == GROUP_ROW;
    const int64_t wanted = mimic__map_column_named(walk->reader, context->table, walk->json,
                                                   column.data, column.size);
    int slot = 0;
    while (slot < SLOT_COUNT && (wanted < 0 || context->times[slot] != wanted))
        slot++;
    time->slot = (mimic_event_slot)slot;
    if (wanted >= 0 && slot == SLOT_COUNT)
        mimic__schema_finding(&walk->reader->base, walk->json,
                              "\"%s\" is none of %s \"%s\"; others cannot be joined with",
                              context->table->fields[wanted].name,
                              is_row ? "the \"columns\" of the \"join\" with"
                                     : "\"start\", \"end\" and \"extra\" of the context of",
                              is_row ? context->table->name : mimic__map_group_name(time->group));
}

/* "emar.charttime", of the row that the table is joined with; false when the text is no such thing. */
static bool read_row_join(const term_walk *walk, span text, mimic_event_time *time)
{
    const mimic_map_context *const join = &walk->reader->join;
    const char *dot = memchr(text.data, '.', text.size);
    const size_t size = dot == NULL ? 0 : (size_t)(dot - text.data);
    if (dot == NULL || join->table == NULL || time->source != TIME_JOIN ||
        !is_word(part_of(text, 0, size), join->table->name))
        return false;
    time->group = GROUP_ROW;
    read_slot(walk, join, part_of(text, size + 1, text.size), time);
    return true;
}

/* "admission.dischtime"; false when the text is no such thing. */
static bool read_join(const term_walk *walk, span text, mimic_event_time *time)
{
    const char *dot = memchr(text.data, '.', text.size);
    const size_t size = dot == NULL ? 0 : (size_t)(dot - text.data);
    int group = 0;
    while (group < GROUP_COUNT &&
           !is_word(part_of(text, 0, size), mimic__map_group_name((mimic_event_group)group)))
        group++;
    if (dot == NULL || group == GROUP_COUNT)
        return false;
    const mimic_map_context *context = &walk->reader->contexts[group];
    time->group = (mimic_event_group)group;
    if (context->table == NULL) {
        mimic__schema_finding(&walk->reader->base, walk->json,
                              "the map has no \"context\" of \"%s\" to join with",
                              mimic__map_group_name(time->group));
        return true;
    }
    read_slot(walk, context, part_of(text, size + 1, text.size), time);
    if (time->source == TIME_JOIN && !has_own(walk, time->group)) {
        const char *name = mimic__map_group_name(time->group);
        mimic__schema_finding(&walk->reader->base, walk->json,
                              "a row must name its %s for that: give the table's \"%s\"%s, or take "
                              "\"earliest(…)\" of all that the subject has", name, name,
                              walk->by_own_id ? "" : " or \"fill\" it in by time");
    }
    return true;
}

static mimic_event_time read_term(const term_walk *walk, span text)
{
    mimic_event_time time = {.source = TIME_COLUMN, .column = MIMIC_EVENT_NO_COLUMN,
                             .minus = MIMIC_EVENT_NO_COLUMN};
    const mimic_table *table = walk->scope->table->table;
    span inside;
    time.column = mimic__map_find_column(table, text.data, text.size);
    if (time.column < 0 && inside_call(text, "year", &inside)) {
        read_year(walk, inside, &time);
        return time;
    }
    time.source = TIME_EARLIEST;
    if (time.column < 0 && inside_call(text, "earliest", &inside)) {
        if (!read_join(walk, inside, &time))
            mimic__schema_finding(&walk->reader->base, walk->json,
                                  "\"earliest\" takes a time of the context: "
                                  "\"earliest(admission.deathtime)\"");
        return time;
    }
    time.source = TIME_JOIN;
    if (time.column < 0 && (read_row_join(walk, text, &time) || read_join(walk, text, &time)))
        return time;
    time.source = TIME_COLUMN;
    if (time.column < 0)
        time.column = need_column(walk, text);
    if (time.column >= 0 && !mimic__map_is_time(table, time.column))
        mimic__schema_finding(&walk->reader->base, walk->json,
                              "column \"%s\" is a %s; a time must be a date or timestamp",
                              table->fields[time.column].name,
                              mimic__map_type_name(table, time.column));
    return time;
}

mimic_event_times mimic__map_times(mimic_map_reader *reader, const mimic_map_scope *scope,
                                   const mimic_json *value, bool by_own_id)
{
    mimic_event_times times = {0};
    const bool is_list = value->kind == MIMIC_JSON_ARRAY;
    const size_t count = is_list ? value->child_count : 1;
    if (count == 0 || count > MIMIC_MAP_MAX_WAYS) {
        mimic__schema_finding(&reader->base, value, "a list of %zu ways to a time; there must be 1 "
                              "to %d", count, MIMIC_MAP_MAX_WAYS);
        return times;
    }
    mimic_event_time *ways = mimic__schema_array(&reader->base, count, sizeof *ways);
    if (ways == NULL)
        return times;
    for (const mimic_json *term = is_list ? value->first : value; term != NULL;
         term = is_list ? term->next : NULL) {
        if (term->kind != MIMIC_JSON_STRING) {
            mimic__schema_finding(&reader->base, term, "a time must be a string%s, not %s",
                                  is_list ? "" : " or a list of them",
                                  mimic__json_kind_name(term->kind));
            continue;
        }
        const term_walk walk = {reader, scope, term, by_own_id};
        const mimic_event_time time = read_term(&walk, trim((span){term->text, term->text_size}));
        times.is_late |= time.source == TIME_JOIN || time.source == TIME_EARLIEST;
        ways[times.count++] = time;
    }
    times.ways = ways;
    return times;
}
