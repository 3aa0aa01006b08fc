/*
 * Patterns of codes: which codes fit, and what they say about an integer column before its rows are
 * read. "LAB//220045*" is no help there (220045 and 2200450 fit), "LAB//220045//bpm" leaves one value.
 */
#include <string.h>

#include <mimic/coerce.h>

#include "events/event_emit_plan.h"

bool mimic__code_fits(const char *pattern, const char *text, size_t size)
{
    const char *star = NULL; /* the last one, to which what follows may go back */
    size_t again = 0;
    size_t i = 0;
    while (i < size) {
        if (*pattern == '*') {
            star = pattern++;
            again = i;
        } else if (*pattern != '\0' && *pattern == text[i]) {
            pattern++;
            i++;
        } else if (star != NULL) {
            pattern = star + 1;
            i = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool mimic__emit_code_fits(const mimic_emit_setup *setup, const char *code, size_t size)
{
    if (setup->codes == NULL)
        return true;
    for (size_t i = 0; i < setup->code_count; i++)
        if (mimic__code_fits(setup->codes[i], code, size))
            return true;
    return false;
}

/* ---- filters ---- */

typedef enum fit {
    FIT_NEVER,
    FIT_VALUE, /* only codes with one value of the first column */
    FIT_MAYBE
} fit;

static bool is_integer(mimic_type type)
{
    return type == MIMIC_TYPE_INT16 || type == MIMIC_TYPE_INT32 || type == MIMIC_TYPE_INT64;
}

/* An integer just as it stands in codes. */
static bool read_canonical(const char *text, size_t size, int64_t *out)
{
    const size_t sign = text[0] == '-';
    if (text[sign] == '0' && (size > 1 || sign != 0))
        return false;
    return mimic_coerce_int64(text, size, out) == 0;
}

/*
 * `rest`: what a pattern has from the first column on, an integer; `next` the parts behind that column.
 */
static fit fit_integer(const char *rest, const mimic_code_part *next, size_t next_count,
                       int64_t *out_value)
{
    const size_t plain = strcspn(rest, "*");
    const bool has_star = rest[plain] == '*';
    const size_t common = plain < 3 ? plain : 3;
    if (memcmp(rest, "UNK", common) == 0 && (has_star || plain >= 3))
        return FIT_MAYBE; /* NULL */
    const size_t sign = rest[0] == '-';
    const size_t size = sign + strspn(rest + sign, "0123456789");
    if (size == plain && has_star)
        return FIT_MAYBE; /* begins with these digits */
    if (size == sign || !read_canonical(rest, size, out_value))
        return FIT_NEVER;
    if (next_count == 0)
        return size == plain ? FIT_VALUE : FIT_NEVER;
    if (next[0].column != MIMIC_EVENT_NO_COLUMN || next[0].literal_size == 0 ||
        (next[0].literal[0] >= '0' && next[0].literal[0] <= '9'))
        return FIT_MAYBE; /* where the number ends cannot be told */
    const size_t left = plain - size;
    const size_t compared = left < next[0].literal_size ? left : next[0].literal_size;
    if (memcmp(rest + size, next[0].literal, compared) != 0 ||
        (compared < next[0].literal_size && !has_star))
        return FIT_NEVER;
    return FIT_VALUE;
}

static fit fit_of(const mimic_emitter *emitter, const mimic_event_kind *kind, const char *pattern,
                  int64_t *out_value)
{
    for (size_t i = 0; i < kind->code_count; i++) {
        const mimic_code_part *const part = &kind->code[i];
        if (part->column != MIMIC_EVENT_NO_COLUMN) {
            const emit_column *const column = &emitter->columns[emitter->column_of[part->column]];
            return is_integer(column->type)
                       ? fit_integer(pattern, part + 1, kind->code_count - i - 1, out_value)
                       : FIT_MAYBE;
        }
        for (size_t b = 0; b < part->literal_size; b++, pattern++) {
            if (*pattern == '*')
                return FIT_MAYBE;
            if (*pattern != part->literal[b])
                return FIT_NEVER;
        }
    }
    return mimic__code_fits(pattern, "", 0) ? FIT_MAYBE : FIT_NEVER;
}

/* The field of the first column of a code; NO_COLUMN when it has none. */
static int64_t first_column(const mimic_event_kind *kind)
{
    for (size_t i = 0; i < kind->code_count; i++)
        if (kind->code[i].column != MIMIC_EVENT_NO_COLUMN)
            return kind->code[i].column;
    return MIMIC_EVENT_NO_COLUMN;
}

/* Could a code of this kind fit, by how it begins? */
static bool may_begin(const mimic_event_kind *kind, const char *pattern)
{
    const mimic_code_part *const first = &kind->code[0];
    if (kind->code_count == 0 || first->column != MIMIC_EVENT_NO_COLUMN)
        return true;
    for (size_t i = 0; i < first->literal_size && pattern[i] != '*'; i++)
        if (pattern[i] != first->literal[i])
            return false;
    return true;
}

/* Rows that others look for are needed when one of those may give an event that is asked for; without
 * codes they are read for the others' sake. */
static bool is_looked_for(const mimic_emit_setup *setup)
{
    if (setup->code_count == 0)
        return true;
    for (size_t t = 0; t < setup->map->table_count; t++) {
        const mimic_event_table *const table = &setup->map->tables[t];
        for (size_t k = 0; k < table->kind_count && table->joined == setup->table->table; k++)
            for (size_t p = 0; p < setup->code_count; p++)
                if (may_begin(table->kinds[k], setup->codes[p]))
                    return true;
    }
    return false;
}

bool mimic__emit_filter_make(mimic_emitter *emitter)
{
    const mimic_emit_setup *const setup = &emitter->setup;
    emitter->is_needed = true;
    if (setup->codes == NULL || (setup->table->context >= 0 && setup->table->context < GROUP_COUNT) ||
        (setup->table->context == GROUP_ROW && is_looked_for(setup)))
        return true;
    int64_t *const values = mimic__arena_array(
        &emitter->arena, emitter->kind_count * setup->code_count + 1, sizeof *values);
    if (values == NULL)
        return false;
    size_t count = 0;
    int64_t column = MIMIC_EVENT_NO_COLUMN;
    bool is_open = false; /* some code may fit whatever the column says */
    for (size_t k = 0; k < emitter->kind_count; k++) {
        const mimic_event_kind *const kind = emitter->kinds[k].source;
        for (size_t p = 0; p < setup->code_count; p++) {
            const fit found = fit_of(emitter, kind, setup->codes[p], &values[count]);
            if (found == FIT_NEVER)
                continue;
            const int64_t first = first_column(kind);
            is_open |= found == FIT_MAYBE || (column != MIMIC_EVENT_NO_COLUMN && column != first);
            column = first;
            count += found == FIT_VALUE;
        }
    }
    emitter->is_needed = is_open || count > 0;
    if (is_open || count == 0)
        return true;
    const emit_column *const filtered = &emitter->columns[emitter->column_of[column]];
    emitter->filter = (mimic_csv_filter){filtered->field->name, values, count};
    emitter->filter_count = filtered->index >= 0;
    return true;
}
