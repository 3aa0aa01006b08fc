/*
 * Targets that are files: a folder with a file a table, DIR/<module>/<table>.arrow or .csv (.gz, .zst),
 * or one file. Rejects are left out. Where a ledger (mimic-ledger.json) names files that are there, they
 * are the tables, and it says their release. Otherwise Arrow files say themselves what they hold; the
 * release of CSV files is the caller's choice, else it is recognised from names and headers.
 */
#include <string.h>

#include "base/error.h"
#include "io/output.h"
#include "json/json.h"
#include "scan/scan_internal.h"
#include "schema/schema_detect.h"

#define MAX_DEPTH 2 /* the folder and its modules */

static bool ends_with(const char *text, const char *ending)
{
    const size_t size = strlen(text);
    const size_t ending_size = strlen(ending);
    return size > ending_size && mimic__name_equals(text + size - ending_size, ending);
}

bool mimic__scan_is_csv(const char *path)
{
    return ends_with(path, ".csv") || ends_with(path, ".csv.gz") || ends_with(path, ".csv.zst");
}

bool mimic__scan_is_arrow(const char *path)
{
    return ends_with(path, ".arrow") || ends_with(path, ".arrows");
}

/* What the sinks put beside the tables. */
static bool is_rejects(const char *relative)
{
    return strncmp(relative, "rejects/", 8) == 0 || ends_with(relative, ".rejects.csv");
}

mimic_status mimic__scan_split_path(mimic_scan *scan, const char *relative, const char **out_module,
                                    const char **out_name, mimic_error *err)
{
    static const char *const endings[] = {".gz", ".zst", ".csv", ".arrow", ".arrows"};
    const char *slash = strrchr(relative, '/');
    const char *stem = slash == NULL ? relative : slash + 1;
    const size_t module_size = slash == NULL ? 0 : (size_t)(slash - relative);
    char *name = mimic__arena_strdup(&scan->arena, stem);
    *out_module = mimic__arena_strndup(&scan->arena, relative, module_size);
    *out_name = name;
    if (name == NULL || *out_module == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (ends_with(name, endings[i]))
            name[strlen(name) - strlen(endings[i])] = '\0';
    return MIMIC_OK;
}

/* ---- the ledger ---- */

#define LEDGER_NAME "/mimic-ledger.json"

/* The list of tables; NULL where there is no ledger, or none that can be understood. */
static mimic_status read_ledger(mimic_scan *scan, const mimic_json **out_tables, mimic_error *err)
{
    char *text = NULL;
    size_t size = 0;
    const mimic_json *root = NULL;
    *out_tables = NULL;
    const char *path =
        mimic__arena_format(&scan->arena, "%s" LEDGER_NAME, scan->target.path);
    if (path == NULL)
        return mimic__fail_memory(err);
    mimic_status status =
        mimic__read_file(scan->ctx, path, MIMIC_JSON_MAX_BYTES, &text, &size, NULL);
    if (status == MIMIC_OK)
        status = mimic__json_parse(&scan->arena, text, size, path, &root, NULL);
    mimic__free(scan->ctx, text);
    if (status == MIMIC_ERR_MEMORY)
        return mimic__fail_memory(err);
    const mimic_json *tables =
        status == MIMIC_OK ? mimic__json_get(root, "tables") : NULL;
    if (tables != NULL && tables->kind == MIMIC_JSON_ARRAY)
        *out_tables = tables;
    return MIMIC_OK;
}

static const char *text_of(const mimic_json *object, const char *key)
{
    const mimic_json *value = mimic__json_get(object, key);
    return value != NULL && value->kind == MIMIC_JSON_STRING ? value->text : "";
}

/* The line of a file; NULL = it has none. */
static const mimic_json *find_line(const mimic_json *tables, const char *relative)
{
    for (const mimic_json *line = tables == NULL ? NULL : tables->first; line != NULL;
         line = line->next)
        if (strcmp(text_of(line, "file"), relative) == 0)
            return line;
    return NULL;
}

static bool names_any(const mimic_json *tables, const mimic_file_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (find_line(tables, entries[i].relative) != NULL)
            return true;
    return false;
}

/* ---- files ---- */

static bool is_wanted_csv(const mimic_file_entry *entry)
{
    return mimic__scan_is_csv(entry->relative) && !is_rejects(entry->relative) && entry->size >= 0;
}

/* The release that CSV files are of, by names and headers alone; none where nothing speaks for one. */
static mimic_status recognise(mimic_scan *scan, const mimic_file_entry *entries, size_t count,
                              const mimic_dataset **out_dataset, mimic_error *err)
{
    mimic_detection detection;
    mimic_found_file *found = mimic__arena_array(&scan->arena, count + 1, sizeof *found);
    size_t found_count = 0;
    if (found == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted_csv(&entries[i]))
            continue;
        mimic_found_file *file = &found[found_count++];
        *file = (mimic_found_file){.relative = entries[i].relative, .rows = -1};
        MIMIC_TRY(mimic__scan_csv_header(scan, entries[i].path, &file->header, &file->header_count,
                                         err));
    }
    if (found_count == 0)
        return MIMIC_OK;
    const mimic_status status = mimic__schema_detect(&scan->arena, scan->registry, found,
                                                     found_count, NULL, NULL, &detection, err);
    if (status == MIMIC_OK)
        *out_dataset = detection.best.dataset;
    return status == MIMIC_ERR_NOT_FOUND ? MIMIC_OK : status;
}

static mimic_status choose_dataset(mimic_scan *scan, const mimic_file_entry *entries, size_t count,
                                   const mimic_dataset **out_dataset, mimic_error *err)
{
    *out_dataset = NULL;
    if (scan->registry == NULL)
        return MIMIC_OK;
    if (scan->options.dataset != NULL)
        return mimic_registry_find_dataset(scan->registry, scan->options.dataset, out_dataset, err);
    return recognise(scan, entries, count, out_dataset, err);
}

static mimic_status add_entry(mimic_scan *scan, const scan_file *file, mimic_error *err)
{
    return mimic__scan_is_csv(file->path) ? mimic__scan_add_csv(scan, file, err)
                                          : mimic__scan_add_arrow(scan, file, err);
}

/* The release that the ledger gives, or `other` where the registry has not that. */
static mimic_status take_release(const mimic_scan *scan, const mimic_json *line,
                                 const mimic_dataset *other, scan_file *file, mimic_error *err)
{
    const char *spec = text_of(line, "dataset");
    file->dataset = other;
    if (spec[0] == '\0' || scan->registry == NULL)
        return MIMIC_OK;
    const mimic_status status =
        mimic_registry_find_dataset(scan->registry, spec, &file->dataset, NULL);
    if (status != MIMIC_OK)
        file->dataset = other;
    return status == MIMIC_ERR_MEMORY ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status add_entries(mimic_scan *scan, const mimic_file_entry *entries, size_t count,
                                bool takes_arrow, bool takes_csv, mimic_error *err)
{
    const mimic_dataset *dataset = NULL;
    const mimic_json *tables = NULL;
    MIMIC_TRY(read_ledger(scan, &tables, err));
    const bool is_listed = names_any(tables, entries, count);
    if (takes_csv && !is_listed)
        MIMIC_TRY(choose_dataset(scan, entries, count, &dataset, err));
    for (size_t i = 0; i < count; i++) {
        scan_file file = {entries[i].path, entries[i].relative, dataset};
        const mimic_json *line = find_line(tables, entries[i].relative);
        if (is_listed && line == NULL)
            continue;
        MIMIC_TRY(take_release(scan, line, dataset, &file, err));
        if ((takes_csv && is_wanted_csv(&entries[i])) ||
            (takes_arrow && mimic__scan_is_arrow(entries[i].relative)))
            MIMIC_TRY(add_entry(scan, &file, err));
    }
    return MIMIC_OK;
}

mimic_status mimic__scan_open_folder(mimic_scan *scan, bool takes_arrow, bool takes_csv,
                                     mimic_error *err)
{
    mimic_file_entry *entries = NULL;
    size_t count = 0;
    MIMIC_TRY(mimic__list_files(&scan->arena, scan->target.path, MAX_DEPTH, false, &entries, &count,
                                err));
    return add_entries(scan, entries, count, takes_arrow, takes_csv, err);
}

mimic_status mimic__scan_open_file(mimic_scan *scan, mimic_error *err)
{
    const char *path = mimic__arena_strdup(&scan->arena, scan->target.path);
    if (path == NULL)
        return mimic__fail_memory(err);
    const char *slash = strrchr(path, '/');
    const mimic_file_entry entry = {path, slash == NULL ? path : slash + 1, 0};
    return add_entries(scan, &entry, 1, true, true, err);
}
