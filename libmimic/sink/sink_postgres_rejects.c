/*
 * Rejects of a table in PostgreSQL. While a COPY runs the connection takes nothing else, so they are
 * kept as the bytes of another COPY: up to 256 KiB in memory, more in a temporary file that has no
 * name. A raw record goes into `raw` when it is a text that PostgreSQL can hold, else into
 * `raw_bytes`.
 */
#include "sink/sink_postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/utf8.h"

#define MEMORY_BYTES ((size_t)256 << 10)
#define READ_BYTES ((size_t)64 << 10)
#define COLUMN_COUNT 11

static const unsigned char HEADER[] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n',
                                       0,   0,   0,   0,   0,   0,   0,    0,    0};
static const unsigned char TRAILER[] = {0xff, 0xff};

void mimic__postgres_spool_init(mimic_postgres_spool *spool, const mimic_context *ctx)
{
    *spool = (mimic_postgres_spool){.fd = -1};
    mimic__buffer_init(&spool->bytes, ctx);
}

void mimic__postgres_spool_free(mimic_postgres_spool *spool)
{
    if (spool->bytes.ctx == NULL)
        return;
    mimic__buffer_free(&spool->bytes);
    if (spool->fd >= 0)
        (void)close(spool->fd);
    spool->fd = -1;
}

/* ---- the file ---- */

static mimic_status open_file(mimic_postgres_spool *spool, mimic_error *err)
{
    mimic_buffer text;
    mimic__buffer_init(&text, spool->bytes.ctx);
    mimic__buffer_text(&text, P_tmpdir "/mimic-rejects-XXXXXX");
    char *const name = mimic__buffer_take_text(&text);
    if (name == NULL)
        return mimic__fail_memory(err);
    spool->fd = mkstemp(name);
    const mimic_status status =
        spool->fd >= 0 ? MIMIC_OK
                       : mimic__fail_errno(err, MIMIC_ERR_IO, errno,
                                           "cannot make a temporary file for rejects, %s", name);
    if (spool->fd >= 0) {
        (void)fcntl(spool->fd, F_SETFD, FD_CLOEXEC);
        (void)unlink(name);
    }
    mimic__free(spool->bytes.ctx, name);
    return status;
}

static mimic_status flush_to_file(mimic_postgres_spool *spool, mimic_error *err)
{
    const char *at = spool->bytes.data;
    if (spool->fd < 0)
        MIMIC_TRY(open_file(spool, err));
    while (spool->bytes.size > 0) {
        const ssize_t done = pwrite(spool->fd, at, spool->bytes.size, (off_t)spool->file_size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return mimic__fail_errno(err, MIMIC_ERR_IO, done == 0 ? ENOSPC : errno,
                                     "cannot write a temporary file for rejects");
        at += done;
        spool->bytes.size -= (size_t)done;
        spool->file_size += done;
    }
    return MIMIC_OK;
}

/* ---- one reject ---- */

static void put_number(mimic_buffer *out, uint64_t number, int size)
{
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
        mimic__buffer_byte(out, (char)(number >> shift & 0xff));
}

static void put_int64(mimic_buffer *out, int64_t number)
{
    put_number(out, 8, 4);
    put_number(out, (uint64_t)number, 8);
}

static void put_bytes(mimic_buffer *out, const char *bytes, size_t size)
{
    put_number(out, size, 4);
    mimic__buffer_append(out, bytes, size);
}

static void put_null(mimic_buffer *out)
{
    put_number(out, UINT32_MAX, 4);
}

void mimic__postgres_put_text(mimic_buffer *out, const char *text, size_t size)
{
    while (size > 0) {
        const size_t sound = mimic__utf8_check(text, size);
        mimic__buffer_append(out, text, sound);
        if (sound == size)
            return;
        mimic__buffer_text(out, "\xef\xbf\xbd");
        text += sound + 1;
        size -= sound + 1;
    }
}

/* Its size is known only when it is there. */
static void put_text(mimic_buffer *out, const char *text)
{
    const size_t head = out->size;
    put_number(out, 0, 4);
    mimic__postgres_put_text(out, text, strlen(text));
    if (out->failed)
        return;
    const size_t size = out->size - head - 4;
    for (int i = 0; i < 4; i++)
        out->data[head + (size_t)i] = (char)(size >> (24 - 8 * i) & 0xff);
}

mimic_status mimic__postgres_spool_reject(mimic_postgres_spool *spool,
                                          const mimic_postgres_names *names,
                                          const mimic_reject *reject, mimic_error *err)
{
    mimic_buffer *const out = &spool->bytes;
    const bool is_text =
        mimic__utf8_check(reject->raw, reject->raw_size) == reject->raw_size &&
        (reject->raw_size == 0 || memchr(reject->raw, '\0', reject->raw_size) == NULL);
    if (spool->count == 0)
        mimic__buffer_append(out, HEADER, sizeof HEADER);
    put_number(out, COLUMN_COUNT, 2);
    put_text(out, names->schema);
    put_text(out, names->table->name);
    put_text(out, reject->source);
    put_int64(out, reject->record);
    put_int64(out, reject->line);
    put_int64(out, reject->byte_offset);
    put_text(out, reject->column);
    put_text(out, mimic_reject_code_name(reject->code));
    put_text(out, reject->message);
    if (is_text) {
        put_bytes(out, reject->raw, reject->raw_size);
        put_null(out);
    } else {
        put_null(out);
        put_bytes(out, reject->raw, reject->raw_size);
    }
    spool->count++;
    if (out->failed)
        return mimic__fail_memory(err);
    return out->size < MEMORY_BYTES ? MIMIC_OK : flush_to_file(spool, err);
}

/* ---- into the table ---- */

static mimic_status send_file(mimic_postgres_spool *spool, mimic_postgres *db, mimic_error *err)
{
    char *const bytes = mimic__alloc(spool->bytes.ctx, READ_BYTES);
    mimic_status status = bytes == NULL ? mimic__fail_memory(err) : MIMIC_OK;
    for (int64_t at = 0; status == MIMIC_OK && at < spool->file_size;) {
        const ssize_t done = pread(spool->fd, bytes, READ_BYTES, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            status = mimic__fail_errno(err, MIMIC_ERR_IO, done == 0 ? EIO : errno,
                                       "cannot read back a temporary file for rejects");
        else
            status = mimic__postgres_copy_write(db, bytes, (size_t)done, err);
        at += done;
    }
    mimic__free(spool->bytes.ctx, bytes);
    return status;
}

mimic_status mimic__postgres_spool_store(mimic_postgres_spool *spool, mimic_postgres *db,
                                         const char *own_schema, mimic_error *err)
{
    mimic_buffer sql;
    if (spool->count == 0)
        return MIMIC_OK;
    mimic__buffer_init(&sql, spool->bytes.ctx);
    mimic__buffer_text(&sql, "COPY ");
    mimic__postgres_quote_in(&sql, own_schema, "_mimic_rejects");
    mimic__buffer_text(&sql, " (schema_name, table_name, source, record, line, byte_offset,"
                             " column_name, code, message, raw, raw_bytes)"
                             " FROM STDIN (FORMAT BINARY)");
    char *const text = mimic__buffer_take_text(&sql);
    if (text == NULL)
        return mimic__fail_memory(err);
    mimic_status status = mimic__postgres_copy_begin(db, text, err);
    mimic__free(spool->bytes.ctx, text);
    if (status == MIMIC_OK && spool->file_size > 0)
        status = send_file(spool, db, err);
    if (status == MIMIC_OK)
        status = mimic__postgres_copy_write(db, spool->bytes.data, spool->bytes.size, err);
    if (status == MIMIC_OK)
        status = mimic__postgres_copy_write(db, TRAILER, sizeof TRAILER, err);
    return status == MIMIC_OK ? mimic__postgres_copy_end(db, err) : status;
}
