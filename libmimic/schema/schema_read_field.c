/*
 * One field of a Table Schema: type, format, lexical properties, constraints, and what "mimic"
 * adds. Values of constraints are kept as text; whether they are values of the type is found out
 * when a coercion plan is made of the field.
 */
#include "schema/schema_reader.h"

#define BIT(type) (1u << (type))
#define INTEGERS (BIT(MIMIC_TYPE_INT16) | BIT(MIMIC_TYPE_INT32) | BIT(MIMIC_TYPE_INT64))
#define TEXTS (BIT(MIMIC_TYPE_STRING) | BIT(MIMIC_TYPE_CATEGORICAL))

/* Which constraints a type has, beside required, unique and enum. */
#define RANGE 1u
#define LENGTH 2u
#define PATTERN 4u
#define JSON_SCHEMA 8u

/* How "format" is read. */
typedef enum format_kind {
    FORMAT_NONE,
    FORMAT_TIME,
    FORMAT_STRING,
    FORMAT_POINT,
    FORMAT_GEOJSON
} format_kind;

typedef struct type_rule {
    const char *name;
    mimic_type fallback; /* physical type without "mimic": {"type"} */
    uint32_t allowed;    /* physical types that it may be given */
    uint32_t constraints;
    format_kind format;
} type_rule;

static const type_rule type_rules[] = {
    {"string", MIMIC_TYPE_STRING, TEXTS | BIT(MIMIC_TYPE_BINARY), LENGTH | PATTERN, FORMAT_STRING},
    {"integer", MIMIC_TYPE_INT64, INTEGERS, RANGE, FORMAT_NONE},
    {"number", MIMIC_TYPE_FLOAT64,
     BIT(MIMIC_TYPE_FLOAT32) | BIT(MIMIC_TYPE_FLOAT64) | BIT(MIMIC_TYPE_DECIMAL), RANGE,
     FORMAT_NONE},
    {"boolean", MIMIC_TYPE_BOOLEAN, BIT(MIMIC_TYPE_BOOLEAN), 0, FORMAT_NONE},
    {"date", MIMIC_TYPE_DATE, BIT(MIMIC_TYPE_DATE), RANGE, FORMAT_TIME},
    {"datetime", MIMIC_TYPE_TIMESTAMP, BIT(MIMIC_TYPE_TIMESTAMP) | BIT(MIMIC_TYPE_TIMESTAMPTZ),
     RANGE, FORMAT_TIME},
    {"time", MIMIC_TYPE_TIME, BIT(MIMIC_TYPE_TIME), RANGE, FORMAT_TIME},
    {"year", MIMIC_TYPE_INT32, INTEGERS, RANGE, FORMAT_NONE},
    {"yearmonth", MIMIC_TYPE_STRING, TEXTS, RANGE, FORMAT_NONE},
    {"duration", MIMIC_TYPE_STRING, TEXTS, RANGE, FORMAT_NONE},
    {"any", MIMIC_TYPE_STRING, TEXTS, 0, FORMAT_NONE},
    {"object", MIMIC_TYPE_STRING, BIT(MIMIC_TYPE_STRING), LENGTH | JSON_SCHEMA, FORMAT_NONE},
    {"array", MIMIC_TYPE_STRING, BIT(MIMIC_TYPE_STRING), LENGTH | JSON_SCHEMA, FORMAT_NONE},
    {"list", MIMIC_TYPE_STRING, BIT(MIMIC_TYPE_STRING), LENGTH, FORMAT_NONE},
    {"geopoint", MIMIC_TYPE_STRING, BIT(MIMIC_TYPE_STRING), 0, FORMAT_POINT},
    {"geojson", MIMIC_TYPE_STRING, BIT(MIMIC_TYPE_STRING), 0, FORMAT_GEOJSON},
};

#define TYPE_RULE_COUNT (sizeof type_rules / sizeof type_rules[0])
#define ANY_RULE 10

static bool is_one_of(const char *text, const char *const *choices)
{
    while (*choices != NULL && strcmp(*choices, text) != 0)
        choices++;
    return *choices != NULL;
}

/* ---- type ---- */

static const type_rule *read_type(mimic_schema_reader *reader, const mimic_json *json)
{
    const mimic_json *type = mimic__schema_member(reader, json, "type", MIMIC_JSON_STRING);
    if (type == NULL)
        return &type_rules[ANY_RULE];
    for (size_t i = 0; i < TYPE_RULE_COUNT; i++)
        if (strcmp(type_rules[i].name, type->text) == 0)
            return &type_rules[i];
    mimic__schema_finding(reader, type,
                          "unknown type \"%s\"; the types are string, number, integer, boolean, "
                          "date, datetime, time, year, yearmonth, duration, object, array, list, "
                          "geopoint, geojson and any",
                          type->text);
    return &type_rules[ANY_RULE];
}

/* One or two digits before `end`; NULL when there are none. */
static const char *parse_digits(const char *text, char end, int32_t *out_number)
{
    int32_t number = 0;
    size_t digits = 0;
    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 3; digits++)
        number = number * 10 + (text[digits] - '0');
    *out_number = number;
    return digits > 0 && digits < 3 && text[digits] == end ? text + digits + 1 : NULL;
}

/* "decimal(p,s)": Arrow's decimal128 holds 38 digits. */
static bool parse_decimal(const char *text, int32_t *out_precision, int32_t *out_scale)
{
    if (strncmp(text, "decimal(", 8) != 0)
        return false;
    const char *rest = parse_digits(text + 8, ',', out_precision);
    if (rest != NULL && *rest == ' ')
        rest++;
    rest = rest == NULL ? NULL : parse_digits(rest, ')', out_scale);
    return rest != NULL && *rest == '\0' && *out_precision >= 1 && *out_precision <= 38 &&
           *out_scale <= *out_precision;
}

static bool parse_physical_type(const char *text, mimic_field *field, mimic_type *out_type)
{
    if (parse_decimal(text, &field->precision, &field->scale)) {
        *out_type = MIMIC_TYPE_DECIMAL;
        return true;
    }
    field->precision = 0;
    field->scale = 0;
    for (mimic_type type = MIMIC_TYPE_BOOLEAN; type <= MIMIC_TYPE_BINARY; type++)
        if (type != MIMIC_TYPE_DECIMAL && strcmp(mimic_type_name(type), text) == 0) {
            *out_type = type;
            return true;
        }
    return false;
}

static bool has_zone(const mimic_field *field)
{
    for (size_t i = 0; i < field->format_count; i++)
        if (strstr(field->formats[i], "%z") != NULL || strstr(field->formats[i], "%Z") != NULL)
            return true;
    return false;
}

/* Needs the formats. */
static void read_physical_type(mimic_schema_reader *reader, const mimic_json *extension,
                               const type_rule *rule, mimic_field *field)
{
    field->type = rule->fallback;
    if (rule->format == FORMAT_STRING && strcmp(field->formats[0], "binary") == 0)
        field->type = MIMIC_TYPE_BINARY;
    if (field->type == MIMIC_TYPE_TIMESTAMP && has_zone(field))
        field->type = MIMIC_TYPE_TIMESTAMPTZ;
    const mimic_json *given = mimic__schema_member(reader, extension, "type", MIMIC_JSON_STRING);
    if (given == NULL)
        return;
    mimic_type type;
    if (!parse_physical_type(given->text, field, &type))
        mimic__schema_finding(
            reader, given,
            "unknown physical type \"%s\"; expected int16, int32, int64, float32, "
            "float64, decimal(p,s) with p up to 38, boolean, date, time, "
            "timestamp, timestamptz, string, categorical or binary",
            given->text);
    else if ((rule->allowed & BIT(type)) == 0)
        mimic__schema_finding(reader, given, "a field of type %s cannot be stored as %s",
                              rule->name, given->text);
    else
        field->type = type;
}

/* ---- format ---- */

/* Every %-directive of strptime; returns the first unknown one, NULL when all are known. */
static const char *find_bad_directive(const char *format)
{
    for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at + 2, '%'))
        if (at[1] == '\0' || strchr("aAbBdDeFfHhIjmMnpRSTtyYzZ%", at[1]) == NULL)
            return at;
    return NULL;
}

static void check_time_format(mimic_schema_reader *reader, const mimic_json *at, const char *format)
{
    static const char *const words[] = {"default", "any", NULL};
    if (is_one_of(format, words))
        return;
    size_t plain = 0;
    while (format[plain] != '\0' && format[plain] != '%')
        plain++;
    if (format[plain] == '\0')
        mimic__schema_finding(reader, at,
                              "unknown format \"%s\"; expected default, any, or a pattern such as "
                              "%%Y-%%m-%%d %%H:%%M:%%S",
                              format);
    const char *bad = find_bad_directive(format);
    if (bad != NULL)
        mimic__schema_finding(reader, at, "format \"%s\" has an unknown directive at \"%.2s\"",
                              format, bad);
}

static void check_format(mimic_schema_reader *reader, const mimic_json *at, const type_rule *rule,
                         const char *format)
{
    static const char *const strings[] = {"default", "email", "uri", "binary", "uuid", NULL};
    static const char *const points[] = {"default", "array", "object", NULL};
    static const char *const geojson[] = {"default", "topojson", NULL};
    static const char *const none[] = {"default", NULL};
    if (rule->format == FORMAT_TIME) {
        check_time_format(reader, at, format);
        return;
    }
    const char *const *choices = rule->format == FORMAT_STRING    ? strings
                                 : rule->format == FORMAT_POINT   ? points
                                 : rule->format == FORMAT_GEOJSON ? geojson
                                                                  : none;
    if (!is_one_of(format, choices))
        mimic__schema_finding(reader, at, "type %s has no format \"%s\"", rule->name, format);
}

static void read_formats(mimic_schema_reader *reader, const mimic_json *json,
                         const mimic_json *extension, const type_rule *rule, mimic_field *field)
{
    const char **first = mimic__schema_array(reader, 1, sizeof *first);
    const mimic_json *format = mimic__schema_member(reader, json, "format", MIMIC_JSON_STRING);
    if (first == NULL)
        return;
    first[0] = mimic__schema_text(reader, NULL, "", "default");
    if (format != NULL) {
        first[0] = mimic__schema_copy(reader, format->text, format->text_size);
        check_format(reader, format, rule, first[0]);
    }
    field->formats = first;
    field->format_count = 1;
    const mimic_json *more = mimic__json_get(extension, "formats");
    size_t count;
    const char *const *formats = mimic__schema_names(reader, extension, "formats", &count);
    if (formats == NULL)
        return;
    if (rule->format != FORMAT_TIME || count == 0 || strcmp(formats[0], first[0]) != 0) {
        mimic__schema_finding(
            reader, more,
            "\"formats\" belongs to date, time and datetime fields, and its first "
            "entry must equal \"format\"");
        return;
    }
    for (size_t i = 1; i < count; i++)
        check_format(reader, more, rule, formats[i]);
    field->formats = formats;
    field->format_count = count;
}

/* ---- lexical properties ---- */

static void read_lexical(mimic_schema_reader *reader, const mimic_json *json,
                         const mimic_json *extension, mimic_missing_values missing,
                         mimic_field *field)
{
    const char decimal = mimic__schema_character(reader, json, "decimalChar");
    field->decimal_char = decimal == '\0' ? '.' : decimal;
    field->group_char = mimic__schema_text(reader, json, "groupChar", "");
    field->bare_number = mimic__schema_flag(reader, json, "bareNumber", true);
    const mimic_json *values = mimic__schema_member(reader, json, "trueValues", MIMIC_JSON_ARRAY);
    field->true_values =
        mimic__schema_texts(reader, values, (mimic_schema_list_rule){0}, &field->true_value_count);
    values = mimic__schema_member(reader, json, "falseValues", MIMIC_JSON_ARRAY);
    field->false_values =
        mimic__schema_texts(reader, values, (mimic_schema_list_rule){0}, &field->false_value_count);
    values = mimic__schema_member(reader, json, "missingValues", MIMIC_JSON_ARRAY);
    field->missing_values = missing.values;
    field->missing_value_count = missing.count;
    if (values != NULL)
        field->missing_values =
            mimic__schema_texts(reader, values, (mimic_schema_list_rule){.allow_labels = true},
                                &field->missing_value_count);
    /* The standard lets any number be NaN or INF. In clinical data either is a fault, so here a
     * field has to say that they occur. */
    field->allow_special = mimic__schema_flag(reader, extension, "special", false) &&
                           (field->type == MIMIC_TYPE_FLOAT32 || field->type == MIMIC_TYPE_FLOAT64);
}

/* ---- constraints ---- */

static bool is_whole_number(const char *text)
{
    text += *text == '-' || *text == '+';
    const char *digit = text;
    while (*digit >= '0' && *digit <= '9')
        digit++;
    return digit > text && *digit == '\0';
}

/* A bound as text; NULL when it is absent or wrong. */
static const char *read_bound(mimic_schema_reader *reader, const mimic_json *constraints,
                              const char *key, const mimic_field *field)
{
    const mimic_json *value = mimic__json_get(constraints, key);
    if (value == NULL)
        return NULL;
    if (value->kind != MIMIC_JSON_NUMBER && value->kind != MIMIC_JSON_STRING) {
        mimic__schema_finding(reader, value, "\"%s\" must be a number or a string, not %s", key,
                              mimic__json_kind_name(value->kind));
        return NULL;
    }
    if ((INTEGERS & BIT(field->type)) != 0 && !is_whole_number(value->text))
        mimic__schema_finding(reader, value, "\"%s\" of an integer must be a whole number, not %s",
                              key, value->text);
    return mimic__schema_copy(reader, value->text, value->text_size);
}

static void check_constraint_names(mimic_schema_reader *reader, const mimic_json *constraints,
                                   const type_rule *rule)
{
    static const struct {
        const char *name;
        uint32_t class;
    } known[] = {
        {"required", 0},
        {"unique", 0},
        {"enum", 0},
        {"minimum", RANGE},
        {"maximum", RANGE},
        {"exclusiveMinimum", RANGE},
        {"exclusiveMaximum", RANGE},
        {"minLength", LENGTH},
        {"maxLength", LENGTH},
        {"pattern", PATTERN},
        {"jsonSchema", JSON_SCHEMA},
    };
    const size_t known_count = sizeof known / sizeof known[0];
    for (const mimic_json *member = constraints->first; member != NULL; member = member->next) {
        size_t i = 0;
        while (i < known_count && strcmp(known[i].name, member->key) != 0)
            i++;
        if (i == known_count)
            mimic__schema_finding(reader, member, "unknown constraint \"%s\"", member->key);
        else if (known[i].class != 0 && (known[i].class & rule->constraints) == 0)
            mimic__schema_finding(reader, member, "constraint \"%s\" does not apply to type %s",
                                  member->key, rule->name);
        else if (known[i].class == JSON_SCHEMA)
            mimic__schema_finding(reader, member, "constraint \"jsonSchema\" is not supported");
    }
}

static void read_enum(mimic_schema_reader *reader, const mimic_json *constraints,
                      mimic_field *field)
{
    const mimic_json *values = mimic__schema_member(reader, constraints, "enum", MIMIC_JSON_ARRAY);
    if (values == NULL)
        return;
    if (values->child_count == 0)
        mimic__schema_finding(reader, values, "\"enum\" is empty: no value would fit");
    field->enum_values = mimic__schema_texts(
        reader, values, (mimic_schema_list_rule){.allow_scalars = true}, &field->enum_count);
}

static void read_constraints(mimic_schema_reader *reader, const mimic_json *json,
                             const type_rule *rule, mimic_field *field)
{
    const mimic_json *constraints =
        mimic__schema_member(reader, json, "constraints", MIMIC_JSON_OBJECT);
    field->min_length = -1;
    field->max_length = -1;
    if (constraints == NULL)
        return;
    check_constraint_names(reader, constraints, rule);
    field->is_required = mimic__schema_flag(reader, constraints, "required", false);
    field->is_unique = mimic__schema_flag(reader, constraints, "unique", false);
    field->min_length = mimic__schema_count(reader, constraints, "minLength");
    field->max_length = mimic__schema_count(reader, constraints, "maxLength");
    if (field->max_length >= 0 && field->min_length > field->max_length)
        mimic__schema_finding(reader, constraints, "\"minLength\" is above \"maxLength\"");
    field->minimum = read_bound(reader, constraints, "minimum", field);
    field->maximum = read_bound(reader, constraints, "maximum", field);
    field->exclusive_minimum = read_bound(reader, constraints, "exclusiveMinimum", field);
    field->exclusive_maximum = read_bound(reader, constraints, "exclusiveMaximum", field);
    field->pattern = mimic__schema_text(reader, constraints, "pattern", NULL);
    read_enum(reader, constraints, field);
}

/* "categories" say which values there are, as "enum" does; "enum" is the stricter word. */
static void read_categories(mimic_schema_reader *reader, const mimic_json *json,
                            const type_rule *rule, mimic_field *field)
{
    const mimic_json *categories =
        mimic__schema_member(reader, json, "categories", MIMIC_JSON_ARRAY);
    mimic__schema_flag(reader, json, "categoriesOrdered", false);
    if (categories == NULL)
        return;
    if (strcmp(rule->name, "string") != 0 && strcmp(rule->name, "integer") != 0)
        mimic__schema_finding(reader, categories,
                              "\"categories\" belong to string and integer fields, not to %s",
                              rule->name);
    size_t count;
    const mimic_text *values = mimic__schema_texts(
        reader, categories, (mimic_schema_list_rule){.allow_labels = true, .allow_scalars = true},
        &count);
    if (field->enum_values == NULL) {
        field->enum_values = values;
        field->enum_count = count;
    }
}

/* ---- "mimic" ---- */

static void read_policies(mimic_schema_reader *reader, const mimic_json *extension,
                          mimic_field *field)
{
    static const char *const known[] = {"type",        "formats", "onError",
                                        "quotedEmpty", "special", "wholeSeconds", NULL};
    static const char *const policies[] = {"reject", "null", "fail", NULL};
    static const char *const empties[] = {"null", "value", NULL};
    mimic__schema_known_only(reader, extension, known);
    const mimic_json *policy =
        mimic__schema_member(reader, extension, "onError", MIMIC_JSON_STRING);
    if (policy != NULL && !is_one_of(policy->text, policies))
        mimic__schema_finding(reader, policy,
                              "\"onError\" must be reject, null or fail, not \"%s\"", policy->text);
    else if (policy != NULL)
        field->on_error = policy->text[0] == 'r'   ? MIMIC_ON_ERROR_REJECT
                          : policy->text[0] == 'n' ? MIMIC_ON_ERROR_NULL
                                                   : MIMIC_ON_ERROR_FAIL;
    const mimic_json *empty =
        mimic__schema_member(reader, extension, "quotedEmpty", MIMIC_JSON_STRING);
    if (empty != NULL && !is_one_of(empty->text, empties))
        mimic__schema_finding(reader, empty, "\"quotedEmpty\" must be null or value, not \"%s\"",
                              empty->text);
    field->quoted_empty_is_null = empty != NULL && strcmp(empty->text, "null") == 0;
    field->has_whole_seconds = mimic__schema_flag(reader, extension, "wholeSeconds", false);
}

static void read_name(mimic_schema_reader *reader, const mimic_json *json, mimic_field *field)
{
    const mimic_json *name = mimic__schema_member(reader, json, "name", MIMIC_JSON_STRING);
    field->name = mimic__schema_text(reader, name == NULL ? NULL : json, "name", "");
    if (name == NULL && mimic__json_get(json, "name") == NULL)
        mimic__schema_finding(reader, json, "the field has no \"name\"");
    else if (name != NULL && name->text_size == 0)
        mimic__schema_finding(reader, name, "the name is empty");
    else if (name != NULL && !mimic__schema_add_name(reader, &reader->fields, name->text))
        mimic__schema_finding(
            reader, name, "a second field \"%s\"; names must differ by more than case", name->text);
}

void mimic__schema_read_field(mimic_schema_reader *reader, const mimic_json *json,
                              mimic_missing_values missing, mimic_field *out_field)
{
    const mimic_json *extension = mimic__schema_member(reader, json, "mimic", MIMIC_JSON_OBJECT);
    const type_rule *rule = read_type(reader, json);
    read_name(reader, json, out_field);
    out_field->schema_type = rule->name;
    out_field->title = mimic__schema_text(reader, json, "title", "");
    out_field->description = mimic__schema_text(reader, json, "description", "");
    read_formats(reader, json, extension, rule, out_field);
    if (reader->out_of_memory)
        return;
    read_physical_type(reader, extension, rule, out_field);
    read_lexical(reader, json, extension, missing, out_field);
    read_constraints(reader, json, rule, out_field);
    read_categories(reader, json, rule, out_field);
    read_policies(reader, extension, out_field);
}
