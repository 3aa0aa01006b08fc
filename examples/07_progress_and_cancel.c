/*
 * Progress of a long call, and how to end it: a small hospital is invented, its load is cancelled
 * after three tables, as Ctrl-C would do it, and then made again, which goes on where it was.
 *
 *     07_progress_and_cancel NEW_FOLDER NEW_DATABASE
 */
#include <mimic/mimic.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t interrupted; /* all that a signal handler may do is to set it */

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* Comes on the thread that called mimic_load, some times a second and after each table. */
static int on_progress(const mimic_progress *progress, void *ctx)
{
    int *const tables_left = ctx; /* until the load is cancelled; -1 = never */
    if (progress->all_total_bytes > 0)
        fprintf(stderr, "\r%3d %% %s", (int)(progress->all_bytes * 100 / progress->all_total_bytes),
                progress->table);
    if (progress->is_done && *tables_left > 0)
        --*tables_left;
    return interrupted != 0 || *tables_left == 0;
}

static mimic_status load(mimic_context *ctx, mimic_registry *registry, char **arguments,
                         int tables_left, mimic_error *err)
{
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    options.progress = on_progress;
    options.progress_ctx = &tables_left;
    mimic_report *report = NULL;
    const mimic_status status =
        mimic_load(ctx, registry, arguments[1], arguments[2], &options, &report, err);
    fprintf(stderr, "\n");
    if (status == MIMIC_OK)
        printf("loaded: %zu tables\n", mimic_report_table_count(report));
    else
        printf("%s\n", mimic_status_name(status));
    mimic_report_free(report);
    return status;
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 3) {
        fprintf(stderr, "usage: %s NEW_FOLDER NEW_DATABASE\n", arguments[0]);
        return 2;
    }
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_synth_options small = MIMIC_SYNTH_OPTIONS_INIT;
    small.patients = 5;
    signal(SIGINT, on_interrupt);

    mimic_status status = mimic_context_new(NULL, &ctx, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, &err);
    if (status == MIMIC_OK)
        status = mimic_synth(ctx, registry, "mimic-iv", arguments[1], &small, &err);
    if (status == MIMIC_OK)
        status = load(ctx, registry, arguments, 3, &err);
    if (status == MIMIC_ERR_CANCELLED)
        status = load(ctx, registry, arguments, -1, &err);
    if (status != MIMIC_OK)
        fprintf(stderr, "%s\n", err.message);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return status == MIMIC_OK ? 0 : 1;
}
