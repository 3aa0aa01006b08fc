/* Building a report; reading one is the public API. */
#ifndef MIMIC_LOAD_REPORT_H
#define MIMIC_LOAD_REPORT_H

#include <mimic/load.h>

#include "base/arena.h"

struct mimic_report {
    const mimic_context *ctx;
    mimic_arena arena;
    const char *dataset;
    const char *edition;
    const char *target;
    mimic_table_report *tables;
    size_t table_count;
    size_t table_capacity;
    mimic_note *notes;
    size_t note_count;
    size_t note_capacity;
};

mimic_report *mimic__report_new(const mimic_context *ctx, const char *target); /* NULL: no memory */
/* A new line of the report, zeroed, texts ""; valid until the next call. NULL: no memory. */
mimic_table_report *mimic__report_add_table(mimic_report *report, const char *table,
                                            const char *source);
/* Appends copies of another report's tables and notes. False when memory ran out. */
bool mimic__report_merge(mimic_report *report, const mimic_report *from);
/* Puts the tables, and the notes on their rejects, in the order of the package. */
void mimic__report_sort(mimic_report *report, const mimic_dataset *dataset);
/* Adds a note; its texts are copied. False when memory ran out. */
bool mimic__report_add_note(mimic_report *report, const mimic_note *note);
/* Recognises the edition by the row counts and fills expected_rows and the notes on counts, which a
 * check calls problems: a subset of a release is no fault of a load. */
bool mimic__report_compare_counts(mimic_report *report, const mimic_dataset *dataset,
                                  bool is_problem);

#endif
