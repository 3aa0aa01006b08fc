/*
 * Every allocation of every entry point fails in turn: the call must say MIMIC_ERR_MEMORY, leak
 * nothing and leave what was there as it was. A small package stands in for the built-in ones.
 */
#include "check_main.h"

#include "schema/schema_detect.h"
#include "schema/schema_drift.h"
#include "schema/schema_registry.h"
#include "schema_fixture.h"

static const char package[] =
    "{'name':'d','version':'1','mimic':{'modules':{'m':'x'},'ignore':['i'],'signature':[{'table':"
    "'t','columns':['a'],'column':'s','values':['u'],'otherValues':['v'],'rows':3}]},'resources':["
    "{'name':'t','title':'T','mimic':{'module':'m','aliases':['u'],'orderKey':['a'],'expectedRows'"
    ":{'full':1}},'dialect':{'delimiter':';'},'schema':{'missingValues':['','-'],'fields':[{'name'"
    ":'a','type':'integer','description':'d','constraints':{'minimum':1,'enum':[1,2]}},{'name':'s'"
    ",'type':'string','trueValues':['y'],'constraints':{'pattern':'x+'}}],'primaryKey':'a',"
    "'uniqueKeys':[['a','s']],'foreignKeys':[{'fields':'a','reference':{'resource':'p','fields':"
    "'k'}}]}},{'name':'p','schema':{'fields':[{'name':'k','type':'integer'}],'primaryKey':['k']}}]"
    "}";

typedef struct scene {
    mimic_context *ctx;
    mimic_registry registry; /* without the built-in releases, which would take long */
    const mimic_dataset *dataset;
    const mimic_table *table;
    mimic_error err;
} scene;

/* One attempt; MIMIC_OK, or the status of the call that failed. */
typedef mimic_status (*attempt_fn)(scene *self);

static void replay(attempt_fn attempt)
{
    fault_allocator allocator;
    scene self = {.ctx = fault_context(&allocator)};
    self.registry.ctx = self.ctx;
    self.dataset = add_json(&self.registry, package, "x");
    self.table = &self.dataset->tables[0];
    const long alive = allocator.alive;
    long failures = 0;
    mimic_status status;
    do {
        allocator.calls = 0;
        allocator.fail_at = failures;
        self.err = (mimic_error)MIMIC_ERROR_INIT;
        status = attempt(&self);
        allocator.fail_at = -1;
        if (status != MIMIC_OK) {
            ck_assert_int_eq(status, MIMIC_ERR_MEMORY);
            ck_assert_int_eq(self.err.code, MIMIC_ERR_MEMORY);
            ck_assert_int_eq(allocator.alive, alive);
        }
        failures++;
    } while (status != MIMIC_OK && failures < 100000);
    ck_assert_int_eq(status, MIMIC_OK);
    ck_assert_int_gt(failures, 1);
    for (size_t i = 0; i < self.registry.release_count; i++)
        mimic__release_free(self.ctx, self.registry.releases[i]);
    mimic__free(self.ctx, self.registry.releases);
    mimic_context_free(self.ctx);
    ck_assert_int_eq(allocator.alive, 0);
}

static mimic_status read_release(scene *self)
{
    char *json = json_text(package);
    mimic_release *release = NULL;
    const mimic_status status =
        mimic__release_read(self->ctx, json, strlen(json), "x", &release, &self->err);
    free(json);
    mimic__release_free(self->ctx, release);
    return status;
}

START_TEST(memory__reading)
{
    replay(read_release);
}
END_TEST

static mimic_status compare_drift(scene *self)
{
    static const char *const header[] = {"S", "b", "c"};
    mimic_drift *drift = NULL;
    mimic_status status =
        mimic_drift_compare(self->ctx, self->table, header, 3, &drift, &self->err);
    if (status == MIMIC_OK)
        status = mimic__drift_add_release(drift, self->table, &self->err);
    mimic_drift_free(drift);
    return status;
}

START_TEST(memory__drift)
{
    replay(compare_drift);
}
END_TEST

static mimic_status detect(scene *self)
{
    static const char *const header[] = {"a", "s"};
    const mimic_found_file file = {"m/t.csv", header, 2, 3};
    mimic_arena arena;
    mimic__arena_init(&arena, self->ctx);
    mimic_detection detection;
    mimic_status status =
        mimic__schema_detect(&arena, &self->registry, &file, 1, NULL, NULL, &detection, &self->err);
    mimic_table_candidate *candidates = NULL;
    size_t count = 0;
    if (status == MIMIC_OK)
        status = mimic__schema_candidates(&arena, &self->registry, &file, &candidates, &count,
                                          &self->err);
    mimic__arena_free(&arena);
    return status;
}

START_TEST(memory__detection)
{
    replay(detect);
}
END_TEST

static mimic_status write_ddl(scene *self)
{
    for (mimic_sql_dialect dialect = MIMIC_SQL_SQLITE; dialect <= MIMIC_SQL_ATHENA; dialect++) {
        char *sql = NULL;
        const mimic_status status =
            mimic_schema_ddl(self->ctx, self->dataset, NULL, dialect, &sql, &self->err);
        if (status != MIMIC_OK)
            return status;
        mimic_free(self->ctx, sql);
    }
    return MIMIC_OK;
}

START_TEST(memory__ddl)
{
    replay(write_ddl);
}
END_TEST

static mimic_status write_dictionary(scene *self)
{
    for (mimic_text_format format = MIMIC_TEXT_MARKDOWN; format <= MIMIC_TEXT_HTML; format++) {
        char *text = NULL;
        const mimic_status status =
            mimic_schema_dictionary(self->ctx, self->dataset, format, &text, &self->err);
        if (status != MIMIC_OK)
            return status;
        mimic_free(self->ctx, text);
    }
    return MIMIC_OK;
}

START_TEST(memory__dictionary)
{
    replay(write_dictionary);
}
END_TEST

static void ignore(const char *pointer, int64_t line, int64_t column, const char *message,
                   void *ctx)
{
    (void)pointer;
    (void)line;
    (void)column;
    (void)message;
    (void)ctx;
}

/* Findings and failures together: memory wins, since what is missing may be missing for it. */
static mimic_status check_faulty(scene *self)
{
    static const char faulty[] = "{\"fields\":[{\"name\":\"a\"},{\"name\":\"A\"},{\"type\":\"q\"}],"
                                 "\"primaryKey\":[\"z\"]}";
    const mimic_status status =
        mimic_schema_check(self->ctx, faulty, sizeof faulty - 1, "x", ignore, NULL, &self->err);
    return status == MIMIC_ERR_SCHEMA ? MIMIC_OK : status;
}

START_TEST(memory__findings)
{
    replay(check_faulty);
}
END_TEST

static mimic_status project(scene *self)
{
    static const size_t fields[] = {1, 0};
    mimic_arena arena;
    mimic__arena_init(&arena, self->ctx);
    const mimic_table *projected = mimic__table_project(&arena, self->table, fields, 2);
    mimic__arena_free(&arena);
    self->err.code = projected == NULL ? MIMIC_ERR_MEMORY : MIMIC_OK;
    return self->err.code;
}

START_TEST(memory__projection)
{
    replay(project);
}
END_TEST

/* The whole registry, at a few places: each attempt parses up to a dozen packages. */
START_TEST(memory__registry)
{
    fault_allocator allocator;
    mimic_context *ctx = fault_context(&allocator);
    const long alive = allocator.alive;
    mimic_registry *registry = NULL;
    allocator.calls = 0; /* without the context's own */
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    const long calls = allocator.calls;
    mimic_registry_free(registry);
    ck_assert_int_eq(allocator.alive, alive);
    for (long at = 0; at < calls; at += 1 + calls / 40) {
        allocator.calls = 0;
        allocator.fail_at = at;
        ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_ERR_MEMORY);
        ck_assert_ptr_null(registry);
        ck_assert_int_eq(allocator.alive, alive);
    }
    allocator.fail_at = -1;
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(memory, memory__reading, memory__drift, memory__detection, memory__ddl,
                memory__dictionary, memory__findings, memory__projection, memory__registry)
