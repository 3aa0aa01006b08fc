/* Names of reject codes, and the sentence that explains a fault. Values are shown bounded, with
 * control characters escaped; no locale takes part. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "coerce/coerce_plan.h"

#define SHOWN_BYTES 80

const char *mimic_reject_code_name(mimic_reject_code code)
{
    switch (code) {
    case MIMIC_REJECT_STRAY_QUOTE:
        return "stray_quote";
    case MIMIC_REJECT_AFTER_QUOTE:
        return "after_quote";
    case MIMIC_REJECT_UNCLOSED_QUOTE:
        return "unclosed_quote";
    case MIMIC_REJECT_OVERSIZE:
        return "oversize";
    case MIMIC_REJECT_FIELD_COUNT:
        return "field_count";
    case MIMIC_REJECT_EMPTY_LINE:
        return "empty_line";
    case MIMIC_REJECT_NUL:
        return "nul";
    case MIMIC_REJECT_UTF8:
        return "utf8";
    case MIMIC_REJECT_REQUIRED:
        return "required";
    case MIMIC_REJECT_TYPE:
        return "type";
    case MIMIC_REJECT_RANGE:
        return "range";
    case MIMIC_REJECT_PRECISION:
        return "precision";
    case MIMIC_REJECT_LENGTH:
        return "length";
    case MIMIC_REJECT_ENUM:
        return "enum";
    case MIMIC_REJECT_BOUND:
        return "bound";
    case MIMIC_REJECT_PATTERN:
        return "pattern";
    case MIMIC_REJECT_UNIQUE:
        return "unique";
    case MIMIC_REJECT_SINK:
        return "sink";
    default:
        return "unknown";
    }
}

/* The value in quotes: at most SHOWN_BYTES of it, cut between characters, control characters (C1
 * too, which terminals obey) and malformed bytes as \xNN. */
static void quote_value(char *out, size_t capacity, const char *value, size_t size)
{
    size_t shown = size <= SHOWN_BYTES ? size : SHOWN_BYTES;
    while (shown < size && shown > 0 && ((unsigned char)value[shown] & 0xc0) == 0x80)
        shown--;
    size_t used = 0;
    out[used++] = '"';
    for (size_t i = 0; i < shown && capacity - used > 24;) {
        const size_t start = i;
        const uint32_t character = mimic__utf8_decode(value, size, &i);
        const bool is_malformed = character == 0xfffd && i - start == 1;
        if (character >= 0x20 && (character < 0x7f || character > 0x9f) && !is_malformed) {
            memcpy(out + used, value + start, i - start);
            used += i - start;
            continue;
        }
        for (size_t k = start; k < i; k++)
            used += (size_t)snprintf(out + used, capacity - used, "\\x%02x",
                                     (unsigned)(unsigned char)value[k]);
    }
    snprintf(out + used, capacity - used, shown < size ? "\xe2\x80\xa6\"" : "\"");
}

/* Texts of the schema are cut by the byte, and so is the message; what is left of a character that
 * was cut goes, so that the message is UTF-8 for every target that takes nothing else. */
static void drop_cut_characters(char *text)
{
    const size_t size = strlen(text);
    size_t kept = 0;
    for (size_t i = 0; i < size;) {
        const size_t start = i;
        if (mimic__utf8_decode(text, size, &i) == 0xfffd && i - start == 1)
            continue;
        memmove(text + kept, text + start, i - start);
        kept += i - start;
    }
    text[kept] = '\0';
}

/* "an int32", "a decimal(6,3)" … as it stands after "is not". */
static void name_type(char *out, size_t capacity, const mimic_field *field)
{
    static const char *const names[] = {
        [MIMIC_TYPE_BOOLEAN] = "a boolean",
        [MIMIC_TYPE_INT16] = "an int16",
        [MIMIC_TYPE_INT32] = "an int32",
        [MIMIC_TYPE_INT64] = "an int64",
        [MIMIC_TYPE_FLOAT32] = "a float32",
        [MIMIC_TYPE_FLOAT64] = "a float64",
        [MIMIC_TYPE_DATE] = "a date",
        [MIMIC_TYPE_TIME] = "a time",
        [MIMIC_TYPE_TIMESTAMP] = "a timestamp without zone",
        [MIMIC_TYPE_TIMESTAMPTZ] = "a timestamp with zone",
        [MIMIC_TYPE_STRING] = "a text",
        [MIMIC_TYPE_CATEGORICAL] = "a text",
        [MIMIC_TYPE_BINARY] = "padded base64",
    };
    if (field->schema_type != NULL &&
        (strcmp(field->schema_type, "year") == 0 || strcmp(field->schema_type, "yearmonth") == 0))
        snprintf(out, capacity, "a %s", field->schema_type);
    else if (field->type == MIMIC_TYPE_DECIMAL)
        snprintf(out, capacity, "a decimal(%d,%d)", (int)field->precision, (int)field->scale);
    else
        snprintf(out, capacity, "%s", names[field->type]);
}

static bool is_time_type(mimic_type type)
{
    return type == MIMIC_TYPE_DATE || type == MIMIC_TYPE_TIME || type == MIMIC_TYPE_TIMESTAMP ||
           type == MIMIC_TYPE_TIMESTAMPTZ;
}

/* What a text of a type looks like where no format says so. */
static const char *default_form(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_DATE:
        return " (YYYY-MM-DD)";
    case MIMIC_TYPE_TIME:
        return " (hh:mm:ss)";
    case MIMIC_TYPE_TIMESTAMP:
        return " (YYYY-MM-DDThh:mm:ss)";
    case MIMIC_TYPE_TIMESTAMPTZ:
        return " (YYYY-MM-DDThh:mm:ssZ)";
    default:
        return "";
    }
}

static void explain_type(const mimic_field *field, const char *shown, const char *type, char *out,
                         size_t capacity)
{
    const char *const format = field->format_count == 0 ? "default" : field->formats[0];
    if (strcmp(shown, "\"\"") == 0)
        snprintf(out, capacity, "an empty text is not %s", type);
    else if (strcmp(format, "default") != 0 && field->type != MIMIC_TYPE_BINARY)
        snprintf(out, capacity, "%s is not %s of the format \"%s\"%s", shown, type, format,
                 field->format_count > 1 ? " or the others" : "");
    else if (field->type == MIMIC_TYPE_BOOLEAN && field->true_value_count == 0 &&
             field->false_value_count == 0)
        snprintf(out, capacity, "%s is not a boolean (true, false, 1, 0)", shown);
    else
        snprintf(out, capacity, "%s is not %s%s", shown, type, default_form(field->type));
}

static void explain_range(const mimic_field *field, const char *shown, const char *type, char *out,
                          size_t capacity)
{
    const char *const kind = strchr(type, ' ') != NULL ? strchr(type, ' ') + 1 : type;
    const char *limits = "";
    if (field->type == MIMIC_TYPE_INT16)
        limits = " (-32768 to 32767)";
    else if (field->type == MIMIC_TYPE_INT32)
        limits = " (-2147483648 to 2147483647)";
    else if (field->type == MIMIC_TYPE_INT64)
        limits = " (-9223372036854775808 to 9223372036854775807)";
    if (is_time_type(field->type) || field->type == MIMIC_TYPE_STRING ||
        field->type == MIMIC_TYPE_CATEGORICAL)
        snprintf(out, capacity, "%s names a day or time that does not exist", shown);
    else
        snprintf(out, capacity, "%s does not fit into %s%s", shown, kind, limits);
}

static void explain_bound(const mimic_field *field, const char *shown, char *out, size_t capacity)
{
    const char *const low = field->minimum != NULL ? field->minimum : field->exclusive_minimum;
    const char *const high = field->maximum != NULL ? field->maximum : field->exclusive_maximum;
    if (low != NULL && high != NULL)
        snprintf(out, capacity, "%s is not between %.60s%s and %.60s%s", shown, low,
                 field->minimum == NULL ? " (exclusive)" : "", high,
                 field->maximum == NULL ? " (exclusive)" : "");
    else if (low != NULL)
        snprintf(out, capacity, "%s is not %s %.60s", shown,
                 field->minimum != NULL ? "at least" : "greater than", low);
    else
        snprintf(out, capacity, "%s is not %s %.60s", shown,
                 field->maximum != NULL ? "at most" : "less than",
                 high != NULL ? high : "its bound");
}

static void explain_length(const mimic_field *field, const char *shown, char *out, size_t capacity)
{
    const char *const unit = field->type == MIMIC_TYPE_BINARY ? "bytes" : "characters";
    if (field->min_length > 0 && field->max_length >= 0)
        snprintf(out, capacity, "not %lld to %lld %s long: %s", (long long)field->min_length,
                 (long long)field->max_length, unit, shown);
    else if (field->max_length >= 0)
        snprintf(out, capacity, "longer than %lld %s: %s", (long long)field->max_length, unit,
                 shown);
    else
        snprintf(out, capacity, "shorter than %lld %s: %s", (long long)field->min_length, unit,
                 shown);
}

static void explain_enum(const mimic_field *field, const char *shown, char *out, size_t capacity)
{
    size_t used = (size_t)snprintf(out, capacity, "%s is not one of", shown);
    for (size_t i = 0; i < field->enum_count && used < capacity; i++) {
        if (i == 8) {
            snprintf(out + used, capacity - used, " and %zu more", field->enum_count - i);
            break;
        }
        used += (size_t)snprintf(out + used, capacity - used, "%s \"%.40s\"", i == 0 ? "" : ",",
                                 field->enum_values[i].data);
    }
}

static void explain_precision(const mimic_field *field, const char *shown, const char *type,
                              char *out, size_t capacity)
{
    if (field->type == MIMIC_TYPE_DECIMAL)
        snprintf(out, capacity, "%s has more digits than %s keeps", shown, type + 2);
    else if (field->type == MIMIC_TYPE_DATE)
        snprintf(out, capacity, "%s has a time of day, which a date does not keep", shown);
    else
        snprintf(out, capacity, "%s is finer than microseconds", shown);
}

static void explain(const mimic_field *field, mimic_reject_code code, const char *shown, char *out,
                    size_t capacity)
{
    char type[64];
    name_type(type, sizeof type, field);
    switch (code) {
    case MIMIC_REJECT_REQUIRED:
        if (strcmp(shown, "\"\"") == 0)
            snprintf(out, capacity, "empty, but a value is required");
        else
            snprintf(out, capacity, "%s stands for no value, but a value is required", shown);
        break;
    case MIMIC_REJECT_TYPE:
        explain_type(field, shown, type, out, capacity);
        break;
    case MIMIC_REJECT_RANGE:
        explain_range(field, shown, type, out, capacity);
        break;
    case MIMIC_REJECT_PRECISION:
        explain_precision(field, shown, type, out, capacity);
        break;
    case MIMIC_REJECT_LENGTH:
        explain_length(field, shown, out, capacity);
        break;
    case MIMIC_REJECT_ENUM:
        explain_enum(field, shown, out, capacity);
        break;
    case MIMIC_REJECT_BOUND:
        explain_bound(field, shown, out, capacity);
        break;
    case MIMIC_REJECT_PATTERN:
        snprintf(out, capacity, "%s does not match the pattern \"%.120s\"", shown,
                 field->pattern != NULL ? field->pattern : "");
        break;
    case MIMIC_REJECT_UNIQUE:
        snprintf(out, capacity, "%s came before, but the column is unique", shown);
        break;
    default:
        snprintf(out, capacity, "%s: %s", shown, mimic_reject_code_name(code));
        break;
    }
}

void mimic__coerce_message(const mimic_coerce_plan *plan, size_t column, mimic_reject_code code,
                           const char *value, size_t value_size, char *out, size_t capacity)
{
    char shown[SHOWN_BYTES * 4 + 32];
    /* The quotes of the file would look like the sentence's own. */
    if (value_size >= 2 && value[0] == '"' && value[value_size - 1] == '"') {
        value++;
        value_size -= 2;
    }
    quote_value(shown, sizeof shown, value, value_size);
    if (capacity == 0)
        return;
    explain(plan->columns[column].field, code, shown, out, capacity);
    drop_cut_characters(out);
}
