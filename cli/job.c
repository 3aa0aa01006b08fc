/*
 * From the command line to the options of a load, and from its end to an exit status.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "job.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "quality.h"
#include "report.h"
#include "talk.h"

/* "gz|zst|none" counted from 1. */
static const mimic_sink_compression compressions[] = {
    MIMIC_SINK_COMPRESSION_DEFAULT, MIMIC_SINK_COMPRESSION_GZIP, MIMIC_SINK_COMPRESSION_ZSTD,
    MIMIC_SINK_COMPRESSION_NONE};

/* "report|enforce|off" and "reject|keep|latest" counted from 1. */
static const mimic_keys key_choices[] = {MIMIC_KEYS_DEFAULT, MIMIC_KEYS_REPORT, MIMIC_KEYS_ENFORCE,
                                         MIMIC_KEYS_OFF};
static const mimic_duplicates duplicate_choices[] = {
    MIMIC_DUPLICATES_DEFAULT, MIMIC_DUPLICATES_REJECT, MIMIC_DUPLICATES_KEEP,
    MIMIC_DUPLICATES_LATEST};

static void fill_csv(const cli_arguments *arguments, const where *w, mimic_csv_options *out)
{
    *out = (mimic_csv_options)MIMIC_CSV_OPTIONS_INIT;
    out->delimiter = arguments->delimiter.value;
    out->quote = arguments->quote.value;
    out->no_quoting = arguments->quote.is_none;
    out->escape = arguments->escape.value;
    out->comment = arguments->comment.value;
    out->no_header = arguments->no_header;
    out->columns = (const char *const *)arguments->columns.items;
    out->column_count = arguments->columns.count;
    out->filters = w->filters;
    out->filter_count = w->count;
    out->text_filters = w->text_filters;
    out->text_filter_count = w->text_count;
    out->limit = arguments->limit;
    out->max_record_bytes = (uint64_t)arguments->max_record;
}

#define MOST_JOBS 256 /* of the library */

/* Those that this process may use: a scheduler may have given it a few of the machine's only. */
static int32_t processor_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    const int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : count > MOST_JOBS ? MOST_JOBS : count;
}

int32_t job_threads(const cli_arguments *arguments)
{
    return arguments->jobs == 0          ? processor_count()
           : arguments->jobs > MOST_JOBS ? MOST_JOBS
                                         : (int32_t)arguments->jobs;
}

const char *job_temporary_dir(void)
{
    const char *const dir = getenv("TMPDIR");
    return dir == NULL || dir[0] == '\0' ? NULL : dir;
}

static void fill_load(const cli_arguments *arguments, mimic_load_options *out)
{
    *out = (mimic_load_options)MIMIC_LOAD_OPTIONS_INIT;
    out->dataset = arguments->dataset;
    out->tables = (const char *const *)arguments->tables.items;
    out->table_count = arguments->tables.count;
    out->strict_drift = arguments->strict;
    out->on_error = arguments->on_error; /* the choices stand in the order of MIMIC_ON_ERROR_ */
    if (arguments->max_rejects.is_given) {
        const cli_limit *limit = &arguments->max_rejects;
        out->max_rejects = limit->count > 0 ? limit->count : 0;
        out->max_reject_percent = limit->percent;
        if (limit->count == 0 || (limit->count < 0 && limit->percent <= 0))
            out->max_rejects = -1; /* none allowed; 0 would mean no limit */
    }
    out->jobs = job_threads(arguments);
    out->max_bytes = (uint64_t)arguments->max_bytes;
    out->temporary_dir = job_temporary_dir();
    out->keys = key_choices[arguments->keys];
    out->duplicates = duplicate_choices[arguments->duplicates];
    out->order_by = (const char *const *)arguments->order_by.items;
    out->order_by_count = arguments->order_by.count;
    out->progress = progress_update;
    out->profile = arguments->quality != NULL;
    out->force = arguments->force;
    out->checksum = arguments->checksum;
    out->expect = arguments->expect;
}

int job_open(const cli_arguments *arguments, job *out)
{
    memset(out, 0, sizeof *out);
    out->arguments = arguments;
    if (arguments->quality != NULL && quality_format_of(arguments->quality) == 0) {
        talk_error("--quality expects a file ending in .html, .json or .txt, not '%s'",
                   arguments->quality);
        return EXIT_USAGE;
    }
    if (arguments->where != NULL) {
        const int status = where_parse(arguments->where, &out->where);
        if (status != EXIT_DONE)
            return status;
    }
    fill_csv(arguments, &out->where, &out->csv);
    out->sink = (mimic_sink_options)MIMIC_SINK_OPTIONS_INIT;
    out->sink.compression = compressions[arguments->compress];
    out->sink.integer_times = arguments->integer_times;
    out->sink.no_indexes = arguments->no_indexes;
    out->sink.verify = arguments->verify;
    out->sink.no_dictionaries = arguments->no_dictionaries;
    out->sink.pg_schema = arguments->pg_schema;
    fill_load(arguments, &out->load);
    out->load.csv = &out->csv;
    out->load.sink = &out->sink;
    const int status = session_open(arguments, &out->session);
    if (status == EXIT_DONE)
        progress_begin(arguments->quiet);
    return status;
}

static int print_json(const job *j, const mimic_report *report)
{
    mimic_error err = MIMIC_ERROR_INIT;
    char *json = NULL;
    const mimic_status status = mimic_report_json(report, &json, &err);
    return session_print(&j->session, status, json, &err);
}

/* Rows of a table that was taken for another are rejected in masses. */
static void hint_at_table(const job *j, const mimic_report *report)
{
    mimic_table_report table = MIMIC_TABLE_REPORT_INIT;
    if (j->arguments->quiet || !j->is_recognised ||
        mimic_report_table(report, 0, &table) != MIMIC_OK)
        return;
    talk_print(stderr, "mimic: note: the input was taken for %s/%s; --table names another\n",
               mimic_report_dataset(report), table.table);
}

int job_end(job *j, mimic_status status, mimic_report *report, const mimic_error *err)
{
    progress_end();
    int result = EXIT_DONE;
    if (report != NULL && status != MIMIC_ERR_CANCELLED) {
        if (j->arguments->format == FORMAT_JSON)
            result = print_json(j, report);
        else
            report_print(stdout, report, status == MIMIC_OK ? "" : err->message);
        if (result == EXIT_DONE)
            result = report_exit_status(report);
    }
    const mimic_quality *const quality = mimic_report_quality(report);
    if (quality != NULL && (result == EXIT_DONE || result == EXIT_REJECTS || status != MIMIC_OK)) {
        const char *const path = j->arguments->quality;
        const int written =
            quality_write(&j->session, j->arguments, quality, quality_format_of(path), path);
        result = written == EXIT_DONE ? result : written;
    }
    (void)fflush(stdout); /* the report stands above what follows where both go to one place */
    if (status != MIMIC_OK)
        result = talk_mimic_error(err);
    else if (result == EXIT_REJECTS)
        hint_at_table(j, report);
    mimic_report_free(report);
    return result;
}

void job_close(job *j)
{
    progress_end();
    session_close(&j->session);
    where_free(&j->where);
}

int job_load(const cli_arguments *arguments, const char *target)
{
    job j;
    int status = job_open(arguments, &j);
    if (status == EXIT_DONE) {
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_report *report = NULL;
        const mimic_status result =
            mimic_load(j.session.ctx, j.session.registry, arguments->operands.items[0], target,
                       &j.load, &report, &err);
        status = job_end(&j, result, report, &err);
    }
    job_close(&j);
    return status;
}
