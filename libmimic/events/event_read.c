/*
 * Reading a dataset of trajectories back, patient by patient; see mimic/events.h and event_read.h.
 */
#include "events/event_read.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/options.h"
#include "io/output.h"
#include "json/json.h"

#define DEFAULT_BATCH_BYTES ((uint64_t)1 << 30)

/* ---- opening ---- */

mimic_status mimic__trajectories_check_options(mimic_trajectories_options *options,
                                               mimic_error *err)
{
    if (options->group == MIMIC_GROUP_DEFAULT)
        options->group = MIMIC_GROUP_SUBJECT;
    if (options->group < MIMIC_GROUP_SUBJECT || options->group > MIMIC_GROUP_STAY)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_trajectories_options.group is %d",
                           options->group);
    if (options->jobs < 0 || options->jobs > MIMIC_MAX_JOBS)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_trajectories_options.jobs is %d; expected 0 to %d", options->jobs,
                           MIMIC_MAX_JOBS);
    if (options->jobs == 0)
        options->jobs = 1;
    if (options->max_batch_bytes == 0)
        options->max_batch_bytes = DEFAULT_BATCH_BYTES;
    return MIMIC_OK;
}

static mimic_status make_slots(mimic_trajectories *reader, size_t count, mimic_error *err)
{
    reader->slots = mimic__alloc_zeroed(reader->ctx, count, sizeof *reader->slots);
    reader->idle = mimic__alloc_zeroed(reader->ctx, count, sizeof(mimic_read_slot *));
    reader->queue = mimic__alloc_zeroed(reader->ctx, count, sizeof(mimic_read_slot *));
    if (reader->slots == NULL || reader->idle == NULL || reader->queue == NULL)
        return mimic__fail_memory(err);
    reader->slot_count = count;
    for (size_t i = 0; i < count; i++) {
        mimic__read_slot_init(&reader->slots[i], reader);
        reader->idle[reader->idle_count++] = &reader->slots[i];
    }
    if (reader->options.jobs == 1)
        return MIMIC_OK;
    return mimic__pool_new(reader->ctx, reader->options.jobs, &reader->pool, err);
}

static mimic_status open_inner(mimic_trajectories *reader, const char *path, size_t slots,
                               mimic_error *err)
{
    const char *split = reader->options.split;
    reader->path = mimic__arena_strdup(&reader->arena, path);
    reader->options.split = split == NULL ? NULL : mimic__arena_strdup(&reader->arena, split);
    if (reader->path == NULL || (split != NULL && reader->options.split == NULL))
        return mimic__fail_memory(err); /* without a split all would be read */
    MIMIC_TRY(mimic__read_list_files(reader, err));
    MIMIC_TRY(mimic__read_codes(reader, err));
    return make_slots(reader, slots, err);
}

mimic_status mimic__trajectories_open(const mimic_context *ctx, const char *path,
                                      const mimic_trajectories_options *options, size_t slots,
                                      mimic_trajectories **out_reader, mimic_error *err)
{
    *out_reader = NULL;
    mimic_trajectories *reader = mimic__alloc_zeroed(ctx, 1, sizeof *reader);
    if (reader == NULL)
        return mimic__fail_memory(err);
    reader->ctx = ctx;
    reader->options = *options;
    reader->probe = (mimic_read_input){.ctx = ctx, .file = -1};
    reader->last_file = SIZE_MAX;
    reader->is_eager = true;
    mimic__arena_init(&reader->arena, ctx);
    for (size_t i = 0; i < NAMED_COUNT; i++)
        mimic__read_names_init(&reader->names[i], ctx);
    mimic__event_rows_init(&reader->tail, ctx);
    mimic__read_packet_init(&reader->packet, ctx);
    mimic__read_groups_init(&reader->groups, ctx, options->group);
    const mimic_status status = open_inner(reader, path, slots, err);
    if (status != MIMIC_OK)
        mimic_trajectories_free(reader);
    else
        *out_reader = reader;
    return status;
}

mimic_status mimic_trajectories_open(const mimic_context *ctx, const char *path,
                                     const mimic_trajectories_options *options,
                                     mimic_trajectories **out_trajectories, mimic_error *err)
{
    mimic_trajectories_options chosen = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    if (out_trajectories != NULL)
        *out_trajectories = NULL;
    if (ctx == NULL || path == NULL || out_trajectories == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_trajectories_open needs a context, a path and out_trajectories");
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_trajectories_options", err));
    MIMIC_TRY(mimic__trajectories_check_options(&chosen, err));
    const size_t slots = chosen.jobs == 1 ? 1 : (size_t)chosen.jobs + 1;
    return mimic__trajectories_open(ctx, path, &chosen, slots, out_trajectories, err);
}

void mimic_trajectories_free(mimic_trajectories *trajectories)
{
    if (trajectories == NULL)
        return;
    const mimic_context *ctx = trajectories->ctx;
    for (size_t i = 0; i < trajectories->queue_count; i++)
        mimic__pool_wait(trajectories->pool,
                         &trajectories
                              ->queue[(trajectories->queue_first + i) % trajectories->slot_count]
                              ->task);
    mimic__pool_free(trajectories->pool);
    for (size_t i = 0; i < trajectories->slot_count; i++)
        mimic__read_slot_free(&trajectories->slots[i]);
    mimic__free(ctx, trajectories->slots);
    mimic__free(ctx, trajectories->idle);
    mimic__free(ctx, trajectories->queue);
    mimic__free(ctx, trajectories->codes);
    for (size_t i = 0; i < NAMED_COUNT; i++)
        mimic__read_names_free(&trajectories->names[i]);
    mimic__read_input_close(&trajectories->probe);
    mimic__event_rows_free(&trajectories->tail);
    mimic__read_packet_free(&trajectories->packet);
    mimic__read_groups_free(&trajectories->groups);
    mimic__arena_free(&trajectories->arena);
    mimic__free(ctx, trajectories);
}

/* ---- patients ---- */

/* The next patient of the packets. */
static mimic_status next_patient(mimic_trajectories *reader, mimic_patient *out_patient,
                                 mimic_error *err)
{
    for (;;) {
        if (reader->position < mimic__read_packet_count(&reader->packet)) {
            mimic__read_packet_patient(reader, &reader->packet, reader->position++, out_patient);
            if (reader->is_skipping && out_patient->subject_id < reader->skip_to)
                continue;
            reader->is_skipping = false;
            return MIMIC_OK;
        }
        mimic__read_packet_release(reader, &reader->packet);
        reader->position = 0;
        MIMIC_TRY(mimic__read_packet_next(reader, &reader->packet, err));
    }
}

static mimic_status next_inner(mimic_trajectories *reader, mimic_patient *out_patient,
                               mimic_error *err)
{
    mimic_patient patient = MIMIC_PATIENT_INIT;
    if (reader->options.group == MIMIC_GROUP_SUBJECT)
        return next_patient(reader, out_patient, err);
    for (;;) {
        mimic_status status = MIMIC_END;
        if (reader->in_groups)
            status = mimic__read_groups_next(&reader->groups, out_patient);
        if (status == MIMIC_OK)
            return MIMIC_OK;
        reader->in_groups = false;
        if (status == MIMIC_END)
            MIMIC_TRY(next_patient(reader, &patient, err));
        if (status != MIMIC_END || !mimic__read_groups_begin(&reader->groups, &patient))
            return mimic__fail_memory(err);
        reader->in_groups = true;
    }
}

mimic_status mimic_trajectories_next(mimic_trajectories *trajectories, mimic_patient *out_patient,
                                     mimic_error *err)
{
    mimic_patient patient = MIMIC_PATIENT_INIT;
    if (trajectories == NULL || out_patient == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_trajectories_next needs a reader and out_patient");
    if (trajectories->status < 0)
        return mimic__fail_again(err, &trajectories->error);
    if (trajectories->status == MIMIC_OK) {
        trajectories->error = (mimic_error)MIMIC_ERROR_INIT;
        trajectories->status = next_inner(trajectories, &patient, &trajectories->error);
    }
    if (trajectories->status < 0)
        return mimic__fail_again(err, &trajectories->error);
    if (trajectories->status == MIMIC_OK && MIMIC_VIEW_COPY(out_patient, patient) != MIMIC_OK)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_patient.struct_size is not set; begin with MIMIC_PATIENT_INIT");
    return trajectories->status;
}

mimic_status mimic_trajectories_seek(mimic_trajectories *trajectories, int64_t subject_id,
                                     mimic_error *err)
{
    size_t file = 0;
    size_t batch = 0;
    if (trajectories == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_trajectories_seek needs a reader");
    if (trajectories->status < 0)
        return mimic__fail_again(err, &trajectories->error);
    MIMIC_TRY(mimic__read_find_subject(trajectories, subject_id, &file, &batch, err));
    mimic__read_packet_release(trajectories, &trajectories->packet);
    trajectories->position = 0;
    mimic__read_packets_restart(trajectories, file, batch);
    trajectories->in_groups = false;
    trajectories->is_skipping = true;
    trajectories->skip_to = subject_id;
    trajectories->status = MIMIC_OK;
    return MIMIC_OK;
}

/* ---- names ---- */

uint32_t mimic_trajectories_code_count(const mimic_trajectories *trajectories)
{
    return trajectories == NULL
               ? 0
               : atomic_load_explicit(&trajectories->names[NAMED_CODE].count, memory_order_acquire);
}

mimic_status mimic_trajectories_code(const mimic_trajectories *trajectories, uint32_t number,
                                     mimic_code *out_code)
{
    mimic_code code = MIMIC_CODE_INIT;
    if (trajectories == NULL || out_code == NULL)
        return MIMIC_ERR_ARGUMENT;
    code.code = mimic__read_names_at(&trajectories->names[NAMED_CODE], number);
    code.description = "";
    code.events = -1;
    if (code.code == NULL)
        return MIMIC_ERR_NOT_FOUND;
    if (number < trajectories->code_count) {
        const mimic_read_code *known = &trajectories->codes[number];
        code.description = known->description;
        code.parents = known->parents;
        code.parent_count = known->parent_count;
        code.events = known->events;
    }
    return MIMIC_VIEW_COPY(out_code, code);
}

uint32_t mimic_trajectories_find_code(const mimic_trajectories *trajectories, const char *code)
{
    if (trajectories == NULL || code == NULL)
        return UINT32_MAX;
    return mimic__hashmap_find(&trajectories->names[NAMED_CODE].map, code, strlen(code));
}

static const char *name_of(const mimic_trajectories *trajectories, mimic_read_named named,
                           uint32_t number)
{
    const char *name =
        trajectories == NULL ? NULL : mimic__read_names_at(&trajectories->names[named], number);
    return name == NULL ? "" : name;
}

const char *mimic_trajectories_unit(const mimic_trajectories *trajectories, uint32_t number)
{
    return name_of(trajectories, NAMED_UNIT, number);
}

const char *mimic_trajectories_table(const mimic_trajectories *trajectories, uint16_t number)
{
    return name_of(trajectories, NAMED_TABLE, number);
}

/* ---- the whole ---- */

static const char *text_of(const mimic_json *object, const char *key)
{
    const mimic_json *value = mimic__json_get(object, key);
    return value != NULL && value->kind == MIMIC_JSON_STRING ? value->text : "";
}

/* metadata/dataset.json, once; texts stand in the reader's arena. */
static mimic_status read_card(mimic_trajectories *reader, mimic_error *err)
{
    mimic_trajectories_info *info = &reader->info;
    struct stat facts;
    char *json = NULL;
    size_t size = 0;
    const mimic_json *root = NULL;
    const char *path = mimic__arena_format(&reader->arena, "%s/metadata/dataset.json", reader->path);
    if (path == NULL)
        return mimic__fail_memory(err);
    if (stat(path, &facts) != 0 && errno == ENOENT)
        return MIMIC_OK;
    MIMIC_TRY(mimic__read_file(reader->ctx, path, MIMIC_JSON_MAX_BYTES, &json, &size, err));
    const mimic_status status = mimic__json_parse(&reader->arena, json, size, path, &root, err);
    mimic__free(reader->ctx, json);
    MIMIC_TRY(status);
    info->dataset = text_of(root, "dataset_name");
    info->version = text_of(root, "dataset_version");
    info->meds_version = text_of(root, "meds_version");
    return MIMIC_OK;
}

mimic_status mimic_trajectories_describe(mimic_trajectories *trajectories,
                                         mimic_trajectories_info *out_info, mimic_error *err)
{
    mimic_trajectories_info info = MIMIC_TRAJECTORIES_INFO_INIT;
    if (trajectories == NULL || out_info == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_trajectories_describe needs a reader and out_info");
    if (!trajectories->has_info) {
        trajectories->info = info;
        MIMIC_TRY(read_card(trajectories, err));
        MIMIC_TRY(mimic__read_count_subjects(trajectories, &trajectories->info.subjects, err));
        trajectories->info.files = (int64_t)trajectories->file_count;
        trajectories->has_info = true;
    }
    info = trajectories->info;
    if (MIMIC_VIEW_COPY(out_info, info) == MIMIC_OK)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_trajectories_info.struct_size is not set");
}
