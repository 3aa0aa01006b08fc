/*
 * Writes a MEDS dataset of hand-made events, with all of its parts, for readers that share no code with
 * libmimic.
 *
 *     write_event_cases OUT SUBJECTS shards|files
 */
#include <sys/stat.h>

#include "made_events.h"

static void check(mimic_status status, const mimic_error *err)
{
    made_must(status == MIMIC_OK, err->message);
}

static const char *below(char *path, const char *folder, const char *name)
{
    snprintf(path, 1024, "%s/%s", folder, name);
    return path;
}

static void write_metadata(const mimic_context *ctx, const char *out, const made_events *h,
                           const mimic_event_plan *plan, const int64_t *subjects, size_t count)
{
    char path[1024];
    mimic_error err = MIMIC_ERROR_INIT;
    const uint32_t code_count = mimic__event_codes_count(h->codes);
    mimic_code_line *lines = calloc(code_count, sizeof *lines);
    made_must(lines != NULL, "memory");
    static const char *const parents[] = {"A/1", "", "B/\xc3\xa9"};
    for (uint32_t i = 0; i < code_count; i++) {
        lines[i].code = mimic__event_codes_text(h->codes, i, &lines[i].code_size);
        lines[i].description = i % 3 == 0 ? NULL : i % 3 == 1 ? "" : "described";
        lines[i].parents = parents;
        lines[i].parent_count = i % 4;
        for (size_t j = 0; j < h->count; j++)
            lines[i].events += h->items[j].event.code == i;
    }
    check(mimic__codes_file_write(ctx, below(path, out, "metadata/codes.arrow"), lines, code_count,
                                  &err),
          &err);
    check(mimic__splits_file_write(ctx, below(path, out, "metadata/subject_splits.arrow"), subjects,
                                   count, plan, &err),
          &err);
    const mimic_dataset_card card = {"by hand", "1", "v\"1\"", "CC0"};
    check(mimic__dataset_card_write(ctx, below(path, out, "metadata/dataset.json"), &card, &err),
          &err);
    free(lines);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("write_event_cases OUT SUBJECTS shards|files\n", stderr);
        return 2;
    }
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = NULL;
    check(mimic_context_new(NULL, &ctx, &err), &err);
    const size_t count = strtoul(argv[2], NULL, 10);
    int64_t *subjects = calloc(count + 1, sizeof *subjects);
    made_must(subjects != NULL, "memory");
    for (size_t i = 0; i < count; i++)
        subjects[i] = 10000000 + (int64_t)i * 7;
    made_events h;
    made_events_begin(&h, ctx);
    made_patients(&h, count);
    mimic_event_plan *plan = NULL;
    const mimic_event_shares shares = {600, 200, 10};
    check(mimic__event_plan_new(ctx, subjects, count, &shares, &plan, &err), &err);
    const mimic_event_output_options options = {
        .path = argv[1],
        .layout = strcmp(argv[3], "files") == 0 ? MIMIC_LAYOUT_FILES : MIMIC_LAYOUT_SHARDS,
        .group = MIMIC_GROUP_ADMISSION,
        .version = "v1",
        .map = &h.map,
        .plan = plan,
        .codes = h.codes,
        .units = h.units,
        .end_file = mimic__event_plan_all_files(plan)};
    mimic_event_output *output = NULL;
    check(mimic__event_output_new(ctx, &options, &output, &err), &err);
    check(made_write(&h, plan, mimic__event_output_target(output), 0, &err), &err);
    check(mimic__event_output_finish(output, &err), &err);
    mimic__event_output_free(output);
    write_metadata(ctx, argv[1], &h, plan, subjects, count);
    made_events_end(&h);
    mimic__event_plan_free(plan);
    mimic_context_free(ctx);
    free(subjects);
    return 0;
}
