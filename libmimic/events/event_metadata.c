/*
 * metadata/: codes.arrow, subject_splits.arrow and dataset.json, see event_output.h. Rows are laid out
 * and written 65,536 at a time.
 */
#include <mimic/version.h>

#include "base/error.h"
#include "events/event_columns.h"
#include "events/event_output.h"
#include "events/event_shard.h"
#include "json/json_write.h"

#define STEP_ROWS ((size_t)65536)
#define STEP_BYTES ((size_t)32 << 20) /* of texts; a larger row goes alone */

/* A column of texts, or of lists of them, on its way. */
typedef struct text_rows {
    mimic_buffer offsets; /* int32 */
    mimic_buffer bytes;
    mimic_buffer validity;
    size_t rows;
    size_t valid;
} text_rows;

static void text_rows_init(text_rows *rows, const mimic_context *ctx)
{
    memset(rows, 0, sizeof *rows);
    mimic__buffer_init(&rows->offsets, ctx);
    mimic__buffer_init(&rows->bytes, ctx);
    mimic__buffer_init(&rows->validity, ctx);
}

static void text_rows_free(text_rows *rows)
{
    mimic__buffer_free(&rows->offsets);
    mimic__buffer_free(&rows->bytes);
    mimic__buffer_free(&rows->validity);
}

static void put_offset(text_rows *rows, size_t value)
{
    const int32_t offset = (int32_t)value;
    mimic__buffer_append(&rows->offsets, &offset, sizeof offset);
}

static void text_rows_clear(text_rows *rows)
{
    rows->offsets.size = 0;
    rows->bytes.size = 0;
    rows->validity.size = 0;
    rows->rows = 0;
    rows->valid = 0;
    put_offset(rows, 0);
}

/* Ends a row whose bytes, or items, reach up to `end`. */
static void end_row(text_rows *rows, size_t end, bool is_valid)
{
    put_offset(rows, end);
    if (rows->rows % 8 == 0)
        mimic__buffer_byte(&rows->validity, 0);
    if (is_valid && !rows->validity.failed) {
        char *byte = rows->validity.data + rows->rows / 8;
        *byte = (char)((unsigned char)*byte | 1u << rows->rows % 8);
    }
    rows->valid += is_valid;
    rows->rows++;
}

static void put_text(text_rows *rows, const char *text, size_t size)
{
    if (text != NULL)
        mimic__buffer_append(&rows->bytes, text, size);
    end_row(rows, rows->bytes.size, text != NULL);
}

static bool has_failed(const text_rows *rows)
{
    return rows->offsets.failed || rows->bytes.failed || rows->validity.failed;
}

static mimic_ipc_laid lay(const text_rows *rows, bool has_values)
{
    return (mimic_ipc_laid){.rows = rows->rows,
                            .null_count = rows->rows - rows->valid,
                            .validity = rows->validity.data,
                            .offsets = rows->offsets.data,
                            .offset_width = sizeof(int32_t),
                            .values = rows->bytes.size == 0 ? "" : rows->bytes.data,
                            .values_size = rows->bytes.size,
                            .has_values = has_values};
}

/* ---- a small file ---- */

typedef struct small_file {
    mimic_ipc_form form;
    mimic_ipc_body body;
    mimic_event_shard shard;
} small_file;

static mimic_status small_file_open(small_file *file, const mimic_context *ctx, const char *path,
                                    const mimic_ipc_shape *shape, mimic_error *err)
{
    memset(file, 0, sizeof *file);
    const bool is_compressed = mimic__zstd_is_built_in();
    MIMIC_TRY(mimic__ipc_form_init(&file->form, ctx, shape, is_compressed, err));
    MIMIC_TRY(
        mimic__ipc_body_init(&file->body, ctx, shape->field_count + 1, is_compressed, 3, err));
    return mimic__event_shard_open(&file->shard, &file->form, path, false, err);
}

static void small_file_free(small_file *file)
{
    mimic__event_shard_free(&file->shard);
    mimic__ipc_body_free(&file->body);
    mimic__ipc_form_free(&file->form);
}

static mimic_status small_file_add(small_file *file, const mimic_ipc_laid_batch *batch,
                                   mimic_error *err)
{
    mimic_ipc_ready ready;
    mimic_status status = mimic__ipc_ready_make(&ready, &file->body, batch, err);
    if (status == MIMIC_OK)
        status = mimic__event_shard_add(&file->shard, &ready, err);
    mimic__ipc_ready_free(&ready);
    return status;
}

/* ---- codes.arrow ---- */

typedef struct code_rows {
    text_rows codes;
    text_rows descriptions;
    text_rows lists;
    text_rows parents;
    mimic_buffer events;
} code_rows;

static size_t size_of_line(const mimic_code_line *line)
{
    size_t size = line->code_size + (line->description == NULL ? 0 : strlen(line->description));
    for (size_t i = 0; i < line->parent_count; i++)
        size += strlen(line->parents[i]);
    return size;
}

static void put_code(code_rows *rows, const mimic_code_line *line)
{
    put_text(&rows->codes, line->code, line->code_size);
    put_text(&rows->descriptions, line->description,
             line->description == NULL ? 0 : strlen(line->description));
    for (size_t i = 0; i < line->parent_count; i++)
        put_text(&rows->parents, line->parents[i], strlen(line->parents[i]));
    end_row(&rows->lists, rows->parents.rows, line->parent_count > 0);
    mimic__buffer_append(&rows->events, &line->events, sizeof line->events);
}

/* One record batch of the first lines; *out_count says of how many. */
static mimic_status add_codes(small_file *file, code_rows *rows, const mimic_code_line *lines,
                              size_t count, size_t *out_count, mimic_error *err)
{
    text_rows *const all[] = {&rows->codes, &rows->descriptions, &rows->lists, &rows->parents};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        text_rows_clear(all[i]);
    rows->events.size = 0;
    size_t done = 0;
    for (size_t bytes = 0; done < count && done < STEP_ROWS; done++) {
        bytes += size_of_line(&lines[done]);
        if (done > 0 && bytes > STEP_BYTES)
            break;
        put_code(rows, &lines[done]);
    }
    *out_count = done;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (has_failed(all[i]))
            return mimic__fail_memory(err);
    if (rows->events.failed)
        return mimic__fail_memory(err);
    const mimic_ipc_laid laid[] = {
        lay(&rows->codes, true), lay(&rows->descriptions, true), lay(&rows->lists, false),
        lay(&rows->parents, true),
        {.rows = done, .values = rows->events.data, .values_size = done * 8, .has_values = true}};
    const mimic_ipc_laid_batch batch = {done, laid, sizeof laid / sizeof laid[0]};
    return small_file_add(file, &batch, err);
}

static mimic_status write_codes(small_file *file, code_rows *rows, const mimic_code_line *lines,
                                size_t count, mimic_error *err)
{
    int64_t size = 0;
    for (size_t done = 0, step = 0; done < count; done += step)
        MIMIC_TRY(add_codes(file, rows, lines + done, count - done, &step, err));
    return mimic__event_shard_close(&file->shard, &size, err);
}

mimic_status mimic__codes_file_write(const mimic_context *ctx, const char *path,
                                     const mimic_code_line *lines, size_t count, mimic_error *err)
{
    static const mimic_ipc_shape_field fields[] = {
        {"code", MIMIC_IPC_UTF8, true, NULL, 0},
        {"description", MIMIC_IPC_UTF8, false, NULL, 0},
        {"parent_codes", MIMIC_IPC_UTF8_LIST, false, NULL, 0},
        {"events", MIMIC_IPC_INT64, true, NULL, 0},
    };
    const mimic_ipc_shape shape = {fields, sizeof fields / sizeof fields[0]};
    small_file file;
    code_rows rows;
    text_rows_init(&rows.codes, ctx);
    text_rows_init(&rows.descriptions, ctx);
    text_rows_init(&rows.lists, ctx);
    text_rows_init(&rows.parents, ctx);
    mimic__buffer_init(&rows.events, ctx);
    mimic_status status = small_file_open(&file, ctx, path, &shape, err);
    if (status == MIMIC_OK)
        status = write_codes(&file, &rows, lines, count, err);
    small_file_free(&file);
    text_rows_free(&rows.codes);
    text_rows_free(&rows.descriptions);
    text_rows_free(&rows.lists);
    text_rows_free(&rows.parents);
    mimic__buffer_free(&rows.events);
    return status;
}

/* ---- subject_splits.arrow ---- */

static mimic_status write_splits(small_file *file, text_rows *splits, const int64_t *subjects,
                                 size_t count, const mimic_event_plan *plan, mimic_error *err)
{
    int64_t size = 0;
    for (size_t first = 0; first < count; first += STEP_ROWS) {
        const size_t rows = count - first < STEP_ROWS ? count - first : STEP_ROWS;
        text_rows_clear(splits);
        for (size_t i = 0; i < rows; i++) {
            const char *const name =
                mimic__event_split_name(mimic__event_plan_place(plan, subjects[first + i]).split);
            put_text(splits, name, strlen(name));
        }
        if (has_failed(splits))
            return mimic__fail_memory(err);
        const mimic_ipc_laid laid[] = {
            {.rows = rows, .values = subjects + first, .values_size = rows * 8, .has_values = true,
             .counts = true},
            lay(splits, true)};
        const mimic_ipc_laid_batch batch = {rows, laid, 2};
        MIMIC_TRY(small_file_add(file, &batch, err));
    }
    return mimic__event_shard_close(&file->shard, &size, err);
}

mimic_status mimic__splits_file_write(const mimic_context *ctx, const char *path,
                                      const int64_t *subjects, size_t count,
                                      const mimic_event_plan *plan, mimic_error *err)
{
    static const mimic_ipc_shape_field fields[] = {
        {"subject_id", MIMIC_IPC_INT64, true, NULL, 0},
        {"split", MIMIC_IPC_UTF8, true, NULL, 0},
    };
    const mimic_ipc_shape shape = {fields, sizeof fields / sizeof fields[0]};
    small_file file;
    text_rows splits;
    text_rows_init(&splits, ctx);
    mimic_status status = small_file_open(&file, ctx, path, &shape, err);
    if (status == MIMIC_OK)
        status = write_splits(&file, &splits, subjects, count, plan, err);
    small_file_free(&file);
    text_rows_free(&splits);
    return status;
}

/* ---- dataset.json ---- */

static void begin_line(mimic_buffer *json)
{
    mimic__buffer_text(json, json->size == 1 ? "\n  " : ",\n  ");
}

static void put_line(mimic_buffer *json, const char *name, const char *value)
{
    begin_line(json);
    mimic__json_put_text(json, name, value);
}

static void put_columns(mimic_buffer *json, const char *name, const char *const *columns,
                        size_t count)
{
    begin_line(json);
    mimic__json_put_texts(json, name, columns, count);
}

static void put_card(mimic_buffer *json, const mimic_dataset_card *card)
{
    static const char *const sources[] = {"hadm_id", "stay_id", "source_table", "source_row"};
    static const char *const modifiers[] = {"unit"};
    static const char *const values[] = {"value"};
    static const char *const others[] = {"available_time", "link_id",    "order_rank",
                                         "marks",          "properties", "trajectory_version"};
    mimic_buffer version;
    mimic__buffer_init(&version, json->ctx);
    mimic__buffer_format(&version, "%s+%s", mimic_version(), card->trajectory_version);
    char *const etl_version = mimic__buffer_take_text(&version);
    mimic__buffer_byte(json, '{');
    put_line(json, "dataset_name", card->name);
    put_line(json, "dataset_version", card->version);
    put_line(json, "etl_name", "libmimic");
    if (etl_version != NULL)
        put_line(json, "etl_version", etl_version);
    else
        json->failed = true;
    put_line(json, "meds_version", "0.4");
    if (card->license != NULL && card->license[0] != '\0')
        put_line(json, "license", card->license);
    put_columns(json, "raw_source_id_columns", sources, 4);
    put_columns(json, "code_modifier_columns", modifiers, 1);
    put_columns(json, "additional_value_modality_columns", values, 1);
    put_columns(json, "other_extension_columns", others, 6);
    mimic__buffer_text(json, "\n}\n");
    mimic__free(json->ctx, etl_version);
}

mimic_status mimic__dataset_card_write(const mimic_context *ctx, const char *path,
                                       const mimic_dataset_card *card, mimic_error *err)
{
    const mimic_output_options options = {.compression = MIMIC_COMPRESSION_NONE};
    mimic_output *output = NULL;
    mimic_buffer json;
    mimic__buffer_init(&json, ctx);
    put_card(&json, card);
    mimic_status status = json.failed ? mimic__fail_memory(err)
                                      : mimic__output_open(ctx, path, &options, &output, err);
    if (status == MIMIC_OK)
        status = mimic__output_write(output, json.data, json.size, err);
    if (status == MIMIC_OK)
        status = mimic__output_publish(output, err);
    mimic__output_free(output);
    mimic__buffer_free(&json);
    return status;
}
