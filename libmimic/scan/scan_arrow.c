/*
 * Reads Arrow IPC files and streams of a target (arrow/ipc_reader.h). The file is opened for the time
 * of a stream, and once before for its schema; reading goes by place, so that only the chosen columns
 * are read.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arrow/ipc_reader.h"
#include "base/error.h"
#include "scan/scan_internal.h"

typedef struct arrow_scan {
    const mimic_context *ctx;
    const char *path;
    int file;
    mimic_ipc_reader *reader;
} arrow_scan;

static mimic_status read_place(void *ctx, int64_t offset, void *bytes, size_t size,
                               mimic_error *err)
{
    const arrow_scan *self = ctx;
    char *target = bytes;
    while (size > 0) {
        const ssize_t got = pread(self->file, target, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot read %s", self->path);
        if (got == 0)
            return mimic__fail(err, MIMIC_ERR_IO, "%s became shorter while it was read",
                               self->path);
        target += got;
        offset += got;
        size -= (size_t)got;
    }
    return MIMIC_OK;
}

static void arrow_free(void *ctx)
{
    arrow_scan *self = ctx;
    mimic__ipc_reader_free(self->reader);
    if (self->file >= 0)
        close(self->file); /* was only read from: nothing can be lost */
    mimic__free(self->ctx, self);
}

static mimic_status arrow_next(void *ctx, const mimic_batch **out_batch, mimic_error *err)
{
    arrow_scan *self = ctx;
    return mimic__ipc_reader_next(self->reader, out_batch, err);
}

static mimic_status open_inner(arrow_scan *self, const mimic_scan *scan, mimic_error *err)
{
    struct stat facts;
    self->file = open(self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (self->file < 0)
        return mimic__fail_errno(err, errno == ENOENT ? MIMIC_ERR_NOT_FOUND : MIMIC_ERR_IO, errno,
                                 "cannot open %s", self->path);
    if (fstat(self->file, &facts) != 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot look at %s", self->path);
    if (!S_ISREG(facts.st_mode))
        return mimic__fail(err, MIMIC_ERR_IO, "%s is no regular file", self->path);
    const mimic_ipc_input input = {read_place, self, (int64_t)facts.st_size, self->path};
    return mimic__ipc_reader_open(self->ctx, &input, scan->options.max_batch_bytes, &self->reader,
                                  err);
}

static mimic_status open_arrow(const mimic_scan *scan, const char *path, arrow_scan **out_self,
                               mimic_error *err)
{
    arrow_scan *self = mimic__alloc_zeroed(scan->ctx, 1, sizeof *self);
    *out_self = NULL;
    if (self == NULL)
        return mimic__fail_memory(err);
    self->ctx = scan->ctx;
    self->path = path;
    self->file = -1;
    const mimic_status status = open_inner(self, scan, err);
    if (status != MIMIC_OK)
        arrow_free(self);
    else
        *out_self = self;
    return status;
}

/* ---- rows ---- */

/* Somebody may have put another file there since the tables were listed. */
static mimic_status check_same(const arrow_scan *self, const scan_request *request,
                               mimic_error *err)
{
    const mimic_ipc_schema *schema = mimic__ipc_reader_schema(self->reader);
    const mimic_table *table = request->table->table;
    bool is_same = schema->field_count == table->field_count;
    for (size_t i = 0; is_same && i < table->field_count; i++)
        is_same = mimic__name_equals(schema->fields[i].name, table->fields[i].name) &&
                  mimic__ipc_can_read_as(&schema->fields[i], table->fields[i].type) &&
                  schema->fields[i].precision == table->fields[i].precision &&
                  schema->fields[i].scale == table->fields[i].scale;
    return is_same ? MIMIC_OK
                   : mimic__fail(err, MIMIC_ERR_STATE,
                                 "%s was replaced since its schema was read; open the scan again",
                                 self->path);
}

static mimic_status choose_columns(arrow_scan *self, const scan_request *request, mimic_error *err)
{
    const mimic_table *projected = request->projected;
    mimic_type *types = mimic__alloc_array(self->ctx, projected->field_count + 1, sizeof *types);
    if (types == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < projected->field_count; i++)
        types[i] = projected->fields[i].type;
    const mimic_status status = mimic__ipc_reader_choose(self->reader, request->fields, types,
                                                         projected->field_count, err);
    mimic__free(self->ctx, types);
    return status;
}

static mimic_status start(const scan_request *request, scan_reader *out_reader, mimic_error *err)
{
    arrow_scan *self = NULL;
    MIMIC_TRY(open_arrow(request->scan, request->table->source, &self, err));
    mimic_status status = check_same(self, request, err);
    if (status == MIMIC_OK)
        status = choose_columns(self, request, err);
    if (status != MIMIC_OK) {
        arrow_free(self);
        return status;
    }
    *out_reader = (scan_reader){self, arrow_next, arrow_free};
    return MIMIC_OK;
}

/* ---- tables ---- */

/* The release's type, or texts where it says categories, and the reverse. */
static bool fits_type(const void *ctx, size_t index, const mimic_field *field)
{
    const mimic_ipc_schema *schema = ctx;
    const mimic_ipc_source_field *own = &schema->fields[index];
    return mimic__ipc_can_read_as(own, field->type) && own->precision == field->precision &&
           own->scale == field->scale;
}

static mimic_status add_schema(mimic_scan *scan, const scan_file *file,
                               const mimic_ipc_schema *schema, mimic_error *err)
{
    scan_table table = {.source = file->path, .start = start};
    scan_layout layout = {
        .field_count = schema->field_count, .fits = fits_type, .fits_ctx = schema};
    MIMIC_TRY(mimic__scan_split_path(scan, file->relative, &layout.module, &layout.name, err));
    layout.fields = mimic__arena_array(&scan->arena, layout.field_count + 1, sizeof *layout.fields);
    if (layout.fields == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < schema->field_count; i++) {
        const mimic_ipc_source_field *own = &schema->fields[i];
        const char *name = mimic__arena_strdup(&scan->arena, own->name);
        if (name == NULL)
            return mimic__fail_memory(err);
        layout.fields[i] = mimic__field_plain(name, own->type);
        layout.fields[i].precision = own->precision;
        layout.fields[i].scale = own->scale;
        layout.fields[i].is_required = own->is_required;
    }
    if (schema->table[0] != '\0') {
        layout.name = mimic__arena_strdup(&scan->arena, schema->table);
        if (layout.name == NULL)
            return mimic__fail_memory(err);
        layout.release =
            mimic__scan_release_table(scan, schema->dataset, schema->version, schema->table);
    }
    return mimic__scan_add_table(scan, &layout, &table, err);
}

mimic_status mimic__scan_add_arrow(mimic_scan *scan, const scan_file *file, mimic_error *err)
{
    arrow_scan *self = NULL;
    MIMIC_TRY(open_arrow(scan, file->path, &self, err));
    const mimic_status status =
        add_schema(scan, file, mimic__ipc_reader_schema(self->reader), err);
    arrow_free(self);
    return status;
}
