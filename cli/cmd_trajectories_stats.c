/*
 * mimic trajectories stats: what a dataset of trajectories holds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "job.h"
#include "talk.h"
#include "timeline.h"

enum { TOP_CODES = 10, SPLITS_MAX = 64 };

typedef struct split_stats {
    char name[256]; /* of a folder: it fits */
    int64_t subjects;
    int64_t events;
} split_stats;

typedef struct stats {
    mimic_trajectories *trajectories;
    mimic_trajectories_info info;
    int64_t events;
    int64_t facts; /* without a time */
    int64_t values;
    int64_t first; /* time */
    int64_t last;
    int64_t *sizes; /* events of each subject */
    size_t subjects;
    size_t size_room;
    int64_t *by_code;
    size_t codes; /* of by_code */
    int64_t *by_table; /* 65,536 of them; the last: no table */
    split_stats splits[SPLITS_MAX];
    size_t split_count;
    uint32_t top[TOP_CODES];
    size_t top_count;
    int64_t used_codes;
} stats;

/* ---- counting ---- */

static void *grow(void *items, size_t count, size_t size)
{
    void *grown = realloc(items, count * size);
    if (grown == NULL)
        talk_out_of_memory();
    return grown;
}

static void count_split(stats *s, const mimic_patient *patient)
{
    size_t i = 0;
    while (i < s->split_count && strcmp(s->splits[i].name, patient->split) != 0)
        i++;
    if (i == SPLITS_MAX)
        return; /* still among all */
    if (i == s->split_count)
        (void)snprintf(s->splits[s->split_count++].name, sizeof s->splits[i].name, "%s",
                       patient->split);
    s->splits[i].subjects++;
    s->splits[i].events += patient->count;
}

static void count_codes(stats *s, const mimic_patient *patient)
{
    const size_t known = mimic_trajectories_code_count(s->trajectories);
    if (known > s->codes) {
        s->by_code = grow(s->by_code, known, sizeof *s->by_code);
        memset(s->by_code + s->codes, 0, (known - s->codes) * sizeof *s->by_code);
        s->codes = known;
    }
    for (int64_t i = 0; i < patient->count; i++)
        s->by_code[patient->code[i]]++;
}

static void count_patient(stats *s, const mimic_patient *patient)
{
    if (s->subjects == s->size_room) {
        s->size_room = s->size_room * 2 + 1024;
        s->sizes = grow(s->sizes, s->size_room, sizeof *s->sizes);
    }
    s->sizes[s->subjects++] = patient->count;
    s->events += patient->count;
    s->facts += patient->static_count;
    count_split(s, patient);
    count_codes(s, patient);
    for (int64_t i = 0; i < patient->count; i++) {
        s->by_table[patient->table[i]]++;
        s->values += patient->value[i] == patient->value[i];
    }
    if (patient->static_count == patient->count)
        return;
    if (patient->time[patient->static_count] < s->first)
        s->first = patient->time[patient->static_count];
    if (patient->time[patient->count - 1] > s->last)
        s->last = patient->time[patient->count - 1];
}

static int compare_sizes(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* The most frequent codes, by count and then by their numbers. */
static void find_top(stats *s)
{
    for (size_t code = 0; code < s->codes; code++) {
        s->used_codes += s->by_code[code] > 0;
        size_t place = s->top_count;
        while (place > 0 && s->by_code[s->top[place - 1]] < s->by_code[code])
            place--;
        if (place == TOP_CODES || s->by_code[code] == 0)
            continue;
        s->top_count += s->top_count < TOP_CODES;
        memmove(&s->top[place + 1], &s->top[place], (s->top_count - place - 1) * sizeof s->top[0]);
        s->top[place] = (uint32_t)code;
    }
}

static int count_all(stats *s)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_patient patient = MIMIC_PATIENT_INIT;
    mimic_status status = mimic_trajectories_describe(s->trajectories, &s->info, &err);
    while (status == MIMIC_OK) {
        status = mimic_trajectories_next(s->trajectories, &patient, &err);
        if (status == MIMIC_OK)
            count_patient(s, &patient);
    }
    if (status != MIMIC_END)
        return talk_mimic_error(&err);
    if (s->subjects > 0)
        qsort(s->sizes, s->subjects, sizeof *s->sizes, compare_sizes);
    find_top(s);
    return EXIT_DONE;
}

static int64_t median(const stats *s)
{
    return s->subjects == 0 ? 0 : s->sizes[(s->subjects - 1) / 2];
}

static int64_t most(const stats *s)
{
    return s->subjects == 0 ? 0 : s->sizes[s->subjects - 1];
}

static const char *table_name(const stats *s, size_t table)
{
    const char *name = mimic_trajectories_table(s->trajectories, (uint16_t)table);
    return name[0] == '\0' ? "(none)" : name;
}

/* ---- text ---- */

static void print_count(const char *label, int64_t count)
{
    char number[NUMBER_BYTES];
    (void)printf("%-22s %15s\n", label, talk_number(count, number));
}

static void print_text(const stats *s)
{
    char first[TIME_BYTES];
    char last[TIME_BYTES];
    char number[NUMBER_BYTES];
    char events[NUMBER_BYTES];
    if (s->info.dataset[0] != '\0')
        talk_print(stdout, "%s %s\n\n", s->info.dataset, s->info.version);
    print_count("subjects", (int64_t)s->subjects);
    print_count("events", s->events);
    print_count("  without a time", s->facts);
    print_count("  with a number", s->values);
    print_count("codes", s->used_codes);
    print_count("files", s->info.files);
    print_count("events per subject", median(s));
    print_count("  at most", most(s));
    if (s->first <= s->last)
        (void)printf("from %s to %s\n", timeline_time(s->first, ' ', first),
                     timeline_time(s->last, ' ', last));
    (void)printf("\n%-22s %15s %15s\n", "split", "subjects", "events");
    for (size_t i = 0; i < s->split_count; i++)
        talk_print(stdout, "%-22s %15s %15s\n",
                   s->splits[i].name[0] == '\0' ? "(none)" : s->splits[i].name,
                   talk_number(s->splits[i].subjects, number),
                   talk_number(s->splits[i].events, events));
    (void)printf("\n%-22s %31s\n", "table", "events");
    for (size_t i = 0; i <= UINT16_MAX; i++)
        if (s->by_table[i] > 0)
            talk_print(stdout, "%-22s %31s\n", table_name(s, i),
                       talk_number(s->by_table[i], number));
    (void)printf("\n%15s  %s\n", "events", "most frequent codes");
    for (size_t i = 0; i < s->top_count; i++) {
        mimic_code code = MIMIC_CODE_INIT;
        (void)mimic_trajectories_code(s->trajectories, s->top[i], &code);
        talk_print(stdout, "%15s  %s%s%s\n", talk_number(s->by_code[s->top[i]], number), code.code,
                   code.description[0] == '\0' ? "" : "  ", code.description);
    }
}

/* ---- JSON ---- */

static void json_time(const char *name, int64_t time, int is_there)
{
    char text[TIME_BYTES];
    (void)printf(",\n  \"%s\": ", name);
    if (is_there)
        (void)printf("\"%s\"", timeline_time(time, 'T', text));
    else
        (void)fputs("null", stdout);
}

static void print_json(const stats *s)
{
    talk_json_text("{\n  ", "dataset", s->info.dataset);
    talk_json_text(",\n  ", "version", s->info.version);
    talk_json_number(",\n  ", "subjects", (int64_t)s->subjects);
    talk_json_number(",\n  ", "events", s->events);
    talk_json_number(",\n  ", "static_events", s->facts);
    talk_json_number(",\n  ", "numeric_events", s->values);
    talk_json_number(",\n  ", "codes", s->used_codes);
    talk_json_number(",\n  ", "files", s->info.files);
    talk_json_number(",\n  ", "median_events", median(s));
    talk_json_number(",\n  ", "max_events", most(s));
    json_time("first_time", s->first, s->first <= s->last);
    json_time("last_time", s->last, s->first <= s->last);
    (void)fputs(",\n  \"splits\": [", stdout);
    for (size_t i = 0; i < s->split_count; i++) {
        talk_json_text(i == 0 ? "\n    {" : ",\n    {", "name", s->splits[i].name);
        talk_json_number(", ", "subjects", s->splits[i].subjects);
        talk_json_number(", ", "events", s->splits[i].events);
        (void)fputs("}", stdout);
    }
    (void)fputs("\n  ],\n  \"tables\": {", stdout);
    const char *gap = "\n    ";
    for (size_t i = 0; i <= UINT16_MAX; i++) {
        if (s->by_table[i] == 0)
            continue;
        talk_json_number(gap, mimic_trajectories_table(s->trajectories, (uint16_t)i), s->by_table[i]);
        gap = ",\n    ";
    }
    (void)fputs("\n  },\n  \"top_codes\": [", stdout);
    for (size_t i = 0; i < s->top_count; i++) {
        mimic_code code = MIMIC_CODE_INIT;
        (void)mimic_trajectories_code(s->trajectories, s->top[i], &code);
        talk_json_text(i == 0 ? "\n    {" : ",\n    {", "code", code.code);
        talk_json_text(", ", "description", code.description);
        talk_json_number(", ", "events", s->by_code[s->top[i]]);
        (void)fputs("}", stdout);
    }
    (void)fputs("\n  ]\n}\n", stdout);
}

/* ---- the command ---- */

static int run_stats(const cli_arguments *arguments)
{
    session open;
    stats s = {.first = INT64_MAX, .last = INT64_MIN, .info = MIMIC_TRAJECTORIES_INFO_INIT};
    mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    options.values_only = 1;
    options.jobs = job_threads(arguments);
    s.by_table = calloc(UINT16_MAX + 1, sizeof *s.by_table);
    if (s.by_table == NULL)
        talk_out_of_memory();
    int status = session_open(arguments, &open);
    if (status == EXIT_DONE)
        status = timeline_open(&open, arguments, &options, &s.trajectories);
    if (status == EXIT_DONE)
        status = count_all(&s);
    if (status == EXIT_DONE && arguments->format == FORMAT_JSON)
        print_json(&s);
    else if (status == EXIT_DONE)
        print_text(&s);
    mimic_trajectories_free(s.trajectories);
    session_close(&open);
    free(s.sizes);
    free(s.by_code);
    free(s.by_table);
    return status;
}

static const cli_option *const groups[] = {group_jobs, group_format, group_quiet, group_help, NULL};

const cli_command cmd_trajectories_stats = {
    .name = "trajectories stats",
    .summary = "count what a dataset of trajectories holds",
    .operands = "OUT",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description =
        "Reads all events of the dataset OUT and counts them: by split, by source table, by code, and "
        "by subject (the median, and the most that one has). OUT may be any MEDS dataset in Arrow "
        "files.",
    .examples = "mimic trajectories stats out\n"
                "For people.\n"
                "mimic trajectories stats out --format json\n"
                "For a program.\n",
    .run = run_stats,
};
