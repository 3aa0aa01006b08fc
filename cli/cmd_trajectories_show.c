/*
 * mimic trajectories show: the time line of one patient.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "properties.h"
#include "talk.h"
#include "timeline.h"

enum { CODE_WIDTH_MAX = 44, VALUE_WIDTH_MAX = 28, TEXT_BYTES_MAX = 160, LABEL_BYTES = 128 };

/* What is shown of a patient. */
typedef struct view {
    const mimic_trajectories *trajectories;
    const mimic_patient *patient;
    const cli_arguments *arguments;
    int64_t from;
    int64_t to;
    int64_t *events; /* numbers of those that are shown */
    int64_t count;
    int64_t left_out; /* by the limit */
} view;

static mimic_code code_of(const view *v, int64_t event)
{
    mimic_code code = MIMIC_CODE_INIT;
    (void)mimic_trajectories_code(v->trajectories, v->patient->code[event], &code);
    return code;
}

static int is_wanted(const view *v, int64_t event)
{
    const int64_t time = v->patient->time[event];
    return (time == INT64_MIN || (time >= v->from && time <= v->to)) &&
           timeline_fits(&v->arguments->codes, code_of(v, event).code);
}

static void choose_events(view *v)
{
    const int64_t limit = v->arguments->limit > 0 ? v->arguments->limit : INT64_MAX;
    v->events = malloc((size_t)(v->patient->count + 1) * sizeof *v->events);
    if (v->events == NULL)
        talk_out_of_memory();
    for (int64_t i = 0; i < v->patient->count; i++) {
        if (!is_wanted(v, i))
            continue;
        if (v->count < limit)
            v->events[v->count++] = i;
        else
            v->left_out++;
    }
}

/* ---- text ---- */

/* One line of at most TEXT_BYTES_MAX bytes: a note may have pages. */
static void shorten(char *text)
{
    static const char dots[] = "\xe2\x80\xa6";
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
    size_t size = strlen(text);
    if (size <= TEXT_BYTES_MAX)
        return;
    size = TEXT_BYTES_MAX - sizeof dots;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--; /* not amid a character */
    memcpy(text + size, dots, sizeof dots);
}

/* "95 mg/dL", "Sinus rhythm", `120 mmHg "120/80"`. The caller frees it. */
static char *value_text(const view *v, int64_t event)
{
    char number[REAL_BYTES] = "";
    const mimic_patient *p = v->patient;
    const char *unit = mimic_trajectories_unit(v->trajectories, p->unit[event]);
    const char *text = p->text_bytes + p->text_offsets[event];
    const size_t size = (size_t)(p->text_offsets[event + 1] - p->text_offsets[event]);
    const int has_number = p->value[event] == p->value[event];
    if (has_number)
        (void)timeline_real(p->value[event], number);
    const int is_same = has_number && strlen(number) == size && memcmp(number, text, size) == 0;
    const size_t room = sizeof number + strlen(unit) + size + 8;
    char *out = malloc(room);
    if (out == NULL)
        talk_out_of_memory();
    if (has_number && size > 0 && !is_same)
        (void)snprintf(out, room, "%s%s%s \"%.*s\"", number, unit[0] == '\0' ? "" : " ", unit, (int)size,
                       text);
    else
        (void)snprintf(out, room, "%.*s%s%s", (int)(has_number ? strlen(number) : size),
                       has_number ? number : text, unit[0] == '\0' ? "" : " ", unit);
    shorten(out);
    return out;
}

static int wider(int width, const char *text, int most)
{
    const int length = (int)talk_length(text, strlen(text));
    return length > most ? (width > most ? width : most) : length > width ? length : width;
}

/* A column; *pending blanks of those before it are still to be written, so that no line ends in them. */
static void print_column(const char *text, int width, int *pending)
{
    const int length = (int)talk_length(text, strlen(text));
    *pending += 2;
    if (length > 0) {
        talk_print(stdout, "%*s%s", *pending, "", text);
        *pending = 0;
    }
    *pending += length < width ? width - length : 0;
}

/* Names of the bits, parted by commas. */
static const char *marks_text(int32_t marks, char text[LABEL_BYTES])
{
    static const char *const NAMES[] = {"bad time",       "reversed",   "outside",
                                        "unknown subject", "missing id", "admission by time",
                                        "stay by time"};
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if ((marks >> i & 1) != 0 && used < LABEL_BYTES)
            used += (size_t)snprintf(text + used, LABEL_BYTES - used, "%s%s", used == 0 ? "" : ", ",
                                     NAMES[i]);
    return text;
}

/* "stay 39553978", where it is not that of the event before. */
static void print_id(const char *name, const int64_t *ids, const int64_t *places, int64_t place,
                     int *pending)
{
    char text[LABEL_BYTES];
    const int64_t id = ids[places[place]];
    if (id == INT64_MIN || (place > 0 && ids[places[place - 1]] == id))
        return;
    (void)snprintf(text, sizeof text, "%s %lld", name, (long long)id);
    print_column(text, 0, pending);
}

/* When it was known, ids and marks. */
static void print_notes(const view *v, int64_t place, int *pending)
{
    char time[TIME_BYTES];
    char label[LABEL_BYTES];
    char text[LABEL_BYTES + 8];
    const mimic_patient *p = v->patient;
    const int64_t event = v->events[place];
    if (p->available[event] != INT64_MIN && p->available[event] != p->time[event]) {
        (void)snprintf(text, sizeof text, "known %s", timeline_time(p->available[event], ' ', time));
        print_column(text, 0, pending);
    }
    print_id("admission", p->hadm_id, v->events, place, pending);
    print_id("stay", p->stay_id, v->events, place, pending);
    if (p->marks[event] != 0 && marks_text(p->marks[event], label)[0] != '\0') {
        (void)snprintf(text, sizeof text, "[%s]", label);
        print_column(text, 0, pending);
    }
}

/* On lines of their own, below the code. */
static void print_properties(const view *v, int64_t event)
{
    enum { INDENT = 14 };
    const mimic_patient *p = v->patient;
    const int64_t *offsets = p->properties_offsets + event;
    if (offsets[0] == offsets[1])
        return;
    char *text = properties_text(p->properties_bytes + offsets[0], (size_t)(offsets[1] - offsets[0]));
    if (text[0] != '\0') {
        (void)printf("%*s", INDENT, "");
        talk_wrapped(stdout, text, INDENT, INDENT, talk_width(stdout));
        (void)fputc('\n', stdout);
    }
    free(text);
}

static void print_event(const view *v, int64_t place, int code_width, int value_width)
{
    char clock[TIME_BYTES] = "";
    const int64_t event = v->events[place];
    const mimic_patient *p = v->patient;
    const mimic_code code = code_of(v, event);
    char *value = value_text(v, event);
    if (p->time[event] != INT64_MIN)
        (void)timeline_clock(p->time[event], clock);
    int pending = 0;
    print_column(clock, (int)strlen("00:00:00"), &pending);
    print_column(code.code, code_width, &pending);
    print_column(value, value_width, &pending);
    print_column(code.description, 0, &pending);
    print_notes(v, place, &pending);
    (void)fputc('\n', stdout);
    if (v->arguments->properties)
        print_properties(v, event);
    free(value);
}

static void print_text(const view *v)
{
    int code_width = 0;
    int value_width = 0;
    char day[TIME_BYTES] = "";
    char before[TIME_BYTES] = "";
    char number[NUMBER_BYTES];
    for (int64_t i = 0; i < v->count; i++) {
        char *value = value_text(v, v->events[i]);
        code_width = wider(code_width, code_of(v, v->events[i]).code, CODE_WIDTH_MAX);
        value_width = wider(value_width, value, VALUE_WIDTH_MAX);
        free(value);
    }
    (void)printf("subject %lld", (long long)v->patient->subject_id);
    if (v->patient->split[0] != '\0')
        talk_print(stdout, ", %s", v->patient->split);
    (void)printf(": %s events\n", talk_number(v->patient->count, number));
    for (int64_t i = 0; i < v->count; i++) {
        const int64_t time = v->patient->time[v->events[i]];
        if (time == INT64_MIN)
            (void)snprintf(day, sizeof day, "without a time");
        else
            (void)timeline_date(time, day);
        if (strcmp(day, before) != 0)
            (void)printf("\n%s\n", day);
        memcpy(before, day, sizeof before);
        print_event(v, i, code_width, value_width);
    }
    if (v->left_out > 0)
        (void)printf("\n... and %s more; see --limit\n", talk_number(v->left_out, number));
}

/* ---- JSON ---- */

static void json_bytes(const char *name, const char *bytes, const int64_t *offsets)
{
    const size_t size = (size_t)(offsets[1] - offsets[0]);
    char *text = malloc(size + 1);
    if (text == NULL)
        talk_out_of_memory();
    memcpy(text, bytes + offsets[0], size);
    text[size] = '\0';
    if (size > 0)
        talk_json_text(", ", name, text);
    free(text);
}

/* An object; a text where another writer keeps something else there. */
static void json_properties(const view *v, int64_t event)
{
    const mimic_patient *p = v->patient;
    const int64_t *offsets = p->properties_offsets + event;
    const char *json = p->properties_bytes + offsets[0];
    const size_t size = (size_t)(offsets[1] - offsets[0]);
    if (!properties_are_plain(json, size)) {
        json_bytes("properties", p->properties_bytes, offsets);
        return;
    }
    (void)fputs(", \"properties\": ", stdout);
    talk_json(stdout, json, size);
}

static void json_text(const char *name, const char *text)
{
    if (text[0] != '\0')
        talk_json_text(", ", name, text);
}

static void json_number(const char *name, int64_t number)
{
    if (number != INT64_MIN)
        talk_json_number(", ", name, number);
}

static void json_event(const view *v, int64_t event)
{
    char text[TIME_BYTES];
    char real[REAL_BYTES];
    const mimic_patient *p = v->patient;
    const mimic_code code = code_of(v, event);
    const double value = p->value[event];
    (void)fputs("{\"time\": ", stdout);
    if (p->time[event] == INT64_MIN)
        (void)fputs("null", stdout);
    else
        (void)printf("\"%s\"", timeline_time(p->time[event], 'T', text));
    talk_json_text(", ", "code", code.code);
    json_text("description", code.description);
    if (value - value == 0) /* neither NaN nor infinite, which JSON has not */
        (void)printf(", \"value\": %s", timeline_real(value, real));
    json_bytes("text", p->text_bytes, p->text_offsets + event);
    json_text("unit", mimic_trajectories_unit(v->trajectories, p->unit[event]));
    json_text("available_time", timeline_time(p->available[event], 'T', text));
    json_number("hadm_id", p->hadm_id[event]);
    json_number("stay_id", p->stay_id[event]);
    json_text("source_table", mimic_trajectories_table(v->trajectories, p->table[event]));
    json_number("source_row", p->source_row[event]);
    json_number("link_id", p->link_id[event]);
    json_number("order_rank", p->order_rank[event]);
    json_number("marks", p->marks[event]);
    json_properties(v, event);
    (void)fputs("}", stdout);
}

static void print_json(const view *v)
{
    talk_json_number("{", "subject_id", v->patient->subject_id);
    talk_json_text(", ", "split", v->patient->split);
    talk_json_number(", ", "event_count", v->patient->count);
    (void)fputs(", \"events\": [", stdout);
    for (int64_t i = 0; i < v->count; i++) {
        (void)fputs(i == 0 ? "\n  " : ",\n  ", stdout);
        json_event(v, v->events[i]);
    }
    (void)fputs("\n]}\n", stdout);
}

/* ---- the command ---- */

static int parse_subject(const char *text, int64_t *out)
{
    if (mimic_coerce_int64(text, strlen(text), out) == 0)
        return EXIT_DONE;
    talk_error("SUBJECT is a whole number, not '%s'", text);
    return EXIT_USAGE;
}

static int show(const session *s, const cli_arguments *arguments, int64_t subject, view *v)
{
    mimic_trajectories *trajectories = NULL;
    mimic_patient patient = MIMIC_PATIENT_INIT;
    mimic_error err = MIMIC_ERROR_INIT;
    int status = timeline_open(s, arguments, NULL, &trajectories);
    if (status != EXIT_DONE)
        return status;
    if (mimic_trajectories_seek(trajectories, subject, &err) != MIMIC_OK ||
        mimic_trajectories_next(trajectories, &patient, &err) != MIMIC_OK) {
        status = talk_mimic_error(&err);
    } else {
        v->trajectories = trajectories;
        v->patient = &patient;
        choose_events(v);
        if (arguments->format == FORMAT_JSON)
            print_json(v);
        else
            print_text(v);
        free(v->events);
    }
    mimic_trajectories_free(trajectories);
    return status;
}

static int run_show(const cli_arguments *arguments)
{
    session s;
    int64_t subject = 0;
    view v = {.arguments = arguments, .from = INT64_MIN, .to = INT64_MAX};
    int status = parse_subject(arguments->operands.items[1], &subject);
    if (status == EXIT_DONE && arguments->from != NULL)
        status = timeline_parse("--from", arguments->from, 0, &v.from);
    if (status == EXIT_DONE && arguments->to != NULL)
        status = timeline_parse("--to", arguments->to, 1, &v.to);
    if (status != EXIT_DONE)
        return status;
    status = session_open(arguments, &s);
    if (status == EXIT_DONE)
        status = show(&s, arguments, subject, &v);
    session_close(&s);
    return status;
}

static const cli_option own[] = {
    {"from", 0, OPTION_TEXT, "TIME", OPTION_AT(from),
     "Only events from this moment on, such as 2180-05-06 or \"2180-05-06 22:30:00\". Facts without "
     "a time are shown all the same."},
    {"to", 0, OPTION_TEXT, "TIME", OPTION_AT(to), "Only events up to this moment; a date means its end."},
    {"codes", 0, OPTION_LIST, "PATTERNS", OPTION_AT(codes),
     "Only events whose code fits one of these, parted by commas; * stands for any text: 'LAB*'."},
    {"limit", 0, OPTION_COUNT, "N", OPTION_AT(limit), "Only the first N of them."},
    {"properties", 0, OPTION_FLAG, NULL, OPTION_AT(properties),
     "Below each event the further columns of its row that the event map keeps. JSON always has them."},
    OPTION_END};

static const cli_option *const groups[] = {own, group_format, group_quiet, group_help, NULL};

const cli_command cmd_trajectories_show = {
    .name = "trajectories show",
    .summary = "print the time line of one patient",
    .operands = "OUT SUBJECT",
    .min_operands = 2,
    .max_operands = 2,
    .groups = groups,
    .description =
        "Prints the events of SUBJECT, as they stand in the dataset OUT, day by day: time, code, value "
        "with unit, what the code means, when it was known where that was later, and the admission and "
        "stay where they change. OUT may be any MEDS dataset in Arrow files.",
    .examples = "mimic trajectories show out 10000032\n"
                "All of a patient.\n"
                "mimic trajectories show out 10000032 --from 2180-05-06 --codes 'LAB*'\n"
                "The laboratory, from one day on.\n"
                "mimic trajectories show out 10000032 --codes 'PRESC*' --properties\n"
                "Drugs with dose, route and what else is known of them.\n"
                "mimic trajectories show out 10000032 --format json --limit 100\n"
                "The first hundred events, for a program.\n",
    .run = run_show,
};
