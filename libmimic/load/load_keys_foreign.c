/*
 * Foreign keys: the distinct keys of the child and those of the parent come in the same order, so
 * one walk over both finds what is missing. And the sentences that tell of keys that do not hold.
 */
#include "base/error.h"
#include "load/load_keys_internal.h"

/* Keeps the examples that come first in the input. */
static mimic_status keep_example(keys_table *table, key_foreign *foreign,
                                 const load_key_entry *entry, mimic_error *err)
{
    size_t at = foreign->example_count;
    while (at > 0 && foreign->examples[at - 1] > entry->first)
        at--;
    if (at == KEYS_EXAMPLES)
        return MIMIC_OK;
    const char *text = NULL;
    if (entry->payload_size > 0) {
        text = mimic__arena_strndup(&table->arena, (const char *)entry->payload,
                                    entry->payload_size);
    } else {
        mimic_buffer shown;
        mimic__buffer_init(&shown, table->keys->ctx);
        mimic__key_plain_text(&entry->key, foreign->key->count, &shown);
        if (!shown.failed)
            text = mimic__arena_strndup(&table->arena, shown.data, shown.size);
        mimic__buffer_free(&shown);
    }
    if (text == NULL)
        return mimic__fail_memory(err);
    const size_t last =
        foreign->example_count < KEYS_EXAMPLES ? foreign->example_count++ : KEYS_EXAMPLES - 1;
    for (size_t i = last; i > at; i--) {
        foreign->examples[i] = foreign->examples[i - 1];
        foreign->texts[i] = foreign->texts[i - 1];
    }
    foreign->examples[at] = entry->first;
    foreign->texts[at] = text;
    return MIMIC_OK;
}

static mimic_status walk(keys_table *table, key_foreign *foreign, load_key_reader *child,
                         load_key_reader *parent, mimic_error *err)
{
    const load_key_entry *own;
    const load_key_entry *other;
    MIMIC_TRY(mimic__key_reader_next(parent, &other, err));
    for (;;) {
        MIMIC_TRY(mimic__key_reader_next(child, &own, err));
        if (own == NULL)
            return MIMIC_OK;
        while (other != NULL && mimic__key_compare(&other->key, &own->key) < 0)
            MIMIC_TRY(mimic__key_reader_next(parent, &other, err));
        if (other != NULL && mimic__key_compare(&other->key, &own->key) == 0)
            continue;
        foreign->violations += (int64_t)own->extra;
        foreign->missing++;
        MIMIC_TRY(keep_example(table, foreign, own, err));
    }
}

mimic_status mimic__keys_check_foreign(keys_table *table, key_foreign *foreign, mimic_error *err)
{
    load_key_reader child = {0};
    load_key_reader parent = {0};
    if (foreign->is_checked || foreign->obstacle != NULL || !table->is_complete ||
        foreign->parent == NULL || !foreign->parent->is_complete)
        return MIMIC_OK;
    const key_collector *const own = &table->collectors[foreign->child_collector];
    const key_collector *const other = &foreign->parent->collectors[foreign->parent_collector];
    if (!own->is_active || !other->is_active) {
        foreign->obstacle = "a column of the key is left out";
        return MIMIC_OK;
    }
    mimic_status status = mimic__key_reader_init(&child, own->run, err);
    if (status == MIMIC_OK)
        status = mimic__key_reader_init(&parent, other->run, err);
    if (status == MIMIC_OK)
        status = walk(table, foreign, &child, &parent, err);
    mimic__key_reader_free(&child);
    mimic__key_reader_free(&parent);
    foreign->is_checked = status == MIMIC_OK;
    return status;
}

/* ---- sentences ---- */

void mimic__keys_show_place(const keys_table *table, uint64_t place, mimic_buffer *out)
{
    if (table->path_count > 1 && LOAD_PLACE_PART(place) < table->path_count)
        mimic__buffer_format(out, "%s ", table->paths[LOAD_PLACE_PART(place)]);
    mimic__buffer_format(out, "record %lld", (long long)LOAD_PLACE_RECORD(place));
}

void mimic__keys_describe_foreign(const keys_table *table, const key_foreign *foreign,
                                  mimic_buffer *out)
{
    mimic__buffer_format(out, "%lld row%s name%s %lld key%s that %s (%s) does not have, first ",
                         (long long)foreign->violations, foreign->violations == 1 ? "" : "s",
                         foreign->violations == 1 ? "s" : "", (long long)foreign->missing,
                         foreign->missing == 1 ? "" : "s", foreign->key->referenced_table,
                         foreign->parent_columns);
    for (size_t i = 0; i < foreign->example_count; i++) {
        mimic__buffer_format(out, "%s%s (", i == 0 ? "" : ", ", foreign->texts[i]);
        mimic__keys_show_place(table, foreign->examples[i], out);
        mimic__buffer_byte(out, ')');
    }
}

void mimic__keys_describe_unique(const keys_table *table, const key_unique *unique,
                                 mimic_buffer *out)
{
    const key_collector *const collector = &table->collectors[unique->collector];
    const load_key_columns columns = {collector->fields, collector->columns.count};
    mimic__buffer_format(out, "%lld row%s ha%s the %s key (%s) of another row, first ",
                         (long long)unique->violations, unique->violations == 1 ? "" : "s",
                         unique->violations == 1 ? "s" : "ve",
                         unique->code[0] == 'p' ? "primary" : "unique", unique->columns);
    for (size_t i = 0; i < unique->example_count; i++) {
        /* Of a key that is a hash the places must do. */
        const bool is_plain = mimic__key_is_plain(table->table, &columns, &unique->keys[i]);
        mimic__buffer_text(out, i == 0 ? "" : ", ");
        if (is_plain)
            mimic__key_plain_text(&unique->keys[i], columns.count, out);
        mimic__buffer_text(out, is_plain ? " (" : "");
        mimic__keys_show_place(table, unique->examples[i], out);
        mimic__buffer_text(out, " as ");
        mimic__keys_show_place(table, unique->firsts[i], out);
        mimic__buffer_text(out, is_plain ? ")" : "");
    }
}
