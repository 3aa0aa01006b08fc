/*
 * A program of the first day of ABI 0 and the library of today: compiled with the headers of then
 * (old_headers.h), whose option structs, vtables and reports are smaller. Behind everything that it
 * hands over stand bytes that are not its own: the library neither reads nor writes them.
 *
 *     old_client LABS_CSV FOLDER
 */
#include "old_headers.h"

#include <stdio.h>
#include <string.h>

#define GUARD_BYTES 512

static int failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("line %d: %s\n", __LINE__, #condition);                                         \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

/* A struct and what lies behind it in this program's memory. */
#define GUARDED(type)                                                                              \
    struct {                                                                                       \
        type is;                                                                                   \
        unsigned char behind[GUARD_BYTES];                                                         \
    }
#define GUARD(guarded) memset((guarded).behind, 0xa5, sizeof(guarded).behind)
#define CHECK_GUARD(guarded) CHECK(is_untouched((guarded).behind))

static int is_untouched(const unsigned char behind[GUARD_BYTES])
{
    for (int i = 0; i < GUARD_BYTES; i++)
        if (behind[i] != 0xa5)
            return 0;
    return 1;
}

static GUARDED(mimic_error) failure;

/* ---- a sink with the vtable of then ---- */

typedef struct old_sink {
    int begun, written, rejected, committed, finished, freed;
} old_sink;

static mimic_status begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                          mimic_error *err)
{
    (void)table, (void)host, (void)err;
    ((old_sink *)self)->begun++;
    return MIMIC_OK;
}

static mimic_status write_batch(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    (void)chunk, (void)err;
    ((old_sink *)self)->written += (int)batch->row_count;
    return MIMIC_OK;
}

static mimic_status take_reject(void *self, const mimic_table *table, const mimic_reject *reject,
                                mimic_error *err)
{
    (void)table, (void)err;
    CHECK(reject->struct_size >= sizeof *reject && reject->line > 1);
    ((old_sink *)self)->rejected++;
    return MIMIC_OK;
}

static mimic_status commit(void *self, mimic_error *err)
{
    (void)err;
    ((old_sink *)self)->committed++;
    return MIMIC_OK;
}

static mimic_status finish(void *self, mimic_finding_fn finding, void *finding_ctx, mimic_error *err)
{
    (void)finding, (void)finding_ctx, (void)err;
    ((old_sink *)self)->finished++;
    return MIMIC_OK;
}

static void free_sink(void *self)
{
    ((old_sink *)self)->freed++;
}

/* ---- a reader with the options of then ---- */

static int on_reject(const mimic_reject *reject, void *sink)
{
    return mimic_sink_reject(sink, reject, NULL) != MIMIC_OK;
}

static void pump(mimic_csv_reader *reader, mimic_sink *sink)
{
    const mimic_batch *batch = NULL;
    GUARDED(mimic_reject) place = {.is.struct_size = sizeof(mimic_reject)};
    GUARD(place);
    CHECK(mimic_sink_begin(sink, mimic_csv_reader_table(reader), NULL, &failure.is) == MIMIC_OK);
    mimic_status status;
    while ((status = mimic_csv_reader_next(reader, &batch, &failure.is)) == MIMIC_OK) {
        CHECK(mimic_csv_reader_place(reader, 0, &place.is) == MIMIC_OK && place.is.line > 1);
        CHECK(mimic_sink_write(sink, batch, &failure.is) == MIMIC_OK);
    }
    CHECK(status == MIMIC_END);
    CHECK(mimic_sink_commit(sink, &failure.is) == MIMIC_OK);
    CHECK(mimic_sink_finish(sink, NULL, NULL, &failure.is) == MIMIC_OK);
    CHECK_GUARD(place);
}

static void read_into_old_sink(const mimic_context *ctx, const mimic_table *table, const char *labs)
{
    old_sink self = {0};
    GUARDED(mimic_sink_vtable) vtable = {.is = {.struct_size = sizeof(mimic_sink_vtable),
                                                .name = "old",
                                                .begin = begin,
                                                .write = write_batch,
                                                .reject = take_reject,
                                                .commit = commit,
                                                .finish = finish,
                                                .free = free_sink}};
    GUARD(vtable);
    mimic_sink *sink = NULL;
    CHECK(mimic_sink_new(ctx, &vtable.is, &self, &sink, &failure.is) == MIMIC_OK);

    GUARDED(mimic_source_options) source_options = {.is = MIMIC_SOURCE_OPTIONS_INIT};
    GUARD(source_options);
    mimic_source *source = NULL;
    CHECK(mimic_source_open(ctx, labs, &source_options.is, &source, &failure.is) == MIMIC_OK);
    GUARDED(mimic_csv_options) options = {.is = MIMIC_CSV_OPTIONS_INIT};
    GUARD(options);
    options.is.on_reject = on_reject;
    options.is.on_reject_ctx = sink;
    mimic_csv_reader *reader = NULL;
    CHECK(mimic_csv_reader_open(ctx, source, table, &options.is, &reader, &failure.is) == MIMIC_OK);
    pump(reader, sink);
    GUARDED(mimic_csv_counts) counts = {.is.struct_size = sizeof(mimic_csv_counts)};
    GUARD(counts);
    mimic_csv_reader_counts(reader, &counts.is);
    CHECK(counts.is.read == 7 && counts.is.delivered == 5 && counts.is.rejected == 2);
    CHECK_GUARD(counts);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_sink_free(sink);
    CHECK(self.begun == 1 && self.written == 5 && self.rejected == 2 && self.committed == 1);
    CHECK(self.finished == 1 && self.freed == 1);
}

/* ---- jobs and reports of then ---- */

static int on_progress(const mimic_progress *progress, void *ctx)
{
    CHECK(progress->struct_size >= sizeof *progress);
    ++*(int *)ctx;
    return 0;
}

static int64_t check_report(mimic_report *report)
{
    GUARDED(mimic_table_report) table = {.is.struct_size = sizeof(mimic_table_report)};
    GUARDED(mimic_note) note = {.is.struct_size = sizeof(mimic_note)};
    GUARD(table);
    GUARD(note);
    int64_t written = 0;
    for (size_t i = 0; i < mimic_report_table_count(report); i++) {
        CHECK(mimic_report_table(report, i, &table.is) == MIMIC_OK);
        CHECK(table.is.status == MIMIC_OK && table.is.struct_size == sizeof table.is);
        CHECK(table.is.read == table.is.written + table.is.rejected + table.is.filtered);
        written += table.is.written;
    }
    for (size_t i = 0; i < mimic_report_note_count(report); i++)
        CHECK(mimic_report_note(report, i, &note.is) == MIMIC_OK && note.is.message != NULL);
    CHECK_GUARD(table);
    CHECK_GUARD(note);
    mimic_report_free(report);
    return written;
}

static void run_jobs(const mimic_context *ctx, const mimic_registry *registry,
                     const mimic_table *table, const char *labs, const char *folder)
{
    char hospital[4096];
    char target[4096];
    int calls = 0;
    mimic_report *report = NULL;
    (void)snprintf(hospital, sizeof hospital, "%s/hospital", folder);
    (void)snprintf(target, sizeof target, "csv:%s/out", folder);
    GUARDED(mimic_synth_options) synth = {.is = MIMIC_SYNTH_OPTIONS_INIT};
    GUARD(synth);
    synth.is.patients = 2;
    synth.is.compression = MIMIC_COMPRESSION_NONE;
    CHECK(mimic_synth(ctx, registry, "mimic-iv@3.1", hospital, &synth.is, &failure.is) == MIMIC_OK);

    GUARDED(mimic_sink_options) sink = {.is = MIMIC_SINK_OPTIONS_INIT};
    GUARDED(mimic_csv_options) csv = {.is = MIMIC_CSV_OPTIONS_INIT};
    GUARDED(mimic_load_options) options = {.is = MIMIC_LOAD_OPTIONS_INIT};
    GUARD(sink);
    GUARD(csv);
    GUARD(options);
    sink.is.no_sync = 1;
    options.is.sink = &sink.is;
    options.is.csv = &csv.is;
    options.is.progress = on_progress;
    options.is.progress_ctx = &calls;
    options.is.jobs = 2;
    CHECK(mimic_load(ctx, registry, hospital, target, &options.is, &report, &failure.is) == MIMIC_OK);
    CHECK(check_report(report) > 1000 && calls > 0);
    report = NULL;
    (void)snprintf(target, sizeof target, "%s/labs.csv", folder);
    CHECK(mimic_convert(ctx, registry, table, &labs, 1, target, &options.is, &report, &failure.is) ==
          MIMIC_OK);
    CHECK(check_report(report) == 5);
    CHECK_GUARD(options);
}

static void look_at_schema(const mimic_context *ctx, const mimic_table *table)
{
    GUARDED(mimic_field_info) field = {.is.struct_size = sizeof(mimic_field_info)};
    GUARDED(mimic_foreign_key_info) key = {.is.struct_size = sizeof(mimic_foreign_key_info)};
    GUARDED(mimic_drift_item) item = {.is.struct_size = sizeof(mimic_drift_item)};
    GUARD(field);
    GUARD(key);
    GUARD(item);
    for (size_t i = 0; i < mimic_table_field_count(table); i++)
        CHECK(mimic_table_field(table, i, &field.is) == MIMIC_OK && field.is.name[0] != '\0');
    for (size_t i = 0; i < mimic_table_foreign_key_count(table); i++)
        CHECK(mimic_table_foreign_key(table, i, &key.is) == MIMIC_OK && key.is.count > 0);
    static const char *const header[] = {"labevent_id", "unheard_of"};
    mimic_drift *drift = NULL;
    CHECK(mimic_drift_compare(ctx, table, header, 2, &drift, &failure.is) == MIMIC_OK);
    for (size_t i = 0; i < mimic_drift_count(drift); i++)
        CHECK(mimic_drift_get(drift, i, &item.is) == MIMIC_OK && item.is.message[0] != '\0');
    CHECK(mimic_drift_count(drift) > 1);
    mimic_drift_free(drift);
    CHECK_GUARD(field);
    CHECK_GUARD(key);
    CHECK_GUARD(item);
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 3)
        return 2;
    failure.is = (mimic_error)MIMIC_ERROR_INIT;
    GUARD(failure);
    GUARDED(mimic_context_options) options = {.is = MIMIC_CONTEXT_OPTIONS_INIT};
    GUARD(options);
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_table *table = NULL;
    CHECK(mimic_abi_version() == MIMIC_ABI_VERSION);
    CHECK(mimic_context_new(&options.is, &ctx, &failure.is) == MIMIC_OK);
    CHECK(mimic_registry_new(ctx, &registry, &failure.is) == MIMIC_OK);
    CHECK(mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, &failure.is) ==
          MIMIC_OK);
    if (failures == 0) {
        look_at_schema(ctx, table);
        read_into_old_sink(ctx, table, arguments[1]);
        run_jobs(ctx, registry, table, arguments[1], arguments[2]);
    }
    CHECK(mimic_registry_find_table(registry, "nothing@0/at-all", &table, &failure.is) ==
          MIMIC_ERR_NOT_FOUND);
    CHECK(failure.is.code == MIMIC_ERR_NOT_FOUND && failure.is.message[0] != '\0');
    CHECK_GUARD(failure);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    printf("old headers, library %s: %d failures\n", mimic_version(), failures);
    return failures == 0 ? 0 : 1;
}
