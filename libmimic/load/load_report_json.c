/* A report as JSON (RFC 8259), one object; the members are listed in docs/formats.md. */
#include "base/buffer.h"
#include "base/error.h"
#include "load/load_report.h"

#include <mimic/version.h>

static void put_text_member(mimic_buffer *out, const char *name, const char *text)
{
    mimic__buffer_format(out, ", \"%s\": ", name);
    mimic__buffer_json_string(out, text);
}

static void put_number_member(mimic_buffer *out, const char *name, int64_t number)
{
    mimic__buffer_format(out, ", \"%s\": %lld", name, (long long)number);
}

/* Milliseconds are enough, and integers know no locale. */
static void put_seconds(mimic_buffer *out, double seconds)
{
    const long long milliseconds = (long long)(seconds * 1000.0 + 0.5);
    mimic__buffer_format(out, ", \"seconds\": %lld.%03lld", milliseconds / 1000,
                         milliseconds % 1000);
}

static void put_table(mimic_buffer *out, const mimic_table_report *table)
{
    mimic__buffer_text(out, "{\"table\": ");
    mimic__buffer_json_string(out, table->table);
    put_text_member(out, "source", table->source);
    put_text_member(out, "hash", table->hash);
    put_number_member(out, "read", table->read);
    put_number_member(out, "written", table->written);
    put_number_member(out, "rejected", table->rejected);
    put_number_member(out, "duplicates", table->duplicates);
    put_number_member(out, "filtered", table->filtered);
    put_number_member(out, "nulled", table->nulled);
    put_number_member(out, "nulls", table->nulls);
    put_number_member(out, "bytes", table->bytes);
    put_number_member(out, "stored_bytes", table->stored_bytes);
    if (table->expected_rows >= 0)
        put_number_member(out, "expected_rows", table->expected_rows);
    put_seconds(out, table->seconds);
    put_text_member(out, "status", mimic_status_name(table->status));
    put_text_member(out, "message", table->message);
    mimic__buffer_format(out, ", \"is_unchanged\": %s}", table->is_unchanged ? "true" : "false");
}

static const char *kind_name(mimic_note_kind kind)
{
    switch (kind) {
    case MIMIC_NOTE_IGNORED:
        return "ignored";
    case MIMIC_NOTE_ABSENT:
        return "absent";
    case MIMIC_NOTE_DRIFT:
        return "drift";
    case MIMIC_NOTE_FINDING:
        return "finding";
    case MIMIC_NOTE_REJECTS:
        return "rejects";
    case MIMIC_NOTE_COUNT:
        return "count";
    case MIMIC_NOTE_KEY:
        return "key";
    case MIMIC_NOTE_LEDGER:
        return "ledger";
    default:
        return "unknown";
    }
}

static void put_note(mimic_buffer *out, const mimic_note *note)
{
    mimic__buffer_format(out, "{\"kind\": \"%s\", \"is_problem\": %s", kind_name(note->kind),
                         note->is_problem ? "true" : "false");
    put_text_member(out, "table", note->table);
    put_text_member(out, "column", note->column);
    put_text_member(out, "code", note->code);
    put_number_member(out, "count", note->count);
    put_text_member(out, "message", note->message);
    mimic__buffer_byte(out, '}');
}

static void put_totals(mimic_buffer *out, const mimic_report *report)
{
    mimic_table_report total = MIMIC_TABLE_REPORT_INIT;
    int64_t unchanged = 0;
    for (size_t i = 0; i < report->table_count; i++) {
        const mimic_table_report *const table = &report->tables[i];
        total.read += table->read;
        total.written += table->written;
        total.rejected += table->rejected;
        total.duplicates += table->duplicates;
        unchanged += table->is_unchanged != 0;
        total.filtered += table->filtered;
        total.nulled += table->nulled;
        total.bytes += table->bytes;
        total.seconds += table->seconds;
    }
    mimic__buffer_format(out, "\"totals\": {\"tables\": %zu", report->table_count);
    put_number_member(out, "unchanged", unchanged);
    put_number_member(out, "read", total.read);
    put_number_member(out, "written", total.written);
    put_number_member(out, "rejected", total.rejected);
    put_number_member(out, "duplicates", total.duplicates);
    put_number_member(out, "filtered", total.filtered);
    put_number_member(out, "nulled", total.nulled);
    put_number_member(out, "bytes", total.bytes);
    put_seconds(out, total.seconds);
    mimic__buffer_text(out, "},\n");
}

mimic_status mimic_report_json(const mimic_report *report, char **out_json, mimic_error *err)
{
    if (report == NULL || out_json == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "report and out_json must not be NULL");
    mimic_buffer out;
    mimic__buffer_init(&out, report->ctx);
    mimic__buffer_text(&out, "{\"version\": \"" MIMIC_VERSION_STRING "\"");
    put_text_member(&out, "dataset", report->dataset);
    put_text_member(&out, "edition", report->edition);
    put_text_member(&out, "target", report->target);
    mimic__buffer_text(&out, ",\n");
    put_totals(&out, report);
    mimic__buffer_text(&out, "\"tables\": [");
    for (size_t i = 0; i < report->table_count; i++) {
        mimic__buffer_text(&out, i == 0 ? "\n" : ",\n");
        put_table(&out, &report->tables[i]);
    }
    mimic__buffer_text(&out, "],\n\"notes\": [");
    for (size_t i = 0; i < report->note_count; i++) {
        mimic__buffer_text(&out, i == 0 ? "\n" : ",\n");
        put_note(&out, &report->notes[i]);
    }
    mimic__buffer_text(&out, "]}\n");
    *out_json = mimic__buffer_take_text(&out);
    return *out_json == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}
