/*
 * mimic schema check: is a package, or an event map, sound?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "session.h"
#include "talk.h"

typedef struct findings {
    const char *path;
    int is_json;
    size_t count;
} findings;

static void print_finding(const char *pointer, int64_t line, int64_t column, const char *message,
                          void *ctx)
{
    findings *f = ctx;
    if (!f->is_json) {
        talk_print(stdout, "%s:%lld:%lld: %s: %s\n", f->path, (long long)line, (long long)column,
                   *pointer == '\0' ? "(top)" : pointer, message);
    } else {
        talk_json_text(f->count == 0 ? "[\n  {" : ",\n  {", "file", f->path);
        talk_json_number(", ", "line", line);
        talk_json_number(", ", "column", column);
        talk_json_text(", ", "pointer", pointer);
        talk_json_text(", ", "message", message);
        (void)fputs("}", stdout);
    }
    f->count++;
}

/* A folder stands for the datapackage.json in it. */
static char *package_path(const char *path)
{
    struct stat info;
    const int is_dir = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    const size_t capacity = strlen(path) + sizeof "/datapackage.json";
    char *full = malloc(capacity);
    if (full == NULL)
        talk_out_of_memory();
    (void)snprintf(full, capacity, "%s%s", path, is_dir ? "/datapackage.json" : "");
    return full;
}

static int check(const session *s, const cli_arguments *arguments, const char *path)
{
    char *json = NULL;
    size_t size = 0;
    if (session_read_file(path, &json, &size) != EXIT_DONE)
        return EXIT_FAILED;
    findings f = {path, arguments->format == FORMAT_JSON, 0};
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_status status =
        mimic_event_map_check(s->ctx, s->registry, json, size, path, print_finding, &f, &err);
    if (status == MIMIC_ERR_NOT_FOUND || status == MIMIC_ERR_LIMIT) /* no map, or too large for one */
        status = mimic_schema_check(s->ctx, json, size, path, print_finding, &f, &err);
    free(json);
    if (status != MIMIC_OK && status != MIMIC_ERR_SCHEMA && status != MIMIC_ERR_JSON)
        return talk_mimic_error(&err);
    if (status != MIMIC_OK && f.count == 0)
        print_finding("", err.line, 1, err.message, &f); /* not JSON at all: there is one only */
    if (f.is_json)
        (void)fputs(f.count == 0 ? "[]\n" : "\n]\n", stdout);
    else if (f.count == 0)
        talk_print(stdout, "%s: sound\n", path);
    return f.count == 0 ? EXIT_DONE : EXIT_REJECTS;
}

static int run_check(const cli_arguments *arguments)
{
    session s;
    int result = session_open(arguments, &s);
    if (result == EXIT_DONE) {
        char *path = package_path(arguments->operands.items[0]);
        result = check(&s, arguments, path);
        free(path);
    }
    session_close(&s);
    return result;
}

static const cli_option *const groups[] = {group_format, group_quiet, group_schema_dir, group_help, NULL};

const cli_command cmd_schema_check = {
    .name = "schema check",
    .summary = "validate a Data Package, resource, Table Schema or event map",
    .operands = "PACKAGE",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description = "Holds PACKAGE (a JSON file, or a folder with a datapackage.json; - is standard "
                   "input) against the Data Package and Table Schema standards and the properties "
                   "under \"mimic\", and prints every finding, not the first only, as\n\n"
                   " FILE:LINE:COLUMN: /json/pointer: message\n\n"
                   "An event map (a JSON file with \"tables\" or \"extends\") is held against the "
                   "schema of its release.",
    .exit_status = "0 sound\n1 failed: no such file\n2 usage\n3 findings\n",
    .examples = "mimic schema check schemas/mimic-iv/3.1\nOne release.\n"
                "mimic schema infer wards.csv | mimic schema check -\n"
                "What infer drafts is sound.\n"
                "mimic schema check my-events.json\nAn event map.\n",
    .run = run_check,
};
