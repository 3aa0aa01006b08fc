/*
 * The report: one line a table, a line of totals, then the notes by kind. Columns that hold nothing
 * in any line are left out.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "talk.h"

enum {
    CELL_BYTES = 48,
    COLUMN_COUNT = 11,
    NAMES_SHOWN = 40,
    NOTES_SHOWN = 30,
    REMARKS_SHOWN = 3
};

typedef struct report_column {
    const char *title;
    int is_shown;
    int width;
} report_column;

typedef struct row {
    char cells[COLUMN_COUNT][CELL_BYTES];
} row;

enum { TABLE, READ, WRITTEN, REJECTED, DUPLICATES, FILTERED, NULLED, NULLS, SECONDS, RATE, EXPECTED };

static const char *const titles[COLUMN_COUNT] = {
    "table",  "read",  "written", "rejected", "duplicates", "filtered",
    "nulled", "nulls", "sec",     "MB/s",     "expected"};

static void fill_row(const mimic_table_report *t, row *out)
{
    const double rate = t->seconds > 0 ? (double)t->bytes / 1e6 / t->seconds : 0;
    (void)snprintf(out->cells[TABLE], CELL_BYTES, "%.40s", t->table);
    (void)talk_number(t->read, out->cells[READ]);
    (void)talk_number(t->written, out->cells[WRITTEN]);
    (void)talk_number(t->rejected, out->cells[REJECTED]);
    (void)talk_number(t->duplicates, out->cells[DUPLICATES]);
    (void)talk_number(t->filtered, out->cells[FILTERED]);
    (void)talk_number(t->nulled, out->cells[NULLED]);
    (void)talk_number(t->nulls, out->cells[NULLS]);
    (void)snprintf(out->cells[SECONDS], CELL_BYTES, "%.2f", t->seconds);
    (void)snprintf(out->cells[RATE], CELL_BYTES, "%.0f", rate);
    if (t->expected_rows >= 0)
        (void)talk_number(t->expected_rows, out->cells[EXPECTED]);
    else
        out->cells[EXPECTED][0] = '\0';
}

static void add_to_total(const mimic_table_report *t, mimic_table_report *total)
{
    total->read += t->read;
    total->written += t->written;
    total->rejected += t->rejected;
    total->duplicates += t->duplicates;
    total->filtered += t->filtered;
    total->nulled += t->nulled;
    total->nulls += t->nulls;
    total->bytes += t->bytes;
    total->seconds += t->seconds;
}

static void print_row(FILE *stream, const report_column *columns, const row *line)
{
    talk_print(stream, "%-*s", columns[TABLE].width, line->cells[TABLE]);
    int blanks = 0; /* those before a cell that is empty are kept back */
    for (size_t i = 1; i < COLUMN_COUNT; i++) {
        if (!columns[i].is_shown)
            continue;
        blanks += 2 + columns[i].width - (int)strlen(line->cells[i]);
        if (line->cells[i][0] != '\0') {
            (void)fprintf(stream, "%*s%s", blanks, "", line->cells[i]);
            blanks = 0;
        }
    }
    (void)fputc('\n', stream);
}

static void measure(const row *rows, size_t count, const mimic_table_report *total,
                    int has_expected, report_column *columns)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        columns[i] = (report_column){titles[i], 1, (int)strlen(titles[i])};
        for (size_t r = 0; r < count; r++) {
            const int width = (int)strlen(rows[r].cells[i]);
            columns[i].width = width > columns[i].width ? width : columns[i].width;
        }
    }
    columns[DUPLICATES].is_shown = total->duplicates > 0;
    columns[FILTERED].is_shown = total->filtered > 0;
    columns[NULLED].is_shown = total->nulled > 0;
    columns[EXPECTED].is_shown = has_expected;
}

static void print_tables(FILE *stream, const mimic_report *report)
{
    const size_t count = mimic_report_table_count(report);
    row *rows = calloc(count + 1, sizeof *rows);
    if (rows == NULL)
        talk_out_of_memory();
    mimic_table_report total = MIMIC_TABLE_REPORT_INIT;
    total.table = "total";
    total.expected_rows = -1;
    int has_expected = 0;
    size_t lines = 0;
    for (size_t i = 0; i < count; i++) {
        mimic_table_report t = MIMIC_TABLE_REPORT_INIT;
        (void)mimic_report_table(report, i, &t);
        if (t.is_unchanged)
            continue;
        fill_row(&t, &rows[lines++]);
        add_to_total(&t, &total);
        has_expected |= t.expected_rows >= 0;
    }
    if (lines > 1)
        fill_row(&total, &rows[lines++]);
    report_column columns[COLUMN_COUNT];
    measure(rows, lines, &total, has_expected, columns);
    row heading;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        (void)snprintf(heading.cells[i], CELL_BYTES, "%s", titles[i]);
    (void)fputc('\n', stream);
    print_row(stream, columns, &heading);
    for (size_t i = 0; i < lines; i++)
        print_row(stream, columns, &rows[i]);
    free(rows);
}

/* ---- tables that were left as they are ---- */

static size_t count_unchanged(const mimic_report *report, int64_t *out_rows)
{
    size_t count = 0;
    mimic_table_report t = MIMIC_TABLE_REPORT_INIT;
    *out_rows = 0;
    for (size_t i = 0; mimic_report_table(report, i, &t) == MIMIC_OK; i++) {
        count += t.is_unchanged != 0;
        *out_rows += t.is_unchanged ? t.written : 0;
    }
    return count;
}

/* What their ledger says of rejects counts as before, so it is told again. */
static void print_old_rejects(FILE *stream, const mimic_report *report)
{
    char number[NUMBER_BYTES];
    mimic_table_report t = MIMIC_TABLE_REPORT_INIT;
    for (size_t i = 0; mimic_report_table(report, i, &t) == MIMIC_OK; i++)
        if (t.is_unchanged && t.rejected > 0)
            talk_print(stream, "  %s: %s rows were rejected when it was loaded\n", t.table,
                       talk_number(t.rejected, number));
}

static void print_unchanged(FILE *stream, const mimic_report *report)
{
    char number[NUMBER_BYTES];
    int64_t rows;
    const size_t unchanged = count_unchanged(report, &rows);
    if (unchanged == 0)
        return;
    const char *const begin =
        unchanged == mimic_report_table_count(report) ? "nothing to do: " : "";
    (void)fprintf(stream, "\n%s%zu table%s unchanged, %s rows\n", begin, unchanged,
                  unchanged == 1 ? "" : "s", talk_number(rows, number));
    print_old_rejects(stream, report);
}

/* ---- notes ---- */

typedef struct note_group {
    mimic_note_kind kind;
    const char *title;
    int is_one_line; /* the notes are names, joined by commas */
} note_group;

static const note_group groups[] = {
    {MIMIC_NOTE_REJECTS, "Rejects", 0},
    {MIMIC_NOTE_KEY, "Keys", 0},
    {MIMIC_NOTE_LEDGER, "Ledger", 0},
    {MIMIC_NOTE_DRIFT, "Drift", 0},
    {MIMIC_NOTE_FINDING, "Checks of the target", 0},
    {MIMIC_NOTE_COUNT, "Row counts", 0},
    {MIMIC_NOTE_IGNORED, "Ignored files", 1},
    {MIMIC_NOTE_ABSENT, "Absent tables", 1},
};

static void print_note(FILE *stream, const mimic_note *note, int width)
{
    char head[512] = ""; /* two characters are kept for ": " */
    char number[NUMBER_BYTES];
    const char *place = note->table[0] != '\0' ? note->table : note->code;
    const char *dot = note->table[0] != '\0' && note->column[0] != '\0' ? "." : "";
    (void)snprintf(head, sizeof head - 2, "%s%s%s", place, dot, dot[0] != '\0' ? note->column : "");
    /* Some messages begin with the table themselves. */
    if (head[0] != '\0' && strncmp(note->message, head, strlen(head)) == 0)
        head[0] = '\0';
    else if (head[0] != '\0')
        (void)snprintf(head + strlen(head), 3, ": ");
    const int column = 2 + (int)talk_length(head, strlen(head));
    talk_print(stream, "  %s", head);
    char text[2048];
    if (note->kind == MIMIC_NOTE_REJECTS && note->count >= 0)
        (void)snprintf(text, sizeof text, "%s %s; %s", talk_number(note->count, number), note->code,
                       note->message);
    else
        (void)snprintf(text, sizeof text, "%s", note->message);
    talk_wrapped(stream, text, column, 4, width);
    (void)fputc('\n', stream);
}

/* The next note of a kind, from *index on; *index is left behind it. 0 when there is none. */
static int next_note(const mimic_report *report, mimic_note_kind kind, size_t *index,
                     mimic_note *out)
{
    while (*index < mimic_report_note_count(report)) {
        *out = (mimic_note)MIMIC_NOTE_INIT;
        (void)mimic_report_note(report, (*index)++, out);
        if (out->kind == kind)
            return 1;
    }
    return 0;
}

static void print_names(FILE *stream, const mimic_report *report, const note_group *group,
                        int width)
{
    int column = 0;
    size_t index = 0;
    size_t found = 0;
    mimic_note note;
    while (next_note(report, group->kind, &index, &note)) {
        if (found++ >= NAMES_SHOWN)
            continue;
        const char *name = note.table[0] != '\0' ? note.table : note.message;
        const int size = (int)talk_length(name, strlen(name));
        if (column == 0) {
            column = fprintf(stream, "\n%s: ", group->title) - 1;
        } else if (column + 2 + size > width - 1) {
            (void)fputs(",\n    ", stream);
            column = 4;
        } else {
            column += fprintf(stream, ", ");
        }
        talk_print(stream, "%s", name);
        column += size;
    }
    if (found > NAMES_SHOWN)
        (void)fprintf(stream, ",\n    ... and %zu more; --format json has them all",
                      found - NAMES_SHOWN);
    if (column > 0)
        (void)fputc('\n', stream);
}

static void print_group(FILE *stream, const mimic_report *report, const note_group *group,
                        int width)
{
    size_t found = 0;
    size_t remarks = 0; /* on single tables, such as keys that lead out of the target */
    size_t left_out = 0;
    size_t index = 0;
    mimic_note note;
    while (next_note(report, group->kind, &index, &note)) {
        const int is_remark =
            !note.is_problem && note.table[0] != '\0' &&
            (note.kind == MIMIC_NOTE_FINDING || (note.kind == MIMIC_NOTE_KEY && note.count < 0));
        if (found++ == 0)
            (void)fprintf(stream, "\n%s\n", group->title);
        if ((is_remark && ++remarks > REMARKS_SHOWN) || found - left_out > NOTES_SHOWN)
            left_out++;
        else
            print_note(stream, &note, width);
    }
    if (left_out > 0)
        (void)fprintf(stream, "  ... and %zu more; --format json has them all\n", left_out);
}

/* Tables that failed. One alone whose message is the error of the whole needs no list. */
static void print_failures(FILE *stream, const mimic_report *report, const char *known_error,
                           int width)
{
    size_t failed = 0;
    int is_news = 0;
    mimic_table_report t = MIMIC_TABLE_REPORT_INIT;
    for (size_t i = 0; mimic_report_table(report, i, &t) == MIMIC_OK; i++) {
        failed += t.status != MIMIC_OK;
        is_news |= t.status != MIMIC_OK && strcmp(t.message, known_error) != 0;
    }
    if (failed == 0 || (failed == 1 && !is_news))
        return;
    (void)fputs("\nFailed\n", stream);
    for (size_t i = 0; mimic_report_table(report, i, &t) == MIMIC_OK; i++) {
        if (t.status == MIMIC_OK)
            continue;
        talk_print(stream, "  %s: ", t.table);
        talk_wrapped(stream, t.message, 4 + (int)strlen(t.table), 4, width);
        (void)fputc('\n', stream);
    }
}

/* "mimic-iv@2.2 (demo) to x.db"; a bare schema has no dataset, and its table stands there. */
static void print_heading(FILE *stream, const mimic_report *report)
{
    const char *name = mimic_report_dataset(report);
    const char *edition = mimic_report_edition(report);
    mimic_table_report table = MIMIC_TABLE_REPORT_INIT;
    if (name[0] == '\0' && mimic_report_table(report, 0, &table) == MIMIC_OK)
        name = table.table;
    if (edition[0] != '\0')
        talk_print(stream, "%s (%s) to %s\n", name, edition, mimic_report_target(report));
    else
        talk_print(stream, "%s to %s\n", name, mimic_report_target(report));
}

void report_print(FILE *stream, const mimic_report *report, const char *known_error)
{
    const int width = talk_width(stream);
    const size_t tables = mimic_report_table_count(report);
    if (tables + mimic_report_note_count(report) == 0)
        return; /* it failed before there was anything to report */
    print_heading(stream, report);
    int64_t rows;
    if (tables > count_unchanged(report, &rows))
        print_tables(stream, report);
    print_unchanged(stream, report);
    print_failures(stream, report, known_error, width);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (groups[i].is_one_line)
            print_names(stream, report, &groups[i], width);
        else
            print_group(stream, report, &groups[i], width);
    }
}

int report_exit_status(const mimic_report *report)
{
    int has_rejects = 0;
    for (size_t i = 0; i < mimic_report_table_count(report); i++) {
        mimic_table_report t = MIMIC_TABLE_REPORT_INIT;
        (void)mimic_report_table(report, i, &t);
        if (t.status != MIMIC_OK)
            return EXIT_FAILED;
        has_rejects |= t.rejected > 0;
    }
    for (size_t i = 0; i < mimic_report_note_count(report); i++) {
        mimic_note note = MIMIC_NOTE_INIT;
        (void)mimic_report_note(report, i, &note);
        const int is_check = note.kind == MIMIC_NOTE_FINDING || note.kind == MIMIC_NOTE_COUNT ||
                             note.kind == MIMIC_NOTE_KEY;
        has_rejects |= is_check && note.is_problem;
    }
    return has_rejects ? EXIT_REJECTS : EXIT_DONE;
}
