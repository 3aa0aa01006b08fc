/*
 * Targets: what the text after INPUT on a command line, or in mimic_sink_open, means. A scheme says
 * it outright, else the ending of the path does; nothing on disk is looked at here.
 */
#include "sink/sink_internal.h"

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"

typedef struct target_ending {
    const char *text;
    mimic_target_kind kind;
    bool is_stream;
    mimic_sink_compression compression;
} target_ending;

static const target_ending ENDINGS[] = {
    {".db", MIMIC_TARGET_SQLITE, false, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".sqlite", MIMIC_TARGET_SQLITE, false, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".sqlite3", MIMIC_TARGET_SQLITE, false, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".arrow", MIMIC_TARGET_ARROW, false, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".arrows", MIMIC_TARGET_ARROW, true, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".csv", MIMIC_TARGET_CSV, false, MIMIC_SINK_COMPRESSION_NONE},
    {".csv.gz", MIMIC_TARGET_CSV, false, MIMIC_SINK_COMPRESSION_GZIP},
    {".csv.zst", MIMIC_TARGET_CSV, false, MIMIC_SINK_COMPRESSION_ZSTD},
};

static const char FORMS[] =
    "sqlite:PATH, postgresql://…, arrow:DIR, csv:DIR, null:, or a path that ends in .db .sqlite "
    ".sqlite3 .arrow .arrows .csv .csv.gz or .csv.zst";

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool mimic__target_is_postgres(const char *text)
{
    return begins_with(text, "postgresql://") || begins_with(text, "postgres://");
}

static const target_ending *find_ending(const char *path)
{
    const size_t size = strlen(path);
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        const size_t ending_size = strlen(ENDINGS[i].text);
        if (size > ending_size && strcmp(path + size - ending_size, ENDINGS[i].text) == 0)
            return &ENDINGS[i];
    }
    return NULL;
}

static mimic_status set_path(const mimic_context *ctx, const char *path,
                             struct mimic_target *target, mimic_error *err)
{
    target->path = mimic__strdup(ctx, path);
    return target->path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic__target_parse(const mimic_context *ctx, const char *text,
                                 struct mimic_target *out_target, mimic_error *err)
{
    static const struct {
        const char *prefix;
        mimic_target_kind kind;
    } schemes[] = {{"sqlite:", MIMIC_TARGET_SQLITE},
                   {"arrow:", MIMIC_TARGET_ARROW},
                   {"csv:", MIMIC_TARGET_CSV}};
    *out_target = (struct mimic_target){.kind = MIMIC_TARGET_NULL};
    if (strcmp(text, "null:") == 0)
        return set_path(ctx, "", out_target, err);
    if (mimic__target_is_postgres(text)) {
        out_target->kind = MIMIC_TARGET_POSTGRES;
        return set_path(ctx, text, out_target, err);
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (!begins_with(text, schemes[i].prefix))
            continue;
        const char *path = text + strlen(schemes[i].prefix);
        if (*path == '\0')
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "target \"%s\" names no path", text);
        out_target->kind = schemes[i].kind;
        return set_path(ctx, path, out_target, err);
    }
    const target_ending *ending = find_ending(text);
    if (ending == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "target \"%s\" has no known form; expected %s",
                           text, FORMS);
    out_target->kind = ending->kind;
    out_target->is_one_table = ending->kind != MIMIC_TARGET_SQLITE;
    out_target->is_stream = ending->is_stream;
    out_target->compression = ending->compression;
    return set_path(ctx, text, out_target, err);
}

/* ---- what may be shown ---- */

static const char SECRET[] = "***";

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *const found = digit == '\0' ? NULL : strchr(digits, digit);
    return found == NULL ? -1 : found - digits < 16 ? (int)(found - digits) : (int)(found - digits) - 6;
}

/* Where the password of "user:password@" begins and ends, NULL when there is none. Written for
 * addresses that break the rules too: all up to the last @ counts, unless what follows the colon is
 * a port. */
static const char *find_password(const char *authority, const char **out_end)
{
    const char *const at = strrchr(authority, '@');
    const char *const host_end = authority + strcspn(authority, "/?");
    const char *const colon = memchr(authority, ':', (size_t)(host_end - authority));
    if (at == NULL || colon == NULL || colon > at)
        return NULL;
    const char *const query = authority + strcspn(authority, "?");
    const bool is_in_query =
        at > query && memchr(query, '=', (size_t)(at - query)) != NULL &&
        colon + 1 + strspn(colon + 1, "0123456789,") == host_end; /* the colon is a port's */
    *out_end = at;
    return is_in_query || *authority == '[' ? NULL : colon + 1;
}

/* A parameter's name, which may be percent-encoded, against a plain one. */
static bool is_parameter(const char *text, size_t size, const char *name)
{
    size_t at = 0;
    for (; at < size && *name != '\0'; name++, at++) {
        const bool is_encoded = text[at] == '%' && at + 2 < size && hex_digit(text[at + 1]) >= 0 &&
                                hex_digit(text[at + 2]) >= 0;
        const int byte = is_encoded ? hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2])
                                    : (unsigned char)text[at];
        if (byte != (unsigned char)*name)
            return false;
        at += is_encoded ? 2 : 0;
    }
    return at == size && *name == '\0';
}

/* "?a=b&password=c", the last part of an address. What follows a password without being a parameter
 * is taken for the rest of it. */
static void put_parameters(mimic_buffer *out, const char *text)
{
    bool is_secret = false;
    while (*text != '\0') {
        const size_t size = 1 + strcspn(text + 1, "&");
        const char *const sign = memchr(text, '=', size);
        if (sign != NULL)
            is_secret = is_parameter(text + 1, (size_t)(sign - text) - 1, "password") ||
                        is_parameter(text + 1, (size_t)(sign - text) - 1, "sslpassword");
        if (!is_secret)
            mimic__buffer_append(out, text, size);
        else if (sign != NULL)
            mimic__buffer_format(out, "%.*s%s", (int)(sign + 1 - text), text, SECRET);
        text += size;
    }
}

static void put_redacted(mimic_buffer *out, const char *text)
{
    const char *rest = strstr(text, "://") + 3;
    const char *end = NULL;
    const char *const password = find_password(rest, &end);
    mimic__buffer_append(out, text, (size_t)((password == NULL ? rest : password) - text));
    if (password != NULL) {
        mimic__buffer_text(out, SECRET);
        rest = end;
    }
    const size_t size = strcspn(rest, "?");
    mimic__buffer_append(out, rest, size);
    put_parameters(out, rest + size);
}

char *mimic__target_redact(const mimic_context *ctx, const char *text)
{
    if (!mimic__target_is_postgres(text))
        return mimic__strdup(ctx, text);
    mimic_buffer out;
    mimic__buffer_init(&out, ctx);
    put_redacted(&out, text);
    return mimic__buffer_take_text(&out);
}

mimic_status mimic_target_redact(const mimic_context *ctx, const char *target, char **out_text,
                                 mimic_error *err)
{
    if (ctx == NULL || target == NULL || out_text == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_target_redact: an argument is NULL");
    *out_text = mimic__target_redact(ctx, target);
    return *out_text == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

bool mimic__target_has_loose_password(const char *text)
{
    const char *end = NULL;
    const char *const password = find_password(strstr(text, "://") + 3, &end);
    for (const char *at = password; at != NULL && at < end; at++)
        if (strchr("@/?", *at) != NULL ||
            (*at == '%' && (hex_digit(at[1]) < 0 || hex_digit(at[2]) < 0)))
            return true;
    return false;
}

void mimic__target_free(const mimic_context *ctx, struct mimic_target *target)
{
    mimic__free(ctx, target->path);
    target->path = NULL;
}

static bool is_file_name(const char *name)
{
    return *name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

mimic_status mimic__sink_table_path(const mimic_context *ctx, const char *dir, const char *module,
                                    const char *name, const char *ending, char **out_path,
                                    mimic_error *err)
{
    *out_path = NULL;
    if (!is_file_name(name) || (*module != '\0' && !is_file_name(module)))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "table \"%s\" of module \"%s\" cannot name a file below \"%s\"", name,
                           module, dir);
    mimic_buffer path;
    mimic__buffer_init(&path, ctx);
    mimic__buffer_format(&path, "%s/%s%s%s%s", dir, module, *module == '\0' ? "" : "/", name,
                         ending);
    *out_path = mimic__buffer_take_text(&path);
    return *out_path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}
