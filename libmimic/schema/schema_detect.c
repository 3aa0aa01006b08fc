/*
 * Recognising a release. Headers decide as far as they differ; marks (columns, values, row counts)
 * decide between releases whose headers are the same; the higher version is the last resort and is
 * said to be one. A file that is not at hand says nothing for or against.
 */
#include "schema/schema_detect.h"

#include <string.h>

#include "base/error.h"

/* One release being scored. */
typedef struct scoring {
    const mimic_found_file *files;
    size_t file_count;
    mimic_column_values_fn values;
    void *values_ctx;
    mimic_release_score *score;
    mimic_buffer *marks; /* words */
} scoring;

/* ---- marks ---- */

static void note_mark(scoring *self, bool held, const char *table, const char *what,
                      const char *name)
{
    if (held)
        self->score->marks_held++;
    else
        self->score->marks_failed++;
    mimic__buffer_format(self->marks, "%s%s %s \"%s\"", self->marks->size > 0 ? ", " : "", table,
                         what, name);
}

static const mimic_found_file *find_file(const scoring *self, const char *table_name)
{
    for (size_t i = 0; i < self->file_count; i++) {
        const mimic_table *table =
            mimic__schema_match_file(self->score->dataset, self->files[i].relative);
        if (table != NULL && mimic__name_equals(table->name, table_name))
            return &self->files[i];
    }
    return NULL;
}

/* The first of `names` whose presence is not `expected`; NULL when there is none. */
static const char *find_contrary(const mimic_found_file *file, const char *const *names,
                                 size_t count, bool expected)
{
    size_t column;
    for (size_t i = 0; i < count; i++)
        if (mimic__schema_has_column(file->header, file->header_count, names[i], &column) !=
            expected)
            return names[i];
    return NULL;
}

static const mimic_text *find_common(const mimic_text *values, size_t count,
                                     const mimic_text *wanted, size_t wanted_count)
{
    for (size_t i = 0; i < wanted_count; i++)
        for (size_t j = 0; j < count; j++)
            if (values[j].size == wanted[i].size &&
                memcmp(values[j].data, wanted[i].data, wanted[i].size) == 0)
                return &wanted[i];
    return NULL;
}

static void weigh_columns(scoring *self, const mimic_signature *mark, const mimic_found_file *file)
{
    const char *missing = find_contrary(file, mark->columns, mark->column_count, true);
    if (missing != NULL)
        note_mark(self, false, mark->table, "lacks", missing);
    else if (mark->column_count > 0)
        note_mark(self, true, mark->table, "has", mark->columns[0]);
    const char *extra = find_contrary(file, mark->absent, mark->absent_count, false);
    if (extra != NULL)
        note_mark(self, false, mark->table, "has", extra);
    else if (mark->absent_count > 0)
        note_mark(self, true, mark->table, "has no", mark->absent[0]);
}

static void weigh_values(scoring *self, const mimic_signature *mark, const mimic_found_file *file)
{
    size_t column;
    if (mark->column == NULL || self->values == NULL ||
        !mimic__schema_has_column(file->header, file->header_count, mark->column, &column))
        return;
    const mimic_text *values = NULL;
    const size_t count = self->values(file, column, &values, self->values_ctx);
    const mimic_text *other =
        find_common(values, count, mark->other_values, mark->other_value_count);
    const mimic_text *own = find_common(values, count, mark->values, mark->value_count);
    if (other != NULL)
        note_mark(self, false, mark->column, "has", other->data);
    else if (own != NULL)
        note_mark(self, true, mark->column, "has", own->data);
}

static void weigh_marks(scoring *self)
{
    const mimic_dataset *dataset = self->score->dataset;
    for (size_t i = 0; i < dataset->signature_count; i++) {
        const mimic_signature *mark = &dataset->signatures[i];
        const mimic_found_file *file = find_file(self, mark->table);
        if (file == NULL || file->header_count == 0)
            continue;
        weigh_columns(self, mark, file);
        weigh_values(self, mark, file);
        if (mark->rows >= 0 && mark->rows == file->rows)
            note_mark(self, true, mark->table, "has the row count of", dataset->version);
    }
}

/* ---- score ---- */

static void weigh_headers(scoring *self)
{
    mimic_release_score *score = self->score;
    for (size_t i = 0; i < self->file_count; i++) {
        const mimic_found_file *file = &self->files[i];
        const mimic_table *table = mimic__schema_match_file(score->dataset, file->relative);
        if (table == NULL)
            continue;
        score->tables_found++;
        if (file->header_count == 0)
            continue;
        const mimic_header_fit fit = mimic__schema_fit(table, file->header, file->header_count);
        score->columns_known += fit.known;
        score->columns_unknown += fit.unknown;
        score->columns_missing += fit.missing;
        score->required_missing += fit.required_missing;
        score->likeness += fit.likeness;
    }
}

static int compare_counts(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* Above 0 when something speaks for `a` over `b`, the version left out. */
static int compare_evidence(const mimic_release_score *a, const mimic_release_score *b)
{
    const double difference = a->likeness - b->likeness;
    if (difference > 1e-9 || difference < -1e-9)
        return difference > 0 ? 1 : -1;
    int order = compare_counts(a->tables_found, b->tables_found);
    if (order == 0)
        order = compare_counts(b->marks_failed, a->marks_failed);
    if (order == 0)
        order = compare_counts(b->required_missing, a->required_missing);
    if (order == 0)
        order = compare_counts(a->marks_held, b->marks_held);
    return order;
}

static bool is_better(const mimic_release_score *a, const mimic_release_score *b)
{
    if (b->dataset == NULL)
        return true;
    const int evidence = compare_evidence(a, b);
    if (evidence != 0)
        return evidence > 0;
    /* Releases come by name, then by rising version: a later one of the same name wins. */
    return strcmp(a->dataset->name, b->dataset->name) == 0;
}

static mimic_status score_release(mimic_arena *arena, scoring *self, mimic_error *err)
{
    mimic_buffer marks;
    mimic__buffer_init(&marks, arena->ctx);
    self->marks = &marks;
    weigh_headers(self);
    if (self->score->tables_found > 0)
        weigh_marks(self);
    self->score->marks = marks.failed ? NULL : mimic__arena_strndup(arena, marks.data, marks.size);
    mimic__buffer_free(&marks);
    return self->score->marks == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* ---- words ---- */

static void append_score(mimic_buffer *text, const mimic_release_score *score)
{
    mimic__buffer_format(text, "%s%s%s (%zu tables, %zu of %zu columns", score->dataset->name,
                         score->dataset->version[0] == '\0' ? "" : "@", score->dataset->version,
                         score->tables_found, score->columns_known,
                         score->columns_known + score->columns_missing);
    if (score->columns_unknown > 0)
        mimic__buffer_format(text, ", %zu unknown", score->columns_unknown);
    if (score->marks[0] != '\0')
        mimic__buffer_format(text, "; %s", score->marks);
    mimic__buffer_byte(text, ')');
}

static mimic_status explain(mimic_arena *arena, mimic_detection *detection, mimic_error *err)
{
    mimic_buffer text;
    mimic__buffer_init(&text, arena->ctx);
    append_score(&text, &detection->best);
    if (detection->second.dataset != NULL) {
        mimic__buffer_text(&text, detection->is_tie ? ", as good as " : ", before ");
        append_score(&text, &detection->second);
        if (detection->is_tie)
            mimic__buffer_text(&text, "; nothing in the files tells them apart, so the later one "
                                      "is taken");
    }
    detection->reason = text.failed ? NULL : mimic__arena_strndup(arena, text.data, text.size);
    mimic__buffer_free(&text);
    return detection->reason == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic__schema_detect(mimic_arena *arena, const mimic_registry *registry,
                                  const mimic_found_file *files, size_t file_count,
                                  mimic_column_values_fn values, void *values_ctx,
                                  mimic_detection *out_detection, mimic_error *err)
{
    *out_detection = (mimic_detection){.reason = ""};
    for (size_t i = 0; i < registry->release_count; i++) {
        mimic_release_score score = {.dataset = registry->releases[i]->dataset};
        scoring self = {files, file_count, values, values_ctx, &score, NULL};
        MIMIC_TRY(score_release(arena, &self, err));
        if (score.tables_found == 0)
            continue;
        if (is_better(&score, &out_detection->best)) {
            out_detection->second = out_detection->best;
            out_detection->best = score;
        } else if (is_better(&score, &out_detection->second)) {
            out_detection->second = score;
        }
    }
    if (out_detection->best.dataset == NULL)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                           "none of %zu files is a table of a dataset that is known; name the "
                           "dataset, or add a package for it",
                           file_count);
    out_detection->is_tie = out_detection->second.dataset != NULL &&
                            compare_evidence(&out_detection->best, &out_detection->second) == 0;
    return explain(arena, out_detection, err);
}
