/*
 * A guest in a process: the library leaves everything that belongs to the whole process as it was, prints
 * nothing, works under another locale, after a fork, and loaded at run time many times or twice at once.
 * $MIMIC_TEST_LIBRARY is the shared library. A decimal comma is tried where $MIMIC_TEST_LOCALE names a
 * locale that has one.
 */
#define _GNU_SOURCE
#include "check_main.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <mimic/mimic.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test_folder.h"

extern char **environ;

/* ---- something of everything ---- */

static mimic_status load_into(mimic_context *ctx, const mimic_registry *registry,
                              const char *from, const char *to, int32_t jobs)
{
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    char *json = NULL;
    options.jobs = jobs;
    options.profile = 1;
    const mimic_status status = mimic_load(ctx, registry, from, to, &options, &report, &err);
    if (report != NULL && mimic_report_json(report, &json, NULL) == MIMIC_OK)
        mimic_free(ctx, json);
    mimic_report_free(report);
    return status;
}

/* A hospital, loaded into every target that needs no server, with what fails as well. */
static void do_everything(const test_folder *folder, int32_t jobs)
{
    static const char *const targets[] = {"csv:", "arrow:", "sqlite:", "null:"};
    char hospital[400];
    char target[400];
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    mimic_scan *scan = NULL;
    mimic_synth_options synth = MIMIC_SYNTH_OPTIONS_INIT;
    synth.patients = 2;
    snprintf(hospital, sizeof hospital, "%s/hospital", folder->path);
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    mimic_error err = MIMIC_ERROR_INIT;
    if (access(hospital, F_OK) != 0)
        ck_assert_msg(mimic_synth(ctx, registry, "mimic-iv@3.1", hospital, &synth, &err) == 0, "%s",
                      err.message);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        snprintf(target, sizeof target, "%s%s/%d%s", targets[i], folder->path, (int)jobs,
                 i == 2 ? ".db" : targets[i]);
        const mimic_status status =
            load_into(ctx, registry, hospital, i == 3 ? "null:" : target, jobs);
        ck_assert_msg(status == MIMIC_OK || status == MIMIC_ERR_UNSUPPORTED, "%s: %d", target,
                      (int)status);
    }
    ck_assert_int_ne(load_into(ctx, registry, "/nonexistent", "null:", jobs), MIMIC_OK);
    ck_assert_int_ne(load_into(ctx, registry, hospital, "sqlite:/proc/none/x.db", jobs), MIMIC_OK);
    ck_assert_int_ne(load_into(ctx, registry, hospital, "postgresql://localhost:1/none", jobs),
                     MIMIC_OK);
    snprintf(target, sizeof target, "csv:%s/%dcsv:", folder->path, (int)jobs);
    ck_assert_int_eq(mimic_scan_open(ctx, registry, target, NULL, &scan, NULL), MIMIC_OK);
    mimic_scan_free(scan);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}

/* ---- what belongs to the process ---- */

typedef struct process_state {
    struct sigaction actions[65];
    sigset_t mask;
    mode_t umask;
    char cwd[1024];
    char locale[1024];
    size_t environment_size;
    char environment[65536];
    struct rlimit limits[RLIM_NLIMITS];
    int files;
    int threads;
    int rounding;
    int traps;
    int priority;
} process_state;

static int count_entries(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* With . and .. One that was joined may be there for a moment longer: then this waits. */
static int count_threads(void)
{
    const struct timespec pause = {0, 10000000};
    int count = 0;
    for (int i = 0; i < 3000 && (count = count_entries("/proc/self/task")) > 3; i++)
        (void)nanosleep(&pause, NULL);
    return count;
}

static void note_state(process_state *state)
{
    memset(state, 0, sizeof *state);
    for (int i = 1; i <= 64; i++)
        (void)sigaction(i, NULL, &state->actions[i]);
    pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
    state->umask = umask(0);
    (void)umask(state->umask);
    ck_assert_ptr_nonnull(getcwd(state->cwd, sizeof state->cwd));
    snprintf(state->locale, sizeof state->locale, "%s", setlocale(LC_ALL, NULL));
    for (char **entry = environ; *entry != NULL; entry++)
        if (state->environment_size + strlen(*entry) < sizeof state->environment) {
            memcpy(state->environment + state->environment_size, *entry, strlen(*entry));
            state->environment_size += strlen(*entry);
        }
    for (int i = 0; i < RLIM_NLIMITS; i++)
        (void)getrlimit(i, &state->limits[i]);
    state->files = count_entries("/proc/self/fd");
    state->threads = count_threads();
    state->rounding = fegetround();
#ifdef __GLIBC__
    state->traps = fegetexcept();
#endif
    state->priority = getpriority(PRIO_PROCESS, 0);
}

/* The C library leaves rubbish in masks behind the last signal. */
static void check_actions(const process_state *before, const process_state *after)
{
    for (int i = 1; i <= 64; i++) {
        const struct sigaction *a = &before->actions[i];
        const struct sigaction *b = &after->actions[i];
        ck_assert_msg(a->sa_handler == b->sa_handler && a->sa_flags == b->sa_flags, "signal %d", i);
        for (int j = 1; j <= 64; j++) {
            ck_assert_int_eq(sigismember(&a->sa_mask, j), sigismember(&b->sa_mask, j));
            ck_assert_int_eq(sigismember(&before->mask, j), sigismember(&after->mask, j));
        }
    }
}

static void on_signal(int number)
{
    (void)number;
}

START_TEST(process__nothing_of_it_changes)
{
    static process_state before;
    static process_state after;
    test_folder folder = test_folder_make();
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    (void)umask(027);
    do_everything(&folder, 1); /* what libraries below open once and keep */
    note_state(&before);
    do_everything(&folder, 2);
    note_state(&after);
    check_actions(&before, &after);
    ck_assert_int_eq(before.umask, after.umask);
    ck_assert_str_eq(before.cwd, after.cwd);
    ck_assert_str_eq(before.locale, after.locale);
    ck_assert_uint_eq(before.environment_size, after.environment_size);
    ck_assert_mem_eq(before.environment, after.environment, before.environment_size);
    ck_assert_mem_eq(before.limits, after.limits, sizeof before.limits);
    ck_assert_int_eq(before.files, after.files);
    ck_assert_int_eq(before.threads, after.threads);
    ck_assert_int_eq(before.rounding, after.rounding);
    ck_assert_int_eq(before.traps, after.traps);
    ck_assert_int_eq(before.priority, after.priority);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(process__nothing_is_printed)
{
    test_folder folder = test_folder_make();
    char path[400];
    snprintf(path, sizeof path, "%s/printed", folder.path);
    fflush(NULL);
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const int out = dup(1);
    const int err = dup(2);
    ck_assert(file >= 0 && out >= 0 && err >= 0);
    dup2(file, 1);
    dup2(file, 2);
    do_everything(&folder, 2);
    fflush(NULL);
    const off_t printed = lseek(file, 0, SEEK_END);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    close(file);
    ck_assert_int_eq((int)printed, 0);
    test_folder_remove(&folder);
}
END_TEST

/* The canonical bytes of a table of numbers, as they come out. */
static size_t convert_numbers(char *bytes, size_t capacity)
{
    static const char text[] = "labevent_id,subject_id,specimen_id,itemid,charttime,valuenum\n"
                               "1,2,3,4,2180-05-06 22:25:00,1.5\n2,2,3,4,2180-05-06 22:25:00,-0.1\n"
                               "3,2,3,4,2180-05-06 22:25:00,2e-7\n4,2,3,4,2180-05-06 22:25:00,\"1,5\"\n";
    test_folder folder = test_folder_make();
    char input[400];
    char output[400];
    snprintf(input, sizeof input, "%s/labevents.csv", folder.path);
    snprintf(output, sizeof output, "%s/out.csv", folder.path);
    FILE *file = fopen(input, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_table *table = NULL;
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    const char *const inputs[] = {input};
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, NULL),
                     MIMIC_OK);
    ck_assert_msg(mimic_convert(ctx, registry, table, inputs, 1, output, NULL, &report, &err) == 0,
                  "%s", err.message);
    mimic_table_report counts = MIMIC_TABLE_REPORT_INIT;
    ck_assert_int_eq(mimic_report_table(report, 0, &counts), MIMIC_OK);
    ck_assert_int_eq((int)counts.written, 3);
    ck_assert_int_eq((int)counts.rejected, 1);
    mimic_report_free(report);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    file = fopen(output, "r");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(bytes, 1, capacity, file);
    fclose(file);
    test_folder_remove(&folder);
    return size;
}

START_TEST(process__a_decimal_comma_changes_nothing)
{
    static char plain[4096];
    static char foreign[4096];
    const char *name = getenv("MIMIC_TEST_LOCALE");
    const size_t plain_size = convert_numbers(plain, sizeof plain);
    ck_assert_uint_gt(plain_size, 100);
    if (name == NULL || setlocale(LC_ALL, name) == NULL) {
        fputs("# no locale with a decimal comma here\n", stderr);
        return;
    }
    ck_assert_str_eq(localeconv()->decimal_point, ",");
    const size_t size = convert_numbers(foreign, sizeof foreign);
    ck_assert_str_eq(localeconv()->decimal_point, ",");
    setlocale(LC_ALL, "C");
    ck_assert_uint_eq(size, plain_size);
    ck_assert_mem_eq(foreign, plain, size);
}
END_TEST

/* ---- after a fork ---- */

typedef struct open_reader {
    mimic_context *ctx;
    mimic_registry *registry;
    mimic_source *source;
    mimic_csv_reader *reader;
} open_reader;

/* A long text of patients, read in small blocks by two threads, and its first batch. */
static open_reader begin_reading(char *text, size_t size)
{
    open_reader open = {NULL, NULL, NULL, NULL};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    const mimic_table *table = NULL;
    const mimic_batch *batch = NULL;
    size_t used = (size_t)snprintf(text, size, "subject_id,gender,anchor_age,anchor_year,"
                                               "anchor_year_group,dod\n");
    for (int i = 0; used + 64 < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%d,F,40,2150,2008 - 2010,\n", i + 1);
    options.jobs = 2;
    options.block_bytes = 4096;
    ck_assert_int_eq(mimic_context_new(NULL, &open.ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(open.ctx, &open.registry, NULL), MIMIC_OK);
    ck_assert_int_eq(
        mimic_registry_find_table(open.registry, "mimic-iv@3.1/patients", &table, NULL), MIMIC_OK);
    ck_assert_int_eq(
        mimic_source_from_memory(open.ctx, text, used, "patients", NULL, &open.source, NULL),
        MIMIC_OK);
    ck_assert_int_eq(
        mimic_csv_reader_open(open.ctx, open.source, table, &options, &open.reader, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_csv_reader_next(open.reader, &batch, NULL), MIMIC_OK);
    return open;
}

static int64_t end_reading(open_reader *open)
{
    const mimic_batch *batch = NULL;
    mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
    mimic_status status;
    while ((status = mimic_csv_reader_next(open->reader, &batch, NULL)) == MIMIC_OK)
        continue;
    mimic_csv_reader_counts(open->reader, &counts);
    mimic_csv_reader_free(open->reader);
    mimic_source_free(open->source);
    mimic_registry_free(open->registry);
    mimic_context_free(open->ctx);
    return status == MIMIC_END && counts.rejected == 0 ? counts.delivered : -1;
}

#define TEXT_BYTES ((size_t)1 << 20)

START_TEST(process__a_child_uses_new_objects)
{
    char *text = malloc(TEXT_BYTES);
    char *other_text = malloc(TEXT_BYTES);
    ck_assert(text != NULL && other_text != NULL);
    open_reader parents = begin_reading(text, TEXT_BYTES);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        open_reader childs = begin_reading(other_text, TEXT_BYTES);
        const int64_t rows = end_reading(&childs);
        _exit(rows > 10000 ? 42 : 1);
    }
    const int64_t rows = end_reading(&parents);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    ck_assert_int_gt(rows, 10000);
    free(text);
    free(other_text);
}
END_TEST

/* ---- loaded at run time ---- */

typedef struct loaded {
    void *handle;
    mimic_context *ctx;
    mimic_registry *registry;
    mimic_csv_reader *reader;
    mimic_source *source;
} loaded;

static void *find(const loaded *library, const char *name)
{
    void *symbol = dlsym(library->handle, name);
    ck_assert_msg(symbol != NULL, "%s", name);
    return symbol;
}

/* A function of that library, with the type that the headers declare. */
#define OF(library, name)                                                                          \
    (*(__typeof__(&name) *)&(struct { void *symbol; }){find((library), #name)}.symbol)

static const char two_rows[] = "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n"
                               "1,F,40,2150,2008 - 2010,\n2,M,41,2151,2008 - 2010,2155-01-01\n";

static loaded open_library(const char *path)
{
    loaded library = {.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    const mimic_table *table = NULL;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.jobs = 2;
    ck_assert_msg(library.handle != NULL, "%s", dlerror());
    ck_assert_int_eq(OF(&library, mimic_context_new)(NULL, &library.ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(OF(&library, mimic_registry_new)(library.ctx, &library.registry, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(OF(&library, mimic_registry_find_table)(
                         library.registry, "mimic-iv@3.1/patients", &table, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(OF(&library, mimic_source_from_memory)(library.ctx, two_rows,
                                                            sizeof two_rows - 1, "patients", NULL,
                                                            &library.source, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(OF(&library, mimic_csv_reader_open)(library.ctx, library.source, table, &options,
                                                         &library.reader, NULL),
                     MIMIC_OK);
    return library;
}

static void read_and_close(loaded *library)
{
    const mimic_batch *batch = NULL;
    ck_assert_int_eq(OF(library, mimic_csv_reader_next)(library->reader, &batch, NULL), MIMIC_OK);
    ck_assert_int_eq((int)batch->row_count, 2);
    ck_assert_int_eq(OF(library, mimic_csv_reader_next)(library->reader, &batch, NULL), MIMIC_END);
    OF(library, mimic_csv_reader_free)(library->reader);
    OF(library, mimic_source_free)(library->source);
    OF(library, mimic_registry_free)(library->registry);
    OF(library, mimic_context_free)(library->ctx);
    ck_assert_int_eq(dlclose(library->handle), 0);
}

/* A copy of the library, which the loader takes for another one. */
static const char *copy_library(test_folder *folder, const char *name)
{
    static char path[1024];
    char bytes[4096];
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    FILE *from = fopen(getenv("MIMIC_TEST_LIBRARY"), "rb");
    FILE *to = fopen(path, "wb");
    ck_assert(from != NULL && to != NULL);
    while ((size = fread(bytes, 1, sizeof bytes, from)) > 0)
        ck_assert_uint_eq(fwrite(bytes, 1, size, to), size);
    fclose(from);
    ck_assert_int_eq(fclose(to), 0);
    return path;
}

START_TEST(process__loaded_and_unloaded_many_times)
{
    test_folder folder = test_folder_make();
    const char *path = copy_library(&folder, "guest.so");
    int files = 0;
    for (int i = 0; i < 25; i++) {
        loaded library = open_library(path);
        read_and_close(&library);
        ck_assert_ptr_null(dlopen(path, RTLD_NOW | RTLD_NOLOAD)); /* it is gone */
        if (i == 0)
            files = count_entries("/proc/self/fd");
    }
    ck_assert_int_eq(count_entries("/proc/self/fd"), files);
    ck_assert_int_eq(count_entries("/proc/self/task"), 3); /* one, and the two dots */
    test_folder_remove(&folder);
}
END_TEST

START_TEST(process__two_of_them_side_by_side)
{
    test_folder folder = test_folder_make();
    loaded first = open_library(copy_library(&folder, "first.so"));
    loaded second = open_library(copy_library(&folder, "second.so"));
    ck_assert_ptr_ne(dlsym(first.handle, "mimic_version"), dlsym(second.handle, "mimic_version"));
    read_and_close(&first);
    read_and_close(&second);
    test_folder_remove(&folder);
}
END_TEST

MIMIC_TEST_MAIN(api_process, process__nothing_of_it_changes, process__nothing_is_printed,
                process__a_decimal_comma_changes_nothing, process__a_child_uses_new_objects,
                process__loaded_and_unloaded_many_times, process__two_of_them_side_by_side)
