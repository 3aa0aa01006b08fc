/*
 * What a build goes without: tables of the map that no folder has a file of, files of tables that the
 * map does not have, patterns of codes that no event fits. None of it is an error, all of it is told.
 */
#include <string.h>

#include "base/error.h"
#include "events/event_emit.h"
#include "events/event_state.h"

#define MOST_WARNINGS 10 /* the report has them all */

/* ---- tables ---- */

static bool is_read(const event_job *job, const mimic_event_table *table)
{
    for (size_t i = 0; i < job->input_count; i++)
        if (job->inputs[i].table == table)
            return true;
    return false;
}

static mimic_status find_absent_tables(event_job *job, mimic_error *err)
{
    for (size_t i = 0; i < job->map->table_count; i++) {
        const mimic_event_table *const table = &job->map->tables[i];
        const load_file *file = NULL;
        if (is_read(job, table) || !mimic__event_job_needs(job, table))
            continue;
        MIMIC_TRY(mimic__event_job_find_file(job, table->table, &file, err));
        if (file == NULL)
            job->absent.items[job->absent.count++] = table->table->name;
    }
    return MIMIC_OK;
}

/* Does a table that is read look codes up in it? */
static bool is_looked_up(const event_job *job, const mimic_event_dictionary *dictionary)
{
    for (size_t i = 0; i < job->input_count; i++) {
        const mimic_event_table *const table = job->inputs[i].table;
        for (size_t k = 0; k < table->kind_count && !job->inputs[i].is_context_only; k++)
            if (table->kinds[k]->dictionary != NULL &&
                strcmp(table->kinds[k]->dictionary, dictionary->table) == 0)
                return true;
    }
    return false;
}

static mimic_status find_absent_dictionaries(event_job *job, mimic_error *err)
{
    for (size_t i = 0; i < job->map->dictionary_count; i++) {
        const mimic_event_dictionary *const dictionary = &job->map->dictionaries[i];
        const load_file *file = NULL;
        MIMIC_TRY(mimic__event_job_find_file(job, dictionary->source, &file, err));
        if (file == NULL && is_looked_up(job, dictionary))
            job->absent.items[job->absent.count++] = dictionary->source->name;
    }
    return MIMIC_OK;
}

static bool is_in_map(const mimic_event_map *map, const mimic_table *table)
{
    for (size_t i = 0; i < map->table_count; i++)
        if (map->tables[i].table == table)
            return true;
    for (size_t i = 0; i < map->dictionary_count; i++)
        if (map->dictionaries[i].source == table)
            return true;
    return false;
}

static void find_unmapped(event_job *job)
{
    for (size_t i = 0; i < job->folder_count; i++)
        for (size_t k = 0; k < job->folders[i].file_count; k++) {
            const mimic_table *const table = job->folders[i].files[k].table;
            if (table != NULL && !is_in_map(job->map, table))
                job->unmapped.items[job->unmapped.count++] = table->name;
        }
}

mimic_status mimic__event_job_find_gaps(event_job *job, mimic_error *err)
{
    size_t files = 0;
    for (size_t i = 0; i < job->folder_count; i++)
        files += job->folders[i].file_count;
    job->absent = job->unmapped = (event_names){NULL, 0};
    job->absent.items =
        mimic__arena_array(&job->arena, job->map->table_count + job->map->dictionary_count + 1,
                           sizeof *job->absent.items);
    job->unmapped.items =
        mimic__arena_array(&job->arena, files + 1, sizeof *job->unmapped.items);
    if (job->absent.items == NULL || job->unmapped.items == NULL)
        return mimic__fail_memory(err);
    if (job->options.tables == NULL) /* else nobody asked for the others */
        find_unmapped(job);
    MIMIC_TRY(find_absent_tables(job, err));
    return find_absent_dictionaries(job, err);
}

/* ---- codes ---- */

static bool has_events(const event_code_table *codes, const char *pattern)
{
    for (uint32_t i = 0; i < codes->codes.count; i++) {
        const int32_t *const ends = codes->codes.offsets + i;
        if (codes->entries[i].events > 0 &&
            mimic__code_fits(pattern, codes->codes.bytes + ends[0], (size_t)(ends[1] - ends[0])))
            return true;
    }
    return false;
}

mimic_status mimic__event_state_find_unused(event_state *sum, const event_job *job,
                                            const event_code_table *codes, mimic_error *err)
{
    const size_t count = job->options.code_count;
    mimic__free(job->ctx, sum->unused);
    sum->unused_count = 0;
    sum->unused = mimic__alloc_array(job->ctx, count + 1, sizeof *sum->unused);
    if (sum->unused == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++)
        if (!has_events(codes, job->options.codes[i]))
            sum->unused[sum->unused_count++] = (int64_t)i;
    return MIMIC_OK;
}

const char *mimic__event_state_unused(const event_state *sum, const event_job *job, size_t index)
{
    const int64_t number = sum->unused[index];
    return number >= 0 && (uint64_t)number < job->options.code_count ? job->options.codes[number]
                                                                     : "";
}

void mimic__event_state_tell_unused(const event_state *sum, const event_job *job)
{
    for (size_t i = 0; i < sum->unused_count && i < MOST_WARNINGS; i++)
        mimic__log(job->ctx, MIMIC_LOG_WARNING, "no event has a code that fits '%s'",
                   mimic__event_state_unused(sum, job, i));
    if (sum->unused_count > MOST_WARNINGS)
        mimic__log(job->ctx, MIMIC_LOG_WARNING, "nor one of %zu other patterns of codes",
                   sum->unused_count - MOST_WARNINGS);
}
