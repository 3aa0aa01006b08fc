/*
 * The report of trajectories: one line a table, what was doubtful in it, then the whole. Columns that
 * hold nothing in any line are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "talk.h"
#include "trajectories.h"

enum { CELL_BYTES = 48, COLUMN_COUNT = 7, NUMBER_COLUMN = 1, MARK_COUNT = 7 };

typedef struct row {
    char cells[COLUMN_COUNT][CELL_BYTES];
} row;

enum { TABLE, READ, WITH_EVENTS, WITHOUT, REJECTED, EVENTS, NO_GROUP };

static const char *const titles[COLUMN_COUNT] = {"table",    "read",   "with events", "without",
                                                 "rejected", "events", "outside"};

/* By the number of the bit. */
static const char *const marks[MARK_COUNT] = {
    "with a time that does not parse",
    "of intervals that end before they start",
    "before or behind their admission",
    "of unknown patients",
    "without an admission or stay that should be named",
    "whose admission was found by time",
    "whose stay was found by time",
};

static void fill_row(const mimic_event_table_report *t, row *out)
{
    (void)snprintf(out->cells[TABLE], CELL_BYTES, "%.40s", t->table);
    (void)talk_number(t->read, out->cells[READ]);
    (void)talk_number(t->with_events, out->cells[WITH_EVENTS]);
    (void)talk_number(t->without_events, out->cells[WITHOUT]);
    (void)talk_number(t->rejected, out->cells[REJECTED]);
    (void)talk_number(t->events, out->cells[EVENTS]);
    (void)talk_number(t->outside_group, out->cells[NO_GROUP]);
}

static void add_to_total(const mimic_event_table_report *t, mimic_event_table_report *total)
{
    total->read += t->read;
    total->with_events += t->with_events;
    total->without_events += t->without_events;
    total->rejected += t->rejected;
    total->events += t->events;
    total->outside_group += t->outside_group;
}

static int width_of(const row *rows, size_t count, size_t column)
{
    size_t width = 0;
    for (size_t r = 0; r < count; r++) {
        const size_t size = strlen(rows[r].cells[column]);
        width = size > width ? size : width;
    }
    return (int)width;
}

/* Lines of `rows`, of which the first is the heading; columns that hold nothing are left out. */
static void print_rows(FILE *stream, const row *rows, size_t count, const int *is_shown)
{
    const int name_width = width_of(rows, count, TABLE);
    for (size_t r = 0; r < count; r++) {
        talk_print(stream, "%-*s", name_width, rows[r].cells[TABLE]);
        for (size_t column = NUMBER_COLUMN; column < COLUMN_COUNT; column++)
            if (is_shown[column])
                (void)fprintf(stream, "  %*s", width_of(rows, count, column),
                              rows[r].cells[column]);
        (void)fputc('\n', stream);
    }
}

static void print_tables(FILE *stream, const mimic_trajectory_report *report, int is_partition)
{
    const size_t count = mimic_trajectory_report_table_count(report);
    row *rows = calloc(count + 2, sizeof *rows);
    if (rows == NULL)
        talk_out_of_memory();
    mimic_event_table_report total = MIMIC_EVENT_TABLE_REPORT_INIT;
    mimic_event_table_report table = MIMIC_EVENT_TABLE_REPORT_INIT;
    total.table = "total";
    size_t lines = 0;
    for (size_t column = 0; column < COLUMN_COUNT; column++)
        (void)snprintf(rows[0].cells[column], CELL_BYTES, "%s", titles[column]);
    for (size_t i = 0; mimic_trajectory_report_table(report, i, &table) == MIMIC_OK; i++) {
        fill_row(&table, &rows[++lines]);
        add_to_total(&table, &total);
    }
    if (lines > 1)
        fill_row(&total, &rows[++lines]);
    (void)fputc('\n', stream);
    const int is_shown[COLUMN_COUNT] = {
        [READ] = 1,
        [WITH_EVENTS] = 1,
        [WITHOUT] = 1,
        [REJECTED] = 1,
        [EVENTS] = !is_partition, /* they are made, but not judged yet */
        [NO_GROUP] = total.outside_group > 0,
    };
    print_rows(stream, rows, lines + 1, is_shown);
    free(rows);
}

/* "  12 before or behind their admission: labevents 10, omr 2", wrapped. */
static void print_mark(FILE *stream, const mimic_trajectory_report *report, int bit, int64_t total)
{
    enum { INDENT = 4 };
    const int width = talk_width(stream);
    const char *gap = ": ";
    char number[NUMBER_BYTES];
    char part[CELL_BYTES + NUMBER_BYTES];
    mimic_event_table_report table = MIMIC_EVENT_TABLE_REPORT_INIT;
    int column = fprintf(stream, "  %s %s", talk_number(total, number), marks[bit]);
    for (size_t i = 0; mimic_trajectory_report_table(report, i, &table) == MIMIC_OK; i++) {
        if (table.marked[bit] == 0)
            continue;
        (void)snprintf(part, sizeof part, "%.40s %s", table.table,
                       talk_number(table.marked[bit], number));
        const int size = (int)strlen(part);
        if (column + 3 + size > width) {
            talk_print(stream, "%c\n%*s%s", gap[0], INDENT, "", part);
            column = INDENT + size;
        } else {
            talk_print(stream, "%s%s", gap, part);
            column += 2 + size;
        }
        gap = ", ";
    }
    (void)fputc('\n', stream);
}

static void print_marks(FILE *stream, const mimic_trajectory_report *report)
{
    int64_t totals[MARK_COUNT] = {0};
    mimic_event_table_report table = MIMIC_EVENT_TABLE_REPORT_INIT;
    for (size_t i = 0; mimic_trajectory_report_table(report, i, &table) == MIMIC_OK; i++)
        for (int bit = 0; bit < MARK_COUNT; bit++)
            totals[bit] += table.marked[bit];
    int has_title = 0;
    for (int bit = 0; bit < MARK_COUNT; bit++) {
        if (totals[bit] == 0)
            continue;
        if (!has_title)
            (void)fputs("\nDoubtful events, and ids that were found\n", stream);
        has_title = 1;
        print_mark(stream, report, bit, totals[bit]);
    }
}

/* "Absent tables: poe, d_items", wrapped. */
static void print_names(FILE *stream, const mimic_trajectory_report *report,
                        mimic_trajectory_list list, const char *title)
{
    enum { INDENT = 4 };
    const size_t count = mimic_trajectory_report_name_count(report, list);
    size_t room = 1;
    for (size_t i = 0; i < count; i++)
        room += strlen(mimic_trajectory_report_name(report, list, i)) + 2;
    char *names = malloc(room);
    if (names == NULL)
        talk_out_of_memory();
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(names + used, room - used, "%s%s", i == 0 ? "" : ", ",
                                 mimic_trajectory_report_name(report, list, i));
    if (count > 0) {
        (void)fprintf(stream, "%s: ", title);
        talk_wrapped(stream, names, (int)strlen(title) + 2, INDENT, talk_width(stream));
        (void)fputc('\n', stream);
    }
    free(names);
}

/* What it was made without. Of codes that nothing fits the library warns. */
static void print_gaps(FILE *stream, const mimic_trajectory_report *report)
{
    if (mimic_trajectory_report_name_count(report, MIMIC_TRAJECTORY_ABSENT_TABLES) > 0 ||
        mimic_trajectory_report_name_count(report, MIMIC_TRAJECTORY_UNMAPPED_TABLES) > 0)
        (void)fputc('\n', stream);
    print_names(stream, report, MIMIC_TRAJECTORY_ABSENT_TABLES, "Absent tables");
    print_names(stream, report, MIMIC_TRAJECTORY_UNMAPPED_TABLES,
                "Tables that the event map leaves out");
}

static void print_totals(FILE *stream, const mimic_trajectory_totals *totals)
{
    char number[NUMBER_BYTES];
    (void)fprintf(stream, "\n%s patients, ", talk_number(totals->subjects, number));
    (void)fprintf(stream, "%s events, ", talk_number(totals->events, number));
    (void)fprintf(stream, "%s codes ", talk_number(totals->codes, number));
    (void)fprintf(stream, "in %s files, ", talk_number(totals->files, number));
    (void)fprintf(stream, "%.1f MB\n", (double)totals->bytes / 1e6);
}

static void print_scratch(FILE *stream, const mimic_trajectory_totals *totals)
{
    if (totals->spilled_bytes > 0)
        (void)fprintf(stream, "%.1f MB of scratch files\n", (double)totals->spilled_bytes / 1e6);
}

static void print_whole(FILE *stream, const mimic_trajectory_report *report,
                        const mimic_trajectory_totals *totals)
{
    if (totals->is_unchanged) {
        (void)fputs("\nnothing to do: made of the same inputs and options already\n", stream);
        print_totals(stream, totals);
        return;
    }
    print_tables(stream, report, 0);
    print_marks(stream, report);
    print_gaps(stream, report);
    print_totals(stream, totals);
    print_scratch(stream, totals);
    if (!totals->is_complete)
        (void)fputs("other parts are still missing: the one that is finished last writes the "
                    "metadata\n",
                    stream);
}

void trajectories_report_print(FILE *stream, const mimic_trajectory_report *report,
                               const char *title, int is_partition)
{
    mimic_trajectory_totals totals = MIMIC_TRAJECTORY_TOTALS_INIT;
    if (mimic_trajectory_report_totals(report, &totals) != MIMIC_OK ||
        mimic_trajectory_report_table_count(report) == 0)
        return; /* it failed before there was anything to report */
    talk_print(stream, "%s\n", title);
    if (is_partition) {
        print_tables(stream, report, 1);
        print_gaps(stream, report);
        print_scratch(stream, &totals);
        (void)fputs("\nwhen all tables are there: mimic trajectories assemble\n", stream);
    } else {
        print_whole(stream, report, &totals);
    }
}
