/* The folder that a build writes, part by part; see the header. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "events/event_part.h"

#define IDENTITY_NAME ".mimic-identity"
#define STATE_NAME ".mimic-state.json"
#define MANIFEST_NAME "manifest.json"
#define FINISHED_NAME ".mimic-finished" /* parts that were moved, on their way out */
#define LOCK_NAME ".mimic-lock"
#define MOST_WAITS 200 /* of some seconds each, for another part that finishes */

static const char *const moved[] = {"data", "files"};
static const char *const others[] = {"metadata", "rejects.csv", MANIFEST_NAME, IDENTITY_NAME,
                                     STATE_NAME};
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static const char *join(event_out *out, const char *folder, const char *name)
{
    return mimic__arena_format(&out->job->arena, "%s/%s", folder, name);
}

/* ---- identity ---- */

static mimic_status identify(event_out *out, mimic_error *err)
{
    const event_job *const job = out->job;
    mimic_buffer text;
    mimic__buffer_init(&text, job->ctx);
    mimic__buffer_text(&text, job->settings);
    for (size_t i = 0; i < job->input_count; i++) {
        const event_input *const input = &job->inputs[i];
        mimic__buffer_format(&text, "\n%u %s %lld %lld %d", input->table->number,
                             input->relative, (long long)input->size, (long long)input->modified,
                             input->is_context_only);
    }
    mimic_hasher *const hasher = text.failed ? NULL : mimic__hasher_new(job->ctx);
    if (hasher != NULL) {
        mimic__hasher_update(hasher, text.data, text.size);
        mimic__hasher_hex(hasher, out->identity);
    }
    mimic__hasher_free(job->ctx, hasher);
    mimic__buffer_free(&text);
    return hasher == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* The identity in a file; "" when there is none. */
static mimic_status read_identity(event_out *out, const char *path,
                                  char found[EVENT_IDENTITY_BYTES], mimic_error *err)
{
    char *text = NULL;
    size_t size = 0;
    found[0] = '\0';
    if (!mimic__path_exists(path))
        return MIMIC_OK;
    MIMIC_TRY(mimic__read_file(out->job->ctx, path, 4096, &text, &size, err));
    if (size >= EVENT_IDENTITY_BYTES - 1)
        memcpy(found, text, EVENT_IDENTITY_BYTES - 1);
    found[EVENT_IDENTITY_BYTES - 1] = '\0';
    mimic__free(out->job->ctx, text);
    return MIMIC_OK;
}

static mimic_status write_word(event_out *out, const char *path, const char *word, mimic_error *err)
{
    mimic_output *output = NULL;
    MIMIC_TRY(mimic__output_open(out->job->ctx, path, NULL, &output, err));
    mimic_status status = mimic__output_write(output, word, strlen(word), err);
    if (status == MIMIC_OK)
        status = mimic__output_write(output, "\n", 1, err);
    if (status == MIMIC_OK)
        status = mimic__output_publish(output, err);
    mimic__output_free(output);
    return status;
}

/* ---- the folder ---- */

static mimic_status lock(event_out *out, const char *folder, mimic_target_lock **out_lock,
                         mimic_error *err)
{
    const mimic_target_place place = {.path = folder,
                                      .is_folder = true,
                                      .interrupted = mimic__event_job_tell,
                                      .interrupted_ctx = out->job};
    return mimic__target_lock_take(out->job->ctx, &place, out_lock, err);
}

/* A folder that is not ours holds nothing but what parts and locks leave: somebody else's files shall
 * not find a dataset among them. */
static mimic_status check_empty(event_out *out, mimic_error *err)
{
    DIR *const folder = opendir(out->path);
    mimic_status status = MIMIC_OK;
    if (folder == NULL)
        return MIMIC_OK; /* there is none; what else is wrong will be said when it is made */
    for (const struct dirent *entry; status == MIMIC_OK && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            status = mimic__fail(err, MIMIC_ERR_STATE,
                                 "%s/%s is there, and was not made by this command; name an empty "
                                 "folder, or one that is not there yet",
                                 out->path, entry->d_name);
    closedir(folder);
    return status;
}

/* Whose dataset is whole in OUT; "" when none is. */
static mimic_status read_dataset(event_out *out, char known[EVENT_IDENTITY_BYTES], mimic_error *err)
{
    const char *const manifest = join(out, out->path, MANIFEST_NAME);
    const char *const identity = join(out, out->path, IDENTITY_NAME);
    if (manifest == NULL || identity == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(read_identity(out, identity, known, err));
    if (!mimic__path_exists(manifest))
        known[0] = '\0';
    return MIMIC_OK;
}

static mimic_status check_folder(event_out *out, bool *out_is_done, mimic_error *err)
{
    const char *const moving = join(out, out->partial, "moving");
    char known[EVENT_IDENTITY_BYTES];
    struct stat facts;
    if (moving == NULL)
        return mimic__fail_memory(err);
    if (stat(out->path, &facts) == 0 && !S_ISDIR(facts.st_mode))
        return mimic__fail(err, MIMIC_ERR_IO, "%s is a file; trajectories go into a folder",
                           out->path);
    MIMIC_TRY(read_dataset(out, known, err));
    if (known[0] != '\0') {
        *out_is_done = strcmp(known, out->identity) == 0 && !out->job->options.force;
        return *out_is_done || out->job->options.force
                   ? MIMIC_OK
                   : mimic__fail(err, MIMIC_ERR_STATE,
                                 "%s holds trajectories of other inputs or options; choose another "
                                 "folder, or replace them (--force)",
                                 out->path);
    }
    return mimic__path_exists(moving) ? MIMIC_OK : check_empty(out, err);
}

mimic_status mimic__event_out_open(event_out *out, const char *path, bool *out_is_done,
                                   mimic_error *err)
{
    event_job *const job = out->job;
    *out_is_done = false;
    MIMIC_TRY(identify(out, err));
    out->path = path;
    out->was_there = mimic__path_exists(path);
    out->partial = join(out, path, ".mimic-partial");
    out->part = mimic__arena_format(&job->arena, "%s/.mimic-partial/%s-%d-of-%d", path,
                                    out->identity, job->options.shard, job->options.shard_count);
    job->scratch = job->options.temporary_dir == NULL
                       ? mimic__arena_format(&job->arena, "%s/", out->part)
                       : mimic__arena_format(&job->arena, "%s/", job->options.temporary_dir);
    if (out->partial == NULL || out->part == NULL || job->scratch == NULL)
        return mimic__fail_memory(err);
    return check_folder(out, out_is_done, err);
}

/* ---- what goes ---- */

/* One by one under another name first, so that what a kill leaves of them is known for what it is.
 * Parts that another process works on stay. */
static mimic_status clear_entry(const char *name, void *ctx, mimic_error *err)
{
    event_out *const out = ctx;
    const char *const path = join(out, out->partial, name);
    const char *const finished = join(out, out->path, FINISHED_NAME);
    const char *const to = finished == NULL ? NULL : join(out, finished, name);
    char holder[MIMIC_TARGET_HOLDER_BYTES];
    if (path == NULL || to == NULL)
        return mimic__fail_memory(err);
    const mimic_target_place place = {.path = path, .is_folder = true};
    MIMIC_TRY(mimic__target_lock_holder(out->job->ctx, &place, holder, err));
    if (holder[0] != '\0')
        return MIMIC_OK;
    return rename(path, to) == 0
               ? MIMIC_OK
               : mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot move %s", path);
}

static mimic_status clear(event_out *out, folder_name_fn entry, mimic_error *err)
{
    const mimic_context *const ctx = out->job->ctx;
    const char *const finished = join(out, out->path, FINISHED_NAME);
    if (finished == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__remove_tree(ctx, finished, err));
    MIMIC_TRY(mimic__make_folders(finished, err));
    MIMIC_TRY(mimic__each_name(out->partial, entry, out, err));
    MIMIC_TRY(mimic__remove_tree(ctx, finished, err));
    (void)rmdir(out->partial); /* unless a part is left */
    return MIMIC_OK;
}

static mimic_status clear_partial(event_out *out, mimic_error *err)
{
    return clear(out, clear_entry, err);
}

/* What the end of a build that was killed left of its own. */
static mimic_status tidy_entry(const char *name, void *ctx, mimic_error *err)
{
    const event_out *const out = ctx;
    const bool is_ours = strncmp(name, out->identity, strlen(out->identity)) == 0 ||
                         strcmp(name, "final") == 0 || strcmp(name, MANIFEST_NAME) == 0;
    return is_ours ? clear_entry(name, ctx, err) : MIMIC_OK;
}

/* Parts of a build that is refused, as OUT holds another dataset, have no way to go: --force would make
 * them anew. Those that another process works on are its own to remove. OUT is locked. */
static void drop_refused(event_out *out)
{
    char known[EVENT_IDENTITY_BYTES];
    mimic_error ignored = MIMIC_ERROR_INIT;
    mimic_status status = read_dataset(out, known, &ignored);
    if (status == MIMIC_OK && known[0] != '\0' && mimic__path_exists(out->partial))
        status = clear(out, tidy_entry, &ignored);
    if (status != MIMIC_OK)
        mimic__log(out->job->ctx, MIMIC_LOG_WARNING, "%s", ignored.message);
}

/* ---- a part ---- */

static event_file_range range_of(const event_out *out)
{
    const mimic_trajectory_options *const options = &out->job->options;
    const uint64_t all = mimic__event_plan_all_files(out->job->plan);
    const uint64_t count = (uint64_t)options->shard_count;
    const uint64_t shard = (uint64_t)options->shard;
    return (event_file_range){(uint32_t)(all * (shard - 1) / count),
                              (uint32_t)(all * shard / count)};
}

static mimic_status write_part(event_out *out, event_making *run, mimic_error *err)
{
    const mimic_context *const ctx = out->job->ctx;
    const char *const codes = join(out, out->part, "codes.records");
    const char *const rejects = join(out, out->part, "rejects.records");
    const char *const state = join(out, out->part, "part.json");
    int64_t lines;
    if (codes == NULL || rejects == NULL || state == NULL)
        return mimic__fail_memory(err);
    event_code_table table;
    mimic__event_code_table_init(&table, ctx);
    mimic_status status =
        mimic__event_codes_describe(out->job, run->code_events, run->code_count, &table, err);
    if (status == MIMIC_OK)
        status = mimic__event_code_table_write(&table, codes, err);
    mimic__event_code_table_free(&table);
    if (status == MIMIC_OK)
        status = mimic__reject_lines_write(out->job->rejects, rejects, true, &lines, err);
    return status == MIMIC_OK ? mimic__event_state_write(ctx, run->state, state, err) : status;
}

/* The folder of the part as if nothing had been done, but for its lock. */
static mimic_status begin_part(event_out *out, mimic_error *err)
{
    static const char *const names[] = {"data", "files", "codes.records", "subjects.records",
                                        "rejects.records", "part.json"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *const path = join(out, out->part, names[i]);
        if (path == NULL)
            return mimic__fail_memory(err);
        MIMIC_TRY(mimic__remove_tree(out->job->ctx, path, err));
    }
    mimic__reject_lines_free(out->job->rejects);
    out->job->rejects = NULL;
    return mimic__reject_lines_new(out->job->ctx, out->job->scratch, &out->job->rejects, err);
}

static mimic_status run_once(event_out *out, event_part_fn fn, void *fn_ctx, mimic_error *err)
{
    const mimic_context *const ctx = out->job->ctx;
    event_state state = {0};
    event_making run = {.job = out->job, .files = range_of(out), .dir = out->part, .state = &state};
    mimic_status status = begin_part(out, err);
    if (status == MIMIC_OK)
        status = mimic__event_state_init(&state, ctx, out->job->map, err);
    if (status == MIMIC_OK)
        status = fn(&run, fn_ctx, err);
    if (status == MIMIC_OK)
        status = write_part(out, &run, err);
    mimic__free(ctx, run.code_events);
    mimic__event_state_free(ctx, &state);
    return status;
}

static size_t unsorted_tables(const event_job *job)
{
    size_t count = 0;
    for (size_t i = 0; i < job->input_count; i++)
        count += job->inputs[i].is_unsorted;
    return count;
}

/* A table that was read straight through and turned back is sorted the next time. */
static mimic_status run_until_sorted(event_out *out, event_part_fn fn, void *fn_ctx,
                                     mimic_error *err)
{
    for (;;) {
        const size_t before = unsorted_tables(out->job);
        const mimic_status status = run_once(out, fn, fn_ctx, err);
        if (status != MIMIC_ERR_STATE || unsorted_tables(out->job) == before)
            return status;
        for (size_t i = 0; i < out->job->input_count; i++)
            if (out->job->inputs[i].is_unsorted && out->job->inputs[i].was_direct)
                mimic__log(out->job->ctx, MIMIC_LOG_INFO,
                           "table %s is not in the order of its subjects; it is sorted",
                           out->job->inputs[i].table->table->name);
    }
}

/* What is locked at present goes when another build ends. */
static void lock_and_drop(event_out *out)
{
    mimic_target_lock *held = NULL;
    mimic_error ignored = MIMIC_ERROR_INIT;
    if (lock(out, out->path, &held, &ignored) == MIMIC_OK)
        drop_refused(out);
    mimic__target_lock_free(held);
}

mimic_status mimic__event_part_make(event_out *out, event_part_fn fn, void *fn_ctx,
                                    mimic_error *err)
{
    const char *const state = join(out, out->part, "part.json");
    mimic_target_lock *held = NULL;
    if (state == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(lock(out, out->part, &held, err));
    bool is_done = false;
    mimic_status status = check_folder(out, &is_done, err);
    if (status != MIMIC_OK || is_done) { /* another one finished while this one waited */
        mimic__target_lock_free(held);
        if (status == MIMIC_ERR_STATE)
            lock_and_drop(out);
        (void)rmdir(out->partial);
        return status;
    }
    if (!mimic__path_exists(state) || out->job->options.force) /* a forced build forgets its parts */
        status = run_until_sorted(out, fn, fn_ctx, err);
    if (status != MIMIC_OK && status != MIMIC_ERR_MEMORY) {
        mimic_error ignored = MIMIC_ERROR_INIT;
        if (begin_part(out, &ignored) != MIMIC_OK)
            mimic__log(out->job->ctx, MIMIC_LOG_WARNING, "%s", ignored.message);
    }
    mimic__target_lock_free(held);
    if (status != MIMIC_OK) { /* empty folders go, others stay */
        rmdir(out->part);
        rmdir(out->partial);
        if (!out->was_there)
            rmdir(out->path);
    }
    return status;
}

/* ---- the whole ---- */

static const char *part_path(event_out *out, int number)
{
    return mimic__arena_format(&out->job->arena, "%s/%s-%d-of-%d", out->partial, out->identity,
                               number, out->job->options.shard_count);
}

/* The folders of all parts; *out_is_complete when every one is done. */
static mimic_status find_parts(event_out *out, const char ***out_parts, bool *out_is_complete,
                               mimic_error *err)
{
    const size_t count = (size_t)out->job->options.shard_count;
    const char **const parts = mimic__arena_array(&out->job->arena, count, sizeof *parts);
    *out_is_complete = parts != NULL;
    *out_parts = parts;
    if (parts == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        parts[i] = part_path(out, (int)i + 1);
        const char *const state = parts[i] == NULL ? NULL : join(out, parts[i], "part.json");
        if (state == NULL)
            return mimic__fail_memory(err);
        *out_is_complete = *out_is_complete && mimic__path_exists(state);
    }
    return MIMIC_OK;
}

/* What a former build left under the names that this one needs. */
static mimic_status remove_former(event_out *out, mimic_error *err)
{
    const char *const manifest = join(out, out->path, MANIFEST_NAME);
    if (manifest == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__remove_tree(out->job->ctx, manifest, err)); /* incomplete from here on */
    for (size_t i = 0; i < COUNT_OF(moved) + COUNT_OF(others); i++) {
        const char *const name = i < COUNT_OF(moved) ? moved[i] : others[i - COUNT_OF(moved)];
        const char *const path = join(out, out->path, name);
        if (path == NULL)
            return mimic__fail_memory(err);
        MIMIC_TRY(mimic__remove_tree(out->job->ctx, path, err));
    }
    return MIMIC_OK;
}

static mimic_status move_parts(event_out *out, const char *const *parts, size_t count,
                               mimic_error *err)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < COUNT_OF(moved); k++) {
            const char *const from = join(out, parts[i], moved[k]);
            const char *const to = join(out, out->path, moved[k]);
            if (from == NULL || to == NULL)
                return mimic__fail_memory(err);
            if (!mimic__path_exists(from))
                continue;
            MIMIC_TRY(mimic__make_folders(to, err));
            MIMIC_TRY(mimic__merge_tree(out->job->ctx, from, to, err));
        }
    return MIMIC_OK;
}

/* The manifest comes last: without it there is no dataset. */
static mimic_status move_metadata(event_out *out, const char *from, mimic_error *err)
{
    const char *const manifest = join(out, from, MANIFEST_NAME);
    const char *const final = join(out, out->path, MANIFEST_NAME);
    const char *const waiting = join(out, out->partial, MANIFEST_NAME);
    const char *const identity = join(out, out->path, IDENTITY_NAME);
    if (manifest == NULL || final == NULL || waiting == NULL || identity == NULL)
        return mimic__fail_memory(err);
    if (rename(manifest, waiting) != 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot move %s", manifest);
    MIMIC_TRY(mimic__merge_tree(out->job->ctx, from, out->path, err));
    MIMIC_TRY(write_word(out, identity, out->identity, err));
    if (rename(waiting, final) != 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot move %s", waiting);
    return mimic__sync_folder(out->path, err);
}

/* Parts of something else were being moved, and what of them is in OUT goes: they are not whole. */
static mimic_status void_entry(const char *name, void *ctx, mimic_error *err)
{
    event_out *const out = ctx;
    const char *const folder = join(out, out->partial, name);
    const char *const state = folder == NULL ? NULL : join(out, folder, "part.json");
    if (state == NULL)
        return mimic__fail_memory(err);
    const bool is_ours = strncmp(name, out->identity, strlen(out->identity)) == 0;
    return is_ours ? MIMIC_OK : mimic__remove_tree(out->job->ctx, state, err);
}

/* The way is free for our data: all that follows is the same when it is cut short and begun anew. */
static mimic_status begin_move(event_out *out, const char *moving, mimic_error *err)
{
    char going[EVENT_IDENTITY_BYTES];
    MIMIC_TRY(read_identity(out, moving, going, err));
    if (strcmp(going, out->identity) == 0) /* this very move was cut short */
        return MIMIC_OK;
    if (going[0] != '\0')
        MIMIC_TRY(mimic__each_name(out->partial, void_entry, out, err));
    MIMIC_TRY(write_word(out, moving, "removing", err));
    MIMIC_TRY(remove_former(out, err));
    return write_word(out, moving, out->identity, err);
}

static mimic_status finish_parts(event_out *out, const char *const *parts, size_t count,
                                 event_state *sum, mimic_error *err)
{
    const char *const final = join(out, out->partial, "final");
    const char *const moving = join(out, out->partial, "moving");
    if (final == NULL || moving == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__remove_tree(out->job->ctx, final, err));
    MIMIC_TRY(mimic__make_folders(final, err));
    MIMIC_TRY(mimic__event_metadata_write(out, parts, count, sum, final, err));
    MIMIC_TRY(begin_move(out, moving, err));
    MIMIC_TRY(move_parts(out, parts, count, err));
    MIMIC_TRY(move_metadata(out, final, err));
    return clear_partial(out, err);
}

/* Is OUT whole, and of this very identity? */
static mimic_status is_whole(event_out *out, bool *out_is_whole, mimic_error *err)
{
    char known[EVENT_IDENTITY_BYTES];
    MIMIC_TRY(read_dataset(out, known, err));
    *out_is_whole = strcmp(known, out->identity) == 0;
    return MIMIC_OK;
}

static mimic_status finish_locked(event_out *out, event_state *sum, bool *out_is_complete,
                                  mimic_error *err)
{
    const char *const state = join(out, out->part, "part.json");
    const char **parts;
    bool is_done = false;
    if (state == NULL)
        return mimic__fail_memory(err);
    const mimic_status status = check_folder(out, &is_done, err);
    if (status == MIMIC_ERR_STATE)
        drop_refused(out);
    MIMIC_TRY(status);
    if (!mimic__path_exists(state)) /* another one finished in between */
        MIMIC_TRY(is_whole(out, &is_done, err));
    if (is_done) {
        *out_is_complete = true;
        MIMIC_TRY(clear_partial(out, err));
        return mimic__event_out_state(out, sum, err);
    }
    if (!mimic__path_exists(state))
        return mimic__fail(err, MIMIC_ERR_STATE,
                           "%s is gone: another build was finished in this folder; build again",
                           out->part);
    MIMIC_TRY(find_parts(out, &parts, out_is_complete, err));
    return *out_is_complete
               ? finish_parts(out, parts, (size_t)out->job->options.shard_count, sum, err)
               : mimic__event_state_read(out->job->ctx, state, sum, err);
}

/* Whoever finishes a large dataset takes a while, and those of other parts wait for it. */
static mimic_status lock_patiently(event_out *out, mimic_target_lock **out_lock, mimic_error *err)
{
    mimic_error last = MIMIC_ERROR_INIT;
    mimic_status status = lock(out, out->path, out_lock, &last);
    for (int i = 0; i < MOST_WAITS && status == MIMIC_ERR_BACKEND; i++) {
        last = (mimic_error)MIMIC_ERROR_INIT;
        status = lock(out, out->path, out_lock, &last);
    }
    return status == MIMIC_OK ? MIMIC_OK : mimic__fail_again(err, &last);
}

mimic_status mimic__event_out_finish(event_out *out, event_state *sum, bool *out_is_complete,
                                     mimic_error *err)
{
    mimic_target_lock *held = NULL;
    *out_is_complete = false;
    MIMIC_TRY(lock_patiently(out, &held, err));
    const mimic_status status = finish_locked(out, sum, out_is_complete, err);
    mimic__target_lock_free(held);
    return status;
}

static mimic_status tidy_locked(event_out *out, mimic_error *err)
{
    const char *const moving = join(out, out->partial, "moving");
    const char *const finished = join(out, out->path, FINISHED_NAME);
    char going[EVENT_IDENTITY_BYTES];
    if (moving == NULL || finished == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(read_identity(out, moving, going, err));
    if (strcmp(going, out->identity) == 0)
        return clear_partial(out, err);
    MIMIC_TRY(mimic__remove_tree(out->job->ctx, finished, err));
    if (going[0] != '\0' || !mimic__path_exists(out->partial)) /* another build is being moved */
        return MIMIC_OK;
    return clear(out, tidy_entry, err);
}

mimic_status mimic__event_out_tidy(event_out *out, mimic_error *err)
{
    const char *const finished = join(out, out->path, FINISHED_NAME);
    const char *const lock_file = join(out, out->path, LOCK_NAME);
    mimic_target_lock *held = NULL;
    if (finished == NULL || lock_file == NULL)
        return mimic__fail_memory(err);
    if (!mimic__path_exists(out->partial) && !mimic__path_exists(finished) &&
        !mimic__path_exists(lock_file))
        return MIMIC_OK;
    mimic_error ignored = MIMIC_ERROR_INIT;
    mimic_status status = lock(out, out->path, &held, &ignored);
    if (status == MIMIC_OK)
        status = tidy_locked(out, &ignored);
    mimic__target_lock_free(held);
    if (status == MIMIC_ERR_MEMORY || status == MIMIC_ERR_CANCELLED)
        return mimic__fail_again(err, &ignored);
    if (status != MIMIC_OK) /* the dataset is whole all the same */
        mimic__log(out->job->ctx, MIMIC_LOG_INFO, "%s", ignored.message);
    return MIMIC_OK;
}

mimic_status mimic__event_out_state(event_out *out, event_state *sum, mimic_error *err)
{
    const char *const path = join(out, out->path, STATE_NAME);
    return path == NULL ? mimic__fail_memory(err)
                        : mimic__event_state_read(out->job->ctx, path, sum, err);
}
