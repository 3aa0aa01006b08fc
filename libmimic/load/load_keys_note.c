/* What a report says of keys: those that do not hold, in the order of the package, and those that
 * could not be looked at. */
#include "base/error.h"
#include "load/load_keys_internal.h"

static mimic_status add_note(mimic_report *report, const mimic_note *fields, mimic_buffer *message,
                             mimic_error *err)
{
    mimic_note note = *fields;
    char *const text = mimic__buffer_take_text(message);
    note.kind = MIMIC_NOTE_KEY;
    note.message = text;
    const bool is_added = text != NULL && mimic__report_add_note(report, &note);
    mimic__free(message->ctx, text);
    return is_added ? MIMIC_OK : mimic__fail_memory(err);
}

/* With REJECT the rows are among the rejects, with their reason. */
static mimic_status note_unique(const keys_table *table, const key_unique *unique,
                                mimic_report *report, mimic_error *err)
{
    const mimic_duplicates policy = mimic__keys_policy(table);
    const bool is_kept = policy == MIMIC_DUPLICATES_KEEP;
    mimic_buffer message;
    if (unique->violations == 0 || policy == MIMIC_DUPLICATES_REJECT)
        return MIMIC_OK;
    mimic__buffer_init(&message, table->keys->ctx);
    mimic__keys_describe_unique(table, unique, &message);
    if (table->path_count > 0) /* else it was read back from a target */
        mimic__buffer_text(&message, is_kept ? "; all are written, and the table has no such key"
                                             : "; of each key the latest is written");
    const mimic_note note = {.is_problem = is_kept,
                             .table = table->table->name,
                             .column = unique->columns,
                             .code = unique->code,
                             .count = unique->violations};
    return add_note(report, &note, &message, err);
}

static mimic_status note_foreign(const keys_table *table, const key_foreign *foreign,
                                 mimic_report *report, mimic_error *err)
{
    const char *obstacle = foreign->obstacle;
    mimic_buffer message;
    if (foreign->is_checked && foreign->violations == 0)
        return MIMIC_OK;
    if (!keys_table_is_loaded(table) &&
        (foreign->parent == NULL || !keys_table_is_loaded(foreign->parent)))
        return MIMIC_OK; /* nothing about it is new */
    if (!foreign->is_checked && obstacle == NULL && foreign->parent == NULL)
        obstacle = "that table is not there";
    else if (!foreign->is_checked && obstacle == NULL)
        obstacle = "that table could not be read";
    mimic__buffer_init(&message, table->keys->ctx);
    if (foreign->is_checked)
        mimic__keys_describe_foreign(table, foreign, &message);
    else
        mimic__buffer_format(&message, "not checked against %s: %s",
                             foreign->key->referenced_table, obstacle);
    const mimic_note note = {.is_problem =
                                 foreign->is_checked && table->keys->setup.finds_problems,
                             .table = table->table->name,
                             .column = foreign->columns,
                             .code = "foreign_key",
                             .count = foreign->is_checked ? foreign->violations : -1};
    return add_note(report, &note, &message, err);
}

static mimic_status note_success(const load_keys *keys, size_t count, mimic_report *report,
                                 mimic_error *err)
{
    static const mimic_note note = {
        .table = "", .column = "", .code = "foreign_key", .count = 0, .message = ""};
    mimic_buffer message;
    mimic__buffer_init(&message, keys->ctx);
    mimic__buffer_format(&message, "ok: every reference finds its row (%zu foreign key%s)", count,
                         count == 1 ? "" : "s");
    return add_note(report, &note, &message, err);
}

mimic_status mimic__keys_note(load_keys *keys, mimic_report *report, mimic_error *err)
{
    size_t checked = 0;
    size_t violated = 0;
    for (size_t i = 0; keys != NULL && i < keys->table_count; i++) {
        const keys_table *const table = &keys->tables[i];
        if (!table->is_complete)
            continue; /* it failed, which is told elsewhere */
        for (size_t j = 0; j < table->unique_count; j++)
            MIMIC_TRY(note_unique(table, &table->uniques[j], report, err));
        for (size_t j = 0; j < table->foreign_count; j++) {
            MIMIC_TRY(note_foreign(table, &table->foreigns[j], report, err));
            checked += table->foreigns[j].is_checked;
            violated += table->foreigns[j].violations > 0;
        }
    }
    return checked > 0 && violated == 0 ? note_success(keys, checked, report, err) : MIMIC_OK;
}
