/* The package reader: what it takes, what it makes of it, and every finding with its place. */
#include "check_main.h"

#include <stdio.h>

#include "schema/schema_model.h"
#include "schema_fixture.h"

static const mimic_field *field_of(const mimic_dataset *dataset, const char *name)
{
    const mimic_table *table = mimic_dataset_table(dataset, 0);
    const int64_t index = mimic_table_find_field(table, name);
    ck_assert_int_ge(index, 0);
    return &table->fields[index];
}

START_TEST(reader__fields_in_full)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_dataset *dataset = add_json(
        registry,
        "{'name':'d','version':'1','resources':[{'name':'t','type':'table','path':'hosp/t.csv',"
        "'dialect':{'delimiter':';','quoteChar':'|','header':false},"
        "'schema':{'missingValues':['',{'value':'NA','label':'none'}],'fields':["
        "{'name':'i','type':'integer','constraints':{'required':true,'minimum':-5,'maximum':'7'},"
        "'mimic':{'type':'int16','onError':'null'}},"
        "{'name':'n','type':'number','decimalChar':',','groupChar':'.','bareNumber':false},"
        "{'name':'f','type':'number','mimic':{'special':true}},"
        "{'name':'d','type':'number','mimic':{'type':'decimal(18,3)'}},"
        "{'name':'s','constraints':{'minLength':1,'maxLength':9,'pattern':'a+','enum':['x','y']},"
        "'type':'string','missingValues':[]},"
        "{'name':'c','type':'string','categories':[{'value':'u','label':'up'},'v'],"
        "'mimic':{'type':'categorical','quotedEmpty':'null'}},"
        "{'name':'b','type':'boolean','trueValues':['Y'],'falseValues':['N']},"
        "{'name':'t','type':'datetime','format':'%Y-%m-%d %H:%M:%S','mimic':{'formats':"
        "['%Y-%m-%d %H:%M:%S','%Y-%m-%d']}},"
        "{'name':'z','type':'datetime','format':'%Y-%m-%dT%H:%M:%S%z'},"
        "{'name':'y','type':'year'},{'name':'g','type':'geopoint','format':'array'},"
        "{'name':'x'},{'name':'bin','type':'string','format':'binary'}]}}]}",
        "x");
    const mimic_table *table = mimic_dataset_table(dataset, 0);
    ck_assert_int_eq(table->delimiter, ';');
    ck_assert(table->no_header);
    const mimic_field *i = field_of(dataset, "I");
    ck_assert(i->type == MIMIC_TYPE_INT16 && i->is_required);
    ck_assert_int_eq(i->on_error, MIMIC_ON_ERROR_NULL);
    ck_assert_str_eq(i->minimum, "-5");
    ck_assert_str_eq(i->maximum, "7");
    ck_assert_ptr_null(i->exclusive_minimum);
    ck_assert_uint_eq(i->missing_value_count, 2);
    ck_assert_str_eq(i->missing_values[1].data, "NA");
    const mimic_field *n = field_of(dataset, "n");
    ck_assert(n->type == MIMIC_TYPE_FLOAT64 && !n->bare_number && !n->allow_special);
    ck_assert_int_eq(n->decimal_char, ',');
    ck_assert_str_eq(n->group_char, ".");
    ck_assert(field_of(dataset, "f")->allow_special);
    const mimic_field *d = field_of(dataset, "d");
    ck_assert(d->type == MIMIC_TYPE_DECIMAL && d->precision == 18 && d->scale == 3);
    const mimic_field *s = field_of(dataset, "s");
    ck_assert(s->min_length == 1 && s->max_length == 9 && s->enum_count == 2);
    ck_assert_uint_eq(s->missing_value_count, 0);
    ck_assert_str_eq(s->pattern, "a+");
    const mimic_field *c = field_of(dataset, "c");
    ck_assert(c->type == MIMIC_TYPE_CATEGORICAL && c->quoted_empty_is_null && c->enum_count == 2);
    ck_assert_str_eq(c->enum_values[0].data, "u");
    ck_assert_str_eq(field_of(dataset, "b")->true_values[0].data, "Y");
    const mimic_field *t = field_of(dataset, "t");
    ck_assert(t->type == MIMIC_TYPE_TIMESTAMP && t->format_count == 2);
    ck_assert_int_eq(field_of(dataset, "z")->type, MIMIC_TYPE_TIMESTAMPTZ);
    ck_assert_int_eq(field_of(dataset, "y")->type, MIMIC_TYPE_INT32);
    ck_assert_int_eq(field_of(dataset, "x")->type, MIMIC_TYPE_STRING);
    ck_assert_str_eq(field_of(dataset, "x")->formats[0], "default");
    ck_assert_int_eq(field_of(dataset, "bin")->type, MIMIC_TYPE_BINARY);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(reader__keys)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_dataset *dataset = add_json(
        registry,
        "{'name':'d','resources':["
        "{'name':'child','schema':{'fields':[{'name':'id'},{'name':'P'},{'name':'q','type':"
        "'integer'}],'primaryKey':'ID','uniqueKeys':[['p','q']],'foreignKeys':["
        "{'fields':'p','reference':{'resource':'Parent','fields':'KEY'}},"
        "{'fields':['p'],'reference':{'fields':['id']}},"
        "{'fields':['q'],'reference':{'resource':'parent','fields':['key']}},"
        "{'fields':['p'],'reference':{'resource':'','fields':['p']}}]},"
        "'mimic':{'orderKey':['q','id']}},"
        "{'name':'readme','path':'README.md'},"
        "{'name':'parent','schema':{'fields':[{'name':'key'}],'primaryKey':['key']}}]}",
        "x");
    ck_assert_uint_eq(mimic_dataset_table_count(dataset), 2);
    const mimic_table *child = mimic_dataset_find_table(dataset, "CHILD");
    ck_assert_str_eq(child->path, "child.csv");
    ck_assert_uint_eq(child->primary_key_count, 1);
    ck_assert(child->fields[0].is_required);
    ck_assert_uint_eq(child->unique_keys[0].count, 2);
    ck_assert_uint_eq(child->order_key_count, 2);
    ck_assert_uint_eq(child->order_key[0], 2);
    ck_assert_uint_eq(child->foreign_key_count, 4);
    ck_assert_str_eq(child->foreign_keys[0].fields[0], "P"); /* as the table spells it */
    ck_assert_str_eq(child->foreign_keys[0].referenced_table, "parent");
    ck_assert_str_eq(child->foreign_keys[0].referenced_fields[0], "key");
    ck_assert(child->foreign_keys[0].is_enforceable);
    ck_assert_str_eq(child->foreign_keys[1].referenced_table, "child");
    ck_assert(child->foreign_keys[1].is_enforceable);
    ck_assert(!child->foreign_keys[2].is_enforceable); /* integer to text */
    ck_assert(!child->foreign_keys[3].is_enforceable); /* no key there */
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(reader__bare_schema_and_resource)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_dataset *bare =
        add_json(registry, "{'fields':[{'name':'a'}]}", "some/where/My.Labs.schema.json");
    ck_assert_str_eq(mimic_table_name(mimic_dataset_table(bare, 0)), "My");
    ck_assert_str_eq(mimic_table_dataset(mimic_dataset_table(bare, 0)), "");
    add_json(registry, "{'name':'one','path':['x.csv','y.csv'],'schema':{'fields':[{'name':'a'}]}}",
             "r.json");
    const mimic_table *found = NULL;
    ck_assert_int_eq(mimic_registry_find_table(registry, "MY", &found, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_find_table(registry, "one", &found, NULL), MIMIC_OK);
    ck_assert_str_eq(mimic_table_path(found), "x.csv");
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

/* ---- findings ---- */

typedef struct findings {
    size_t count;
    char pointers[16][160];
    char messages[16][256];
    int64_t columns[16];
} findings;

static void note(const char *pointer, int64_t line, int64_t column, const char *message, void *ctx)
{
    findings *all = ctx;
    ck_assert_int_ge(line, 1);
    if (all->count < 16) {
        snprintf(all->pointers[all->count], sizeof all->pointers[0], "%s", pointer);
        snprintf(all->messages[all->count], sizeof all->messages[0], "%s", message);
        all->columns[all->count] = column;
    }
    all->count++;
}

typedef struct finding_case {
    const char *json; /* put into {'fields':[ … ]} when it begins with a field */
    const char *pointer;
    const char *words;
} finding_case;

/* Each has exactly one finding. */
static const finding_case single[] = {
    {"[]", "", "neither a Data Package"},
    {"{}", "", "neither a Data Package"},
    {"{'fields':{}}", "/fields", "must be an array, not an object"},
    {"{'fields':[]}", "/fields", "0 entries"},
    {"{'fields':[7]}", "/fields/0", "must be an object"},
    {"{'fields':[{}]}", "/fields/0", "no \"name\""},
    {"{'fields':[{'name':''}]}", "/fields/0/name", "empty"},
    {"{'fields':[{'name':5}]}", "/fields/0/name", "must be a string"},
    {"{'fields':[{'name':'a'},{'name':'A'}]}", "/fields/1/name", "a second field"},
    {"{'fields':[{'name':'a','type':'int'}]}", "/fields/0/type", "unknown type \"int\""},
    {"{'fields':[{'name':'a','type':'integer','format':'x'}]}", "/fields/0/format", "no format"},
    {"{'fields':[{'name':'a','type':'date','format':'YYYY'}]}", "/fields/0/format", "pattern"},
    {"{'fields':[{'name':'a','type':'date','format':'%Y-%Q'}]}", "/fields/0/format", "directive"},
    {"{'fields':[{'name':'a','type':'date','format':'%Y%'}]}", "/fields/0/format", "directive"},
    {"{'fields':[{'name':'a','type':'string','constraints':{'minimum':1}}]}",
     "/fields/0/constraints/minimum", "does not apply to type string"},
    {"{'fields':[{'name':'a','type':'integer','constraints':{'maxLength':1}}]}",
     "/fields/0/constraints/maxLength", "does not apply"},
    {"{'fields':[{'name':'a','type':'string','constraints':{'maxLength':-1}}]}",
     "/fields/0/constraints/maxLength", "0 or more"},
    {"{'fields':[{'name':'a','type':'string','constraints':{'minLength':3,'maxLength':2}}]}",
     "/fields/0/constraints", "above"},
    {"{'fields':[{'name':'a','constraints':{'required':'yes'}}]}", "/fields/0/constraints/required",
     "must be a boolean, not a string"},
    {"{'fields':[{'name':'a','constraints':{'enum':[]}}]}", "/fields/0/constraints/enum", "empty"},
    {"{'fields':[{'name':'a','constraints':{'requird':true}}]}", "/fields/0/constraints/requird",
     "unknown constraint"},
    {"{'fields':[{'name':'a','type':'integer','constraints':{'minimum':1.5}}]}",
     "/fields/0/constraints/minimum", "whole number"},
    {"{'fields':[{'name':'a','type':'integer','constraints':{'minimum':true}}]}",
     "/fields/0/constraints/minimum", "a number or a string"},
    {"{'fields':[{'name':'a','type':'number','categories':['x']}]}", "/fields/0/categories",
     "string and integer"},
    {"{'fields':[{'name':'a','mimic':{'type':'int33'}}]}", "/fields/0/mimic/type",
     "unknown physical type"},
    {"{'fields':[{'name':'a','type':'number','mimic':{'type':'decimal(39,2)'}}]}",
     "/fields/0/mimic/type", "unknown physical type"},
    {"{'fields':[{'name':'a','type':'number','mimic':{'type':'decimal(4,5)'}}]}",
     "/fields/0/mimic/type", "unknown physical type"},
    {"{'fields':[{'name':'a','type':'string','mimic':{'type':'int32'}}]}", "/fields/0/mimic/type",
     "cannot be stored as int32"},
    {"{'fields':[{'name':'a','mimic':{'widht':1}}]}", "/fields/0/mimic/widht", "unknown property"},
    {"{'fields':[{'name':'a','mimic':{'onError':'skip'}}]}", "/fields/0/mimic/onError",
     "reject, null or fail"},
    {"{'fields':[{'name':'a','mimic':{'quotedEmpty':'x'}}]}", "/fields/0/mimic/quotedEmpty",
     "null or value"},
    {"{'fields':[{'name':'a','type':'date','format':'%Y','mimic':{'formats':['%d']}}]}",
     "/fields/0/mimic/formats", "first entry"},
    {"{'fields':[{'name':'a','missingValues':[1]}]}", "/fields/0/missingValues/0",
     "must be a string"},
    {"{'fields':[{'name':'a'}],'primaryKey':['b']}", "/primaryKey/0", "\"b\", which is not there"},
    {"{'fields':[{'name':'a'}],'primaryKey':['a','A']}", "/primaryKey/1", "twice"},
    {"{'fields':[{'name':'a'}],'primaryKey':{}}", "/primaryKey", "a list of field names"},
    {"{'fields':[{'name':'a'}],'primaryKey':[]}", "/primaryKey", "a list of field names"},
    {"{'fields':[{'name':'a'}],'uniqueKeys':['a',['z']]}", "/uniqueKeys/1/0", "not there"},
    {"{'fields':[{'name':'a'}],'fieldsMatch':'loose'}", "/fieldsMatch", "must be exact"},
    {"{'fields':[{'name':'a'}],'foreignKeys':[{'fields':['a']}]}", "/foreignKeys/0", "needs"},
    {"{'fields':[{'name':'a'}],'foreignKeys':[{'fields':['a'],'reference':{'resource':'q',"
     "'fields':['a']}}]}",
     "/foreignKeys/0/reference/resource", "not in the package"},
    {"{'fields':[{'name':'a'},{'name':'b'}],'foreignKeys':[{'fields':['a'],'reference':{'fields':"
     "['a','b']}}]}",
     "/foreignKeys/0", "has 1 fields and refers to 2"},
    {"{'fields':[{'name':'a'}],'foreignKeys':[{'fields':['z'],'reference':{'fields':['a']}}]}",
     "/foreignKeys/0/fields/0", "has not"},
    {"{'name':'x@y','resources':[{'name':'t','schema':{'fields':[{'name':'a'}]}}]}", "/name",
     "must not contain"},
    {"{'resources':{}}", "/resources", "must be an array"},
    {"{'resources':[]}", "/resources", "no table"},
    {"{'resources':[3]}", "/resources/0", "must be an object"},
    {"{'resources':[{'name':'t','type':'table'}]}", "/resources/0", "no \"schema\""},
    {"{'resources':[{'name':'t','schema':'t.json'}]}", "/resources/0/schema", "references"},
    {"{'resources':[{'schema':{'fields':[{'name':'a'}]}}]}", "/resources/0", "no \"name\""},
    {"{'resources':[{'name':'t','schema':{'fields':[{'name':'a'}]}},"
     "{'name':'T','schema':{'fields':[{'name':'a'}]}}]}",
     "/resources/1/name", "a second resource"},
    {"{'name':'t','encoding':'latin1','schema':{'fields':[{'name':'a'}]}}", "/encoding",
     "not supported"},
    {"{'name':'t','path':7,'schema':{'fields':[{'name':'a'}]}}", "/path", "string or an array"},
    {"{'name':'t','dialect':{'delimiter':'ab'},'schema':{'fields':[{'name':'a'}]}}",
     "/dialect/delimiter", "single ASCII"},
    {"{'name':'t','dialect':{'quoteChar':','},'schema':{'fields':[{'name':'a'}]}}", "/dialect",
     "delimiter is the quote"},
    {"{'name':'t','dialect':{'skipInitialSpace':true},'schema':{'fields':[{'name':'a'}]}}",
     "/dialect/skipInitialSpace", "not supported"},
    {"{'name':'t','dialect':{'headerRows':[1,2]},'schema':{'fields':[{'name':'a'}]}}",
     "/dialect/headerRows", "row 1"},
    {"{'name':'t','mimic':{'expectedRows':{'full':-3}},'schema':{'fields':[{'name':'a'}]}}",
     "/mimic/expectedRows/full", "0 or more"},
    {"{'name':'t','mimic':{'orderKey':['z']},'schema':{'fields':[{'name':'a'}]}}",
     "/mimic/orderKey/0", "not there"},
    {"{'mimic':{'modules':{'hosp':'h'}},'resources':[{'name':'t','mimic':{'module':'icu'},"
     "'schema':{'fields':[{'name':'a'}]}}]}",
     "/resources/0/mimic/module", "not among the modules"},
    {"{'mimic':{'signature':[{'table':'u'}]},'resources':[{'name':'t',"
     "'schema':{'fields':[{'name':'a'}]}}]}",
     "/mimic/signature/0/table", "must name a table"},
    {"{'mimic':{'signature':[{'table':'t','columns':['b']}]},'resources':[{'name':'t',"
     "'schema':{'fields':[{'name':'a'}]}}]}",
     "/mimic/signature/0/columns/0", "has no field"},
    {"{'mimic':{'modulse':{}},'resources':[{'name':'t','schema':{'fields':[{'name':'a'}]}}]}",
     "/mimic/modulse", "unknown property"},
};

START_TEST(reader__every_finding_has_its_place)
{
    mimic_context *ctx = new_context();
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        char *json = json_text(single[i].json);
        findings all = {0};
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_status status =
            mimic_schema_check(ctx, json, strlen(json), "p.json", note, &all, &err);
        if (status != MIMIC_ERR_SCHEMA || all.count != 1 ||
            strcmp(all.pointers[0], single[i].pointer) != 0 ||
            strstr(all.messages[0], single[i].words) == NULL)
            ck_abort_msg("case %zu: %zu findings, first at \"%s\": %s", i, all.count,
                         all.pointers[0], all.messages[0]);
        ck_assert_ptr_nonnull(strstr(err.message, all.messages[0]));
        ck_assert_ptr_nonnull(strstr(err.message, "p.json: line 1, column "));
        free(json);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(reader__all_findings_are_reported)
{
    mimic_context *ctx = new_context();
    char *json = json_text("{'fields':[\n {'name':'a','type':'int'},\n {'name':'A','type':'date',"
                           "'format':'x'}],\n 'primaryKey':['b']}");
    findings all = {0};
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_schema_check(ctx, json, strlen(json), "p", note, &all, &err),
                     MIMIC_ERR_SCHEMA);
    ck_assert_uint_eq(all.count, 4);
    ck_assert_str_eq(all.pointers[0], "/fields/0/type");
    ck_assert_int_eq(all.columns[0], 21);
    ck_assert_str_eq(all.pointers[3], "/primaryKey/0");
    ck_assert_int_eq(err.line, 2);
    free(json);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(reader__unknown_standard_properties_are_allowed)
{
    mimic_context *ctx = new_context();
    char *json = json_text("{'$schema':'x','fields':[{'name':'a','rdfType':'y','example':1,"
                           "'unit':'mg'}],'created':'2026'}");
    ck_assert_int_eq(mimic_schema_check(ctx, json, strlen(json), "p", NULL, NULL, NULL), MIMIC_OK);
    free(json);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(reader__limits)
{
    mimic_context *ctx = new_context();
    const size_t count = 5000;
    char *json = malloc(count * 32 + 64);
    size_t size = (size_t)sprintf(json, "{\"fields\":[");
    for (size_t i = 0; i < count; i++)
        size += (size_t)sprintf(json + size, "%s{\"name\":\"f%zu\"}", i > 0 ? "," : "", i);
    size += (size_t)sprintf(json + size, "]}");
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_schema_check(ctx, json, size, "p", NULL, NULL, &err), MIMIC_ERR_SCHEMA);
    ck_assert_ptr_nonnull(strstr(err.message, "4096"));
    free(json);
    mimic_context_free(ctx);
}
END_TEST

/* Every member is read where it stands: looking each up by its name took minutes for so many. */
START_TEST(reader__many_members)
{
    mimic_context *ctx = new_context();
    const size_t count = 100000;
    char *json = malloc(count * 16 + 256);
    size_t size =
        (size_t)sprintf(json, "{\"name\":\"t\",\"resources\":[{\"name\":\"t\",\"schema\":"
                              "{\"fields\":[{\"name\":\"a\"}]},\"mimic\":{\"expectedRows\":{");
    for (size_t i = 0; i < count; i++)
        size += (size_t)sprintf(json + size, "%s\"%zu\":1", i > 0 ? "," : "", i);
    size += (size_t)sprintf(json + size, "}}}]}");
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_schema_check(ctx, json, size, "p", NULL, NULL, &err), MIMIC_OK);
    free(json);
    mimic_context_free(ctx);
}
END_TEST

/* Damaged built-in-like packages: any byte changed may be refused, never more than that. */
START_TEST(reader__hostile_bytes)
{
    mimic_context *ctx = new_context();
    char *json = json_text(
        "{'name':'d','version':'1','mimic':{'modules':{'m':'x'},'signature':[{'table':'t',"
        "'columns':['a'],'rows':3}]},'resources':[{'name':'t','mimic':{'module':'m','aliases':"
        "['u'],'orderKey':['a'],'expectedRows':{'full':1}},'schema':{'fields':[{'name':'a','type':"
        "'integer','constraints':{'minimum':1,'enum':[1,2]}}],'primaryKey':'a','uniqueKeys':[['a']]"
        ",'foreignKeys':[{'fields':'a','reference':{'fields':'a'}}]}}]}");
    const size_t size = strlen(json);
    static const char bytes[] = "\"{}[],:0x\\ ";
    for (size_t at = 0; at < size; at++)
        for (size_t i = 0; i < sizeof bytes; i++) {
            const char kept = json[at];
            json[at] = bytes[i];
            mimic_error err = MIMIC_ERROR_INIT;
            const mimic_status status = mimic_schema_check(ctx, json, size, "p", NULL, NULL, &err);
            ck_assert(status == MIMIC_OK || status == MIMIC_ERR_JSON || status == MIMIC_ERR_SCHEMA);
            ck_assert_int_eq(status, err.code);
            json[at] = kept;
        }
    free(json);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(reader, reader__fields_in_full, reader__keys, reader__bare_schema_and_resource,
                reader__every_finding_has_its_place, reader__all_findings_are_reported,
                reader__unknown_standard_properties_are_allowed, reader__limits,
                reader__many_members, reader__hostile_bytes)
