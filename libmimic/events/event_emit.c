/*
 * Emitters: the events of a table of the map, resolved to slots, moments and steps over the columns
 * that the file has. See event_emit_plan.h.
 */
#include "events/event_emit.h"

#include <string.h>

#include "base/error.h"
#include "events/event_emit_plan.h"

#define CACHE_ENTRIES 131072u

static const char *const DEFAULT_FORMATS[] = {"default"};

static bool is_moment_type(mimic_type type)
{
    return type == MIMIC_TYPE_DATE || type == MIMIC_TYPE_TIMESTAMP ||
           type == MIMIC_TYPE_TIMESTAMPTZ;
}

static bool is_integer(mimic_type type)
{
    return type == MIMIC_TYPE_INT16 || type == MIMIC_TYPE_INT32 || type == MIMIC_TYPE_INT64;
}

/* ---- what is needed of the table ---- */

static bool is_there(const mimic_emit_setup *setup, const char *name)
{
    if (setup->columns_there == NULL)
        return true;
    for (size_t i = 0; i < setup->columns_there_count; i++)
        if (mimic__name_equals(setup->columns_there[i], name))
            return true;
    return false;
}

static void need_times(bool *needed, const mimic_event_times *times)
{
    for (size_t i = 0; i < times->count; i++) {
        const mimic_event_time *const way = &times->ways[i];
        if (way->source == TIME_COLUMN || way->source == TIME_YEAR)
            needed[way->column] = true;
        if (way->source == TIME_YEAR && way->minus != MIMIC_EVENT_NO_COLUMN)
            needed[way->minus] = true;
    }
}

static void need_column(bool *needed, int64_t column)
{
    if (column != MIMIC_EVENT_NO_COLUMN)
        needed[column] = true;
}

static void need_kind(bool *needed, const mimic_event_kind *kind)
{
    need_times(needed, &kind->time);
    need_times(needed, &kind->available);
    need_column(needed, kind->value);
    need_column(needed, kind->text);
    need_column(needed, kind->unit);
    for (size_t i = 0; i < kind->code_count; i++)
        need_column(needed, kind->code[i].column);
    for (size_t i = 0; i < kind->property_count; i++)
        need_column(needed, kind->properties[i]);
    for (size_t i = 0; i < kind->condition_count; i++)
        need_column(needed, kind->conditions[i].column);
    for (size_t i = 0; i < kind->key_count; i++)
        need_column(needed, kind->key_columns[i]);
}

static void need_all(bool *needed, const mimic_event_table *table)
{
    need_column(needed, table->subject);
    need_column(needed, table->admission);
    need_column(needed, table->stay);
    if (table->joined != NULL || table->context == GROUP_ROW)
        need_column(needed, table->row_id);
    need_times(needed, &table->anchor);
    for (size_t i = 0; i < SLOT_COUNT && table->context >= 0; i++)
        need_column(needed, table->context_times[i]);
    for (size_t i = 0; i < table->kind_count; i++)
        need_kind(needed, table->kinds[i]);
}

/* ---- the table of the reader, and columns ---- */

/* A field without constraints; a time is a text where it is to be judged here. */
static void relax_field(mimic_field *field, const mimic_emit_setup *setup)
{
    field->is_required = false;
    field->is_unique = false;
    field->min_length = -1;
    field->max_length = -1;
    field->minimum = NULL;
    field->maximum = NULL;
    field->exclusive_minimum = NULL;
    field->exclusive_maximum = NULL;
    field->pattern = NULL;
    field->enum_values = NULL;
    field->enum_count = 0;
    if (!is_moment_type(field->type))
        return;
    field->on_error = MIMIC_ON_ERROR_REJECT;
    if (setup->bad_times == MIMIC_POLICY_REJECT)
        return;
    field->type = MIMIC_TYPE_STRING;
    field->schema_type = "string";
    field->formats = DEFAULT_FORMATS;
    field->format_count = 1;
}

static bool make_table(mimic_emitter *emitter)
{
    const mimic_table *const source = emitter->setup.table->table;
    mimic_field *const fields =
        mimic__arena_array(&emitter->arena, source->field_count, sizeof *fields);
    if (fields == NULL)
        return false;
    for (size_t i = 0; i < source->field_count; i++) {
        fields[i] = source->fields[i];
        relax_field(&fields[i], &emitter->setup);
    }
    emitter->table = *source;
    emitter->table.fields = fields;
    emitter->table.primary_key_count = 0;
    emitter->table.unique_key_count = 0;
    emitter->table.foreign_key_count = 0;
    emitter->table.order_key_count = 0;
    emitter->table.span_count = 0;
    return true;
}

static mimic_status compile_formats(mimic_emitter *emitter, emit_column *column, mimic_error *err)
{
    const mimic_field *const field = column->field;
    mimic_time_format *const formats =
        mimic__arena_array(&emitter->arena, field->format_count, sizeof *formats);
    if (formats == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < field->format_count; i++) {
        const char *const why =
            mimic__time_format_compile(field->formats[i], field->type, &formats[i]);
        if (why != NULL)
            return mimic__fail(err, MIMIC_ERR_SCHEMA, "%s.%s: format \"%s\" %s",
                               emitter->table.name, field->name, field->formats[i], why);
    }
    column->formats = formats;
    column->format_count = field->format_count;
    return MIMIC_OK;
}

static mimic_status make_columns(mimic_emitter *emitter, const bool *needed, mimic_error *err)
{
    const mimic_table *const source = emitter->setup.table->table;
    mimic_arena *const arena = &emitter->arena;
    emitter->columns = mimic__arena_array(arena, source->field_count, sizeof *emitter->columns);
    emitter->names = mimic__arena_array(arena, source->field_count, sizeof *emitter->names);
    emitter->column_of = mimic__arena_array(arena, source->field_count, sizeof(size_t));
    emitter->slot_of = mimic__arena_array(arena, source->field_count * FORM_COUNT, sizeof(size_t));
    emitter->slots = mimic__arena_array(arena, source->field_count * FORM_COUNT, sizeof(emit_slot));
    if (emitter->columns == NULL || emitter->names == NULL || emitter->column_of == NULL ||
        emitter->slot_of == NULL || emitter->slots == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < source->field_count * FORM_COUNT; i++)
        emitter->slot_of[i] = EMIT_NO_SLOT;
    for (size_t i = 0; i < source->field_count; i++) {
        emitter->column_of[i] = EMIT_NO_SLOT;
        if (!needed[i])
            continue;
        const mimic_field *const field = &source->fields[i];
        emitter->column_of[i] = emitter->column_count;
        emit_column *const column = &emitter->columns[emitter->column_count++];
        *column = (emit_column){.field = field, .index = -1, .type = field->type};
        column->is_time_text = emitter->table.fields[i].type != field->type;
        if (field->type == MIMIC_TYPE_BINARY)
            return mimic__fail(err, MIMIC_ERR_SCHEMA, "%s.%s: events are not made of binary columns",
                               source->name, field->name);
        if (column->is_time_text)
            MIMIC_TRY(compile_formats(emitter, column, err));
        if (!is_there(&emitter->setup, field->name))
            continue;
        column->index = (int64_t)emitter->read_count;
        emitter->names[emitter->read_count++] = field->name;
    }
    for (size_t i = 0; i < emitter->setup.table->kind_count; i++)
        if (emitter->setup.table->kinds[i]->unit != MIMIC_EVENT_NO_COLUMN)
            emitter->columns[emitter->column_of[emitter->setup.table->kinds[i]->unit]].is_unit =
                true;
    return MIMIC_OK;
}

/* ---- slots and moments ---- */

static bool form_takes(emit_form form, mimic_type type)
{
    switch (form) {
    case FORM_TIME:
        return is_moment_type(type);
    case FORM_ID:
        return is_integer(type) || type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL;
    case FORM_INTEGER:
        return is_integer(type) || is_moment_type(type);
    default:
        return true;
    }
}

/* The slot of a field in a form. */
static mimic_status find_slot(mimic_emitter *emitter, int64_t field, emit_form form,
                              size_t *out_slot, mimic_error *err)
{
    static const char *const WANTED[] = {"a date or time", "an integer or a text",
                                         "an integer or a date", "a text"};
    *out_slot = EMIT_NO_SLOT;
    if (field == MIMIC_EVENT_NO_COLUMN)
        return MIMIC_OK;
    const size_t column = emitter->column_of[field];
    size_t *const slot = &emitter->slot_of[column * FORM_COUNT + (size_t)form];
    if (!form_takes(form, emitter->columns[column].type))
        return mimic__fail(err, MIMIC_ERR_SCHEMA, "%s.%s is %s, where an event wants %s",
                           emitter->table.name, emitter->columns[column].field->name,
                           mimic_type_name(emitter->columns[column].type), WANTED[form]);
    if (*slot == EMIT_NO_SLOT) {
        *slot = emitter->slot_count;
        emitter->slots[emitter->slot_count++] = (emit_slot){column, form};
    }
    *out_slot = *slot;
    return MIMIC_OK;
}

static bool is_same_moment(const emit_moment *a, const emit_moment *b)
{
    bool is_same = a->way_count == b->way_count;
    for (size_t i = 0; is_same && i < a->way_count; i++)
        is_same = a->ways[i].slot == b->ways[i].slot && a->ways[i].minus == b->ways[i].minus &&
                  a->ways[i].is_year == b->ways[i].is_year;
    return is_same;
}

static size_t add_moment(mimic_emitter *emitter, const emit_moment *moment)
{
    for (size_t i = 0; i < emitter->moment_count; i++)
        if (is_same_moment(&emitter->moments[i], moment))
            return i;
    emitter->moments[emitter->moment_count] = *moment;
    return emitter->moment_count++;
}

/* The moment of the row's own ways; joins are left to the assembly. */
static mimic_status find_moment(mimic_emitter *emitter, const mimic_event_times *times,
                                size_t *out_moment, mimic_error *err)
{
    emit_moment moment = {.ways = mimic__arena_array(&emitter->arena, times->count + 1,
                                                     sizeof *moment.ways)};
    if (moment.ways == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < times->count; i++) {
        const mimic_event_time *const source = &times->ways[i];
        if (source->source != TIME_COLUMN && source->source != TIME_YEAR)
            continue;
        emit_way *const way = &moment.ways[moment.way_count++];
        way->is_year = source->source == TIME_YEAR;
        way->minus = EMIT_NO_SLOT;
        MIMIC_TRY(find_slot(emitter, source->column, way->is_year ? FORM_INTEGER : FORM_TIME,
                            &way->slot, err));
        if (way->is_year)
            MIMIC_TRY(find_slot(emitter, source->minus, FORM_INTEGER, &way->minus, err));
        moment.may_be_bad |= way->is_year ||
                             emitter->columns[emitter->column_of[source->column]].is_time_text;
    }
    moment.is_slot = moment.way_count == 1 && !moment.may_be_bad;
    *out_moment = add_moment(emitter, &moment);
    return MIMIC_OK;
}

/* That of one column. */
static mimic_status find_column_moment(mimic_emitter *emitter, int64_t field, size_t *out_moment,
                                       mimic_error *err)
{
    const mimic_event_time way = {
        .source = TIME_COLUMN, .column = field, .minus = MIMIC_EVENT_NO_COLUMN};
    const mimic_event_times times = {&way, 1, false};
    *out_moment = EMIT_NO_SLOT;
    return field == MIMIC_EVENT_NO_COLUMN ? MIMIC_OK : find_moment(emitter, &times, out_moment, err);
}

/* ---- kinds ---- */

static mimic_status make_conditions(mimic_emitter *emitter, emit_kind *kind, mimic_error *err)
{
    const mimic_event_kind *const source = kind->source;
    kind->conditions =
        mimic__arena_array(&emitter->arena, source->condition_count, sizeof *kind->conditions);
    if (kind->conditions == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < source->condition_count; i++) {
        const mimic_event_condition *const from = &source->conditions[i];
        emit_condition *const condition = &kind->conditions[i];
        condition->source = from;
        condition->column = emitter->column_of[from->column];
        kind->condition_count++; /* its texts are to be freed from now on */
        bool is_made = true;
        if (is_integer(emitter->columns[condition->column].type)) {
            int64_t *const values =
                mimic__arena_array(&emitter->arena, from->value_count + 1, sizeof *values);
            size_t count = 0;
            for (size_t v = 0; values != NULL && v < from->value_count; v++)
                count += mimic_coerce_int64(from->values[v], strlen(from->values[v]),
                                            &values[count]) == 0;
            is_made = values != NULL && mimic__integer_set_make(&condition->integers,
                                                                &emitter->arena, values, count);
        } else {
            is_made = mimic__text_set_make(&condition->texts, emitter->ctx, from->values,
                                           from->value_count);
        }
        if (!is_made)
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}

/* The fields that make a code and its origin, each once. */
static size_t list_fields(const mimic_event_kind *kind, int64_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < kind->code_count + kind->key_count; i++) {
        const int64_t field =
            i < kind->code_count ? kind->code[i].column : kind->key_columns[i - kind->code_count];
        bool is_new = field != MIMIC_EVENT_NO_COLUMN;
        for (size_t j = 0; j < count; j++)
            is_new &= out[j] != field;
        if (is_new)
            out[count++] = field;
    }
    return count;
}

static emit_step *add_step(mimic_emitter *emitter, emit_kind *kind)
{
    emit_step *const step = &kind->steps[kind->step_count++];
    *step = (emit_step){EMIT_NO_SLOT, EMIT_NO_SLOT,
                        EMIT_TAG_STEP << EMIT_TAG_SHIFT | (uint64_t)emitter->step_count++ << 32};
    return step;
}

static mimic_status make_steps(mimic_emitter *emitter, emit_kind *kind, mimic_error *err)
{
    const mimic_event_kind *const source = kind->source;
    const size_t most = source->code_count + source->key_count + 1;
    int64_t *const fields = mimic__arena_array(&emitter->arena, most, sizeof *fields);
    kind->steps = mimic__arena_array(&emitter->arena, most, sizeof *kind->steps);
    if (fields == NULL || kind->steps == NULL)
        return mimic__fail_memory(err);
    if (emitter->step_count + most > EMIT_STEPS_MAX)
        return MIMIC_OK;
    const size_t count = list_fields(source, fields);
    emit_step *step = add_step(emitter, kind);
    bool is_first = true;
    for (size_t i = 0; i < count; i++) {
        const emit_column *const column = &emitter->columns[emitter->column_of[fields[i]]];
        const bool is_wide = is_integer(column->type);
        if (is_wide ? step->wide != EMIT_NO_SLOT || (!is_first && step->number != EMIT_NO_SLOT)
                    : step->number != EMIT_NO_SLOT || (!is_first && step->wide != EMIT_NO_SLOT)) {
            step = add_step(emitter, kind);
            is_first = false;
        }
        MIMIC_TRY(find_slot(emitter, fields[i], is_wide ? FORM_INTEGER : FORM_NUMBER,
                            is_wide ? &step->wide : &step->number, err));
    }
    return MIMIC_OK;
}

static mimic_status make_properties(mimic_emitter *emitter, emit_kind *kind, mimic_error *err)
{
    const mimic_event_kind *const source = kind->source;
    kind->properties =
        mimic__arena_array(&emitter->arena, source->property_count, sizeof *kind->properties);
    mimic_buffer head;
    mimic__buffer_init(&head, emitter->ctx);
    bool is_made = kind->properties != NULL;
    for (size_t i = 0; is_made && i < source->property_count; i++) {
        emit_property *const property = &kind->properties[kind->property_count++];
        property->column = emitter->column_of[source->properties[i]];
        emitter->columns[property->column].is_property = true;
        const char *const name = emitter->columns[property->column].field->name;
        head.size = 0;
        mimic__buffer_byte(&head, ',');
        mimic__emit_json_string(&head, name, strlen(name));
        mimic__buffer_byte(&head, ':');
        char *const copy = head.failed ? NULL
                                       : mimic__arena_alloc(&emitter->arena, head.size + EMIT_SPARE);
        is_made = copy != NULL;
        if (is_made)
            memcpy(copy, head.data, head.size);
        property->head = copy;
        property->head_size = head.size;
    }
    mimic__buffer_free(&head);
    return is_made ? MIMIC_OK : mimic__fail_memory(err);
}

static mimic_status add_bad_field(mimic_emitter *emitter, emit_kind *kind, int64_t field,
                                  mimic_error *err)
{
    if (field == MIMIC_EVENT_NO_COLUMN ||
        !emitter->columns[emitter->column_of[field]].is_time_text)
        return MIMIC_OK;
    return find_column_moment(emitter, field, &kind->bad_moments[kind->bad_moment_count++], err);
}

/* What may be bad of an event: its times, and times that stand in it in another way. */
static mimic_status make_bad_moments(mimic_emitter *emitter, emit_kind *kind, mimic_error *err)
{
    const mimic_event_kind *const source = kind->source;
    const size_t moments[] = {kind->time, kind->available, kind->anchor};
    kind->bad_moments = mimic__arena_array(
        &emitter->arena, 4 + source->code_count + source->property_count, sizeof(size_t));
    if (kind->bad_moments == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < 3; i++)
        if (moments[i] != EMIT_NO_SLOT && emitter->moments[moments[i]].may_be_bad)
            kind->bad_moments[kind->bad_moment_count++] = moments[i];
    MIMIC_TRY(add_bad_field(emitter, kind, source->text, err));
    for (size_t i = 0; i < source->code_count; i++)
        MIMIC_TRY(add_bad_field(emitter, kind, source->code[i].column, err));
    for (size_t i = 0; i < source->property_count; i++)
        MIMIC_TRY(add_bad_field(emitter, kind, source->properties[i], err));
    return MIMIC_OK;
}

static mimic_status check_value(const mimic_emitter *emitter, size_t value, mimic_error *err)
{
    if (value == EMIT_NO_SLOT)
        return MIMIC_OK;
    const emit_column *const column = &emitter->columns[value];
    if (is_integer(column->type) || column->type == MIMIC_TYPE_FLOAT32 ||
        column->type == MIMIC_TYPE_FLOAT64 || column->type == MIMIC_TYPE_DECIMAL ||
        column->type == MIMIC_TYPE_BOOLEAN || column->type == MIMIC_TYPE_STRING ||
        column->type == MIMIC_TYPE_CATEGORICAL)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_SCHEMA, "%s.%s is %s, where an event wants a number",
                       emitter->table.name, column->field->name, mimic_type_name(column->type));
}

static mimic_status make_unit(mimic_emitter *emitter, emit_kind *kind, mimic_error *err)
{
    const char *const text = kind->source->unit_text;
    kind->unit_number = MIMIC_EVENT_NO_TEXT;
    kind->unit = EMIT_NO_SLOT;
    if (text != NULL)
        return mimic__event_codes_add(emitter->setup.into_units, text, strlen(text), NULL,
                                      &kind->unit_number, err);
    return find_slot(emitter, kind->source->unit, FORM_NUMBER, &kind->unit, err);
}

static size_t column_of(const mimic_emitter *emitter, int64_t field)
{
    return field == MIMIC_EVENT_NO_COLUMN ? EMIT_NO_SLOT : emitter->column_of[field];
}

static mimic_status make_kind(mimic_emitter *emitter, emit_kind *kind, mimic_error *err)
{
    const mimic_event_kind *const source = kind->source;
    const mimic_event_times *const anchor = &emitter->setup.table->anchor;
    kind->is_static = source->time.count == 0;
    kind->is_late = source->time.is_late;
    kind->time = kind->available = kind->anchor = EMIT_NO_SLOT;
    if (source->time.count > 0)
        MIMIC_TRY(find_moment(emitter, &source->time, &kind->time, err));
    kind->available = kind->anchor = kind->time;
    if (source->available.count > 0)
        MIMIC_TRY(find_moment(emitter, &source->available, &kind->available, err));
    if (anchor->count > 0)
        MIMIC_TRY(find_moment(emitter, anchor, &kind->anchor, err));
    kind->value = column_of(emitter, source->value);
    kind->text = column_of(emitter, source->text);
    emitter->has_links |= source->link != LINK_NONE;
    MIMIC_TRY(check_value(emitter, kind->value, err));
    MIMIC_TRY(make_unit(emitter, kind, err));
    MIMIC_TRY(make_conditions(emitter, kind, err));
    MIMIC_TRY(make_steps(emitter, kind, err));
    MIMIC_TRY(make_properties(emitter, kind, err));
    return make_bad_moments(emitter, kind, err);
}

/* ---- the whole ---- */

/* As many as there can be. */
static size_t count_moments(const mimic_event_table *table)
{
    size_t count = 1 + SLOT_COUNT;
    for (size_t i = 0; i < table->kind_count; i++)
        count += 3 + table->kinds[i]->code_count + table->kinds[i]->property_count;
    return count;
}

static mimic_status make_kinds(mimic_emitter *emitter, mimic_error *err)
{
    const mimic_event_table *const table = emitter->setup.table;
    emitter->moments =
        mimic__arena_array(&emitter->arena, count_moments(table), sizeof *emitter->moments);
    emitter->kinds = mimic__arena_array(&emitter->arena, table->kind_count, sizeof *emitter->kinds);
    if (emitter->moments == NULL || emitter->kinds == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < table->kind_count; i++) {
        emit_kind *const kind = &emitter->kinds[emitter->kind_count++];
        kind->source = table->kinds[i];
        MIMIC_TRY(make_kind(emitter, kind, err));
    }
    for (size_t i = 0; i < SLOT_COUNT && table->context >= 0; i++)
        MIMIC_TRY(find_column_moment(emitter, table->context_times[i], &emitter->context_times[i],
                                     err));
    return MIMIC_OK;
}

static mimic_status make_emitter(mimic_emitter *emitter, mimic_error *err)
{
    const mimic_event_table *const table = emitter->setup.table;
    bool *const needed =
        mimic__arena_array(&emitter->arena, table->table->field_count, sizeof *needed);
    if (needed == NULL || !make_table(emitter))
        return mimic__fail_memory(err);
    need_all(needed, table);
    MIMIC_TRY(make_columns(emitter, needed, err));
    if (emitter->columns[emitter->column_of[table->subject]].index < 0)
        return mimic__fail(err, MIMIC_ERR_DRIFT,
                           "%s: the file has no column %s, which says whose events these are",
                           table->table->name, table->table->fields[table->subject].name);
    MIMIC_TRY(find_slot(emitter, table->subject, FORM_ID, &emitter->subject, err));
    MIMIC_TRY(find_slot(emitter, table->admission, FORM_ID, &emitter->admission, err));
    MIMIC_TRY(find_slot(emitter, table->stay, FORM_ID, &emitter->stay, err));
    emitter->row_id = EMIT_NO_SLOT;
    if (table->joined != NULL || table->context == GROUP_ROW)
        MIMIC_TRY(find_slot(emitter, table->row_id, FORM_ID, &emitter->row_id, err));
    MIMIC_TRY(make_kinds(emitter, err));
    if (!mimic__emit_filter_make(emitter))
        return mimic__fail_memory(err);
    if (emitter->setup.is_plain)
        return MIMIC_OK;
    emitter->cache = mimic__emit_cache_new(emitter->ctx, CACHE_ENTRIES);
    return emitter->cache == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic__emitter_new(const mimic_context *ctx, const mimic_emit_setup *setup,
                                mimic_emitter **out_emitter, mimic_error *err)
{
    mimic_emitter *const emitter = mimic__alloc_zeroed(ctx, 1, sizeof *emitter);
    *out_emitter = NULL;
    if (emitter == NULL)
        return mimic__fail_memory(err);
    emitter->ctx = ctx;
    emitter->setup = *setup;
    if (setup->bad_times == MIMIC_POLICY_DEFAULT)
        emitter->setup.bad_times = MIMIC_POLICY_REJECT;
    if (setup->reversed == MIMIC_POLICY_DEFAULT)
        emitter->setup.reversed = MIMIC_POLICY_MARK;
    mimic__arena_init(&emitter->arena, ctx);
    const mimic_status status = make_emitter(emitter, err);
    if (status != MIMIC_OK) {
        mimic__emitter_free(emitter);
        return status;
    }
    *out_emitter = emitter;
    return MIMIC_OK;
}

void mimic__emitter_free(mimic_emitter *emitter)
{
    if (emitter == NULL)
        return;
    for (size_t k = 0; k < emitter->kind_count; k++)
        for (size_t i = 0; i < emitter->kinds[k].condition_count; i++)
            mimic__text_set_free(&emitter->kinds[k].conditions[i].texts);
    mimic__emit_cache_free(emitter->cache);
    mimic__arena_free(&emitter->arena);
    mimic__free(emitter->ctx, emitter);
}

const mimic_table *mimic__emitter_table(const mimic_emitter *emitter)
{
    return &emitter->table;
}

const char *const *mimic__emitter_columns(const mimic_emitter *emitter, size_t *out_count)
{
    *out_count = emitter->read_count;
    return emitter->names;
}

const mimic_csv_filter *mimic__emitter_filters(const mimic_emitter *emitter, size_t *out_count)
{
    *out_count = emitter->filter_count;
    return &emitter->filter;
}

bool mimic__emitter_is_needed(const mimic_emitter *emitter)
{
    return emitter->is_needed;
}
