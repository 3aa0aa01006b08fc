/* A report as JSON (RFC 8259), one object; the members are listed in docs/formats.md. */
#include "base/buffer.h"
#include "base/error.h"
#include "json/json_write.h"
#include "load/load_report.h"

#include <mimic/version.h>

/* Milliseconds are enough, and integers know no locale. */
static void put_seconds(mimic_buffer *out, double seconds)
{
    const long long milliseconds = (long long)(seconds * 1000.0 + 0.5);
    mimic__json_put_name(out, "seconds");
    mimic__buffer_format(out, "%lld.%03lld", milliseconds / 1000, milliseconds % 1000);
}

static void put_table(mimic_buffer *out, const mimic_table_report *table)
{
    mimic__buffer_byte(out, '{');
    mimic__json_put_text(out, "table", table->table);
    mimic__json_put_text(out, "source", table->source);
    mimic__json_put_text(out, "hash", table->hash);
    mimic__json_put_number(out, "read", table->read);
    mimic__json_put_number(out, "written", table->written);
    mimic__json_put_number(out, "rejected", table->rejected);
    mimic__json_put_number(out, "duplicates", table->duplicates);
    mimic__json_put_number(out, "filtered", table->filtered);
    mimic__json_put_number(out, "nulled", table->nulled);
    mimic__json_put_number(out, "nulls", table->nulls);
    mimic__json_put_number(out, "bytes", table->bytes);
    mimic__json_put_number(out, "stored_bytes", table->stored_bytes);
    if (table->expected_rows >= 0)
        mimic__json_put_number(out, "expected_rows", table->expected_rows);
    put_seconds(out, table->seconds);
    mimic__json_put_text(out, "status", mimic_status_name(table->status));
    mimic__json_put_text(out, "message", table->message);
    mimic__json_put_truth(out, "is_unchanged", table->is_unchanged);
    mimic__buffer_byte(out, '}');
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
    mimic__buffer_byte(out, '{');
    mimic__json_put_text(out, "kind", kind_name(note->kind));
    mimic__json_put_truth(out, "is_problem", note->is_problem);
    mimic__json_put_text(out, "table", note->table);
    mimic__json_put_text(out, "column", note->column);
    mimic__json_put_text(out, "code", note->code);
    mimic__json_put_number(out, "count", note->count);
    mimic__json_put_text(out, "message", note->message);
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
    mimic__buffer_text(out, "\"totals\": {");
    mimic__json_put_number(out, "tables", (int64_t)report->table_count);
    mimic__json_put_number(out, "unchanged", unchanged);
    mimic__json_put_number(out, "read", total.read);
    mimic__json_put_number(out, "written", total.written);
    mimic__json_put_number(out, "rejected", total.rejected);
    mimic__json_put_number(out, "duplicates", total.duplicates);
    mimic__json_put_number(out, "filtered", total.filtered);
    mimic__json_put_number(out, "nulled", total.nulled);
    mimic__json_put_number(out, "bytes", total.bytes);
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
    mimic__json_put_text(&out, "dataset", report->dataset);
    mimic__json_put_text(&out, "edition", report->edition);
    mimic__json_put_text(&out, "target", report->target);
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
