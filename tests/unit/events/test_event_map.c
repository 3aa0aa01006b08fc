/* Event maps: the built-in ones, the structs that come of a map, layers, releases together, parents. */
#include "check_main.h"

#include "event_map_fixture.h"
#include "failing_allocator.h"
#include "test_files.h"

/* ---- finding ---- */

typedef struct scene {
    fixture base;
    char folder[TEST_PATH_BYTES];
    char paths[4][TEST_PATH_BYTES + 16];
    size_t path_count;
    mimic_error err;
} scene;

static scene scene_new(void)
{
    scene self = {.base = fixture_new(), .err = MIMIC_ERROR_INIT};
    test_folder_make(self.folder);
    return self;
}

static void scene_free(scene *self)
{
    test_folder_walk(self->folder, 1);
    fixture_free(&self->base);
}

/* One more map of the user. */
static void add_map(scene *self, const char *text)
{
    char *json = fixture_json(text);
    char *path = self->paths[self->path_count];
    snprintf(path, sizeof self->paths[0], "%s/map%zu.json", self->folder, self->path_count);
    test_file_write(path, json);
    self->path_count++;
    free(json);
}

static mimic_status find(scene *self, const mimic_dataset *const *datasets, size_t count,
                         mimic_event_map **out_map)
{
    const char *paths[4];
    for (size_t i = 0; i < self->path_count; i++)
        paths[i] = self->paths[i];
    const mimic_event_paths list = {paths, self->path_count};
    self->err = (mimic_error)MIMIC_ERROR_INIT;
    return mimic__event_map_find(self->base.ctx, datasets, count, &list,
                                 out_map, &self->err);
}

static mimic_event_map *find_one(scene *self, const mimic_dataset *dataset)
{
    mimic_event_map *map = NULL;
    ck_assert_msg(find(self, &dataset, 1, &map) == MIMIC_OK, "%s", self->err.message);
    return map;
}

static const mimic_dataset *release(const scene *self, const char *spec)
{
    const mimic_dataset *dataset = NULL;
    ck_assert_int_eq(mimic_registry_find_dataset(self->base.registry, spec, &dataset, NULL), MIMIC_OK);
    return dataset;
}

static const mimic_event_table *table_of(const mimic_event_map *map, const char *name)
{
    for (size_t i = 0; i < map->table_count; i++)
        if (strcmp(map->tables[i].table->name, name) == 0)
            return &map->tables[i];
    return NULL;
}

static const char *column_name(const mimic_event_table *table, int64_t column)
{
    return column < 0 ? "" : table->table->fields[column].name;
}

/* What holds of every map that is found. */
static void check_whole(const mimic_event_map *map)
{
    size_t kinds = 0;
    ck_assert_uint_eq(strlen(map->hash), 32);
    for (size_t i = 0; i < map->table_count; i++) {
        const mimic_event_table *table = &map->tables[i];
        ck_assert_uint_eq(table->number, i);
        ck_assert_int_ge(table->subject, 0);
        for (size_t j = 0; j < table->kind_count; j++) {
            const mimic_event_kind *kind = table->kinds[j];
            ck_assert_ptr_eq(kind, map->kinds[kinds]);
            ck_assert_uint_eq(kind->number, kinds++);
            ck_assert_uint_eq(kind->table, i);
            ck_assert_uint_gt(kind->code_count, 0);
            ck_assert_str_ne(kind->name, "");
        }
    }
    ck_assert_uint_eq(map->kind_count, kinds);
}

START_TEST(event_map__built_in)
{
    scene self = scene_new();
    static const char *const releases[] = {
        "mimic-iii@1.4", "mimic-iv@2.2",  "mimic-iv@3.1",  "mimic-iv-ed@2.2", "synthea@2.7.0",
        "synthea@3.0.0", "synthea@3.1.0", "synthea@3.2.0", "synthea@3.3.0"};
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++) {
        mimic_event_map *map = find_one(&self, release(&self, releases[i]));
        ck_assert_uint_gt(map->kind_count, 10);
        check_whole(map);
        mimic__event_map_free(map);
    }
    mimic__event_map_free(NULL);
    scene_free(&self);
}
END_TEST

START_TEST(event_map__ranks)
{
    ck_assert_str_eq(mimic__event_ranks[0].name, "static");
    size_t i = 1;
    for (; mimic__event_ranks[i].name != NULL; i++)
        ck_assert_int_gt(mimic__event_ranks[i].number, mimic__event_ranks[i - 1].number);
    ck_assert_str_eq(mimic__event_ranks[i - 1].name, "death");
}
END_TEST

/* ---- structs ---- */

static const char full_map[] = MAP(
    "{'subject':'PID','admission':'vid','at':['taken','stored'],'fill':['stay'],'expects':['admission'],"
    "'events':[{'event':'result','rank':'result','code':'A{{{item}}}//{TXT}','time':'stored',"
    "'available':['admission.stop','stored'],'value':'num','text':'txt','unit':'unit','properties':"
    "['flag','icd'],'when':{'item':[7,'-8'],'txt':'present','icd':'absent','unit':{'not':['a','b']},"
    "'flag':[true]},'describe':{'dictionary':'ITEMS','key':['item']}},"
    "{'event':'fact','rank':'static','code':'F','time':null,'value':'item','unit':{'text':'kg'},"
    "'describe':{'text':'A fact','key':['icd','icd_version']},'icd':'diagnosis','parents':"
    "['ICD{icd_version}CM/{dotted(icd)}','X']}]}");

static void check_times(const mimic_event_kind *kind)
{
    ck_assert_uint_eq(kind->time.count, 1);
    ck_assert_int_eq(kind->time.ways[0].source, TIME_COLUMN);
    ck_assert(!kind->time.is_late);
    ck_assert_uint_eq(kind->available.count, 2);
    ck_assert(kind->available.is_late);
    ck_assert_int_eq(kind->available.ways[0].source, TIME_JOIN);
    ck_assert_int_eq(kind->available.ways[0].group, GROUP_ADMISSION);
    ck_assert_int_eq(kind->available.ways[0].slot, SLOT_END);
    ck_assert_int_eq(kind->available.ways[1].source, TIME_COLUMN);
}

static void check_conditions(const mimic_event_table *table, const mimic_event_kind *kind)
{
    const mimic_event_condition *at = kind->conditions;
    ck_assert_uint_eq(kind->condition_count, 5);
    ck_assert_str_eq(column_name(table, at[0].column), "item");
    ck_assert_uint_eq(at[0].value_count, 2);
    ck_assert_str_eq(at[0].values[0], "7");
    ck_assert_str_eq(at[0].values[1], "-8");
    ck_assert(at[1].wants_present && !at[1].wants_absent && !at[1].is_negated);
    ck_assert(at[2].wants_absent && !at[2].wants_present);
    ck_assert(at[3].is_negated);
    ck_assert_uint_eq(at[3].value_count, 2);
    ck_assert_str_eq(at[4].values[0], "true");
}

static void check_code(const mimic_event_table *table, const mimic_event_kind *kind)
{
    ck_assert_uint_eq(kind->code_count, 4);
    ck_assert_str_eq(kind->code[0].literal, "A{");
    ck_assert_str_eq(column_name(table, kind->code[1].column), "item");
    ck_assert_str_eq(kind->code[2].literal, "}//");
    ck_assert_uint_eq(kind->code[2].literal_size, 3);
    ck_assert_str_eq(column_name(table, kind->code[3].column), "txt");
}

START_TEST(event_map__structs)
{
    scene self = scene_new();
    add_map(&self, full_map);
    mimic_event_map *map = find_one(&self, self.base.first);
    check_whole(map);
    ck_assert_uint_eq(map->table_count, 4);
    ck_assert_uint_eq(map->dataset_count, 1);
    const mimic_event_table *table = table_of(map, "labs");
    ck_assert_str_eq(column_name(table, table->subject), "pid");
    ck_assert_str_eq(column_name(table, table->admission), "vid");
    ck_assert_int_eq(table->stay, MIMIC_EVENT_NO_COLUMN);
    ck_assert(!table->hashes_subject && table->fills_stay && !table->fills_admission);
    ck_assert(table->needs_admission && !table->needs_stay);
    ck_assert_uint_eq(table->anchor.count, 2);
    ck_assert_int_eq(table->context, -1);
    const mimic_event_kind *kind = table->kinds[0];
    ck_assert_str_eq(kind->name, "result");
    ck_assert_int_eq(kind->rank, 130);
    check_code(table, kind);
    check_times(kind);
    check_conditions(table, kind);
    ck_assert_str_eq(column_name(table, kind->value), "num");
    ck_assert_str_eq(column_name(table, kind->text), "txt");
    ck_assert_str_eq(column_name(table, kind->unit), "unit");
    ck_assert_uint_eq(kind->property_count, 2);
    ck_assert_str_eq(kind->dictionary, "items");
    ck_assert_str_eq(map->dictionaries[0].table, "items");
    ck_assert_str_eq(map->dictionaries[0].source->name, "items");
    kind = table->kinds[1];
    ck_assert_uint_eq(kind->time.count, 0);
    ck_assert_int_eq(kind->unit, MIMIC_EVENT_NO_COLUMN);
    ck_assert_int_eq(kind->text, MIMIC_EVENT_NO_COLUMN);
    ck_assert_str_eq(kind->unit_text, "kg");
    ck_assert_str_eq(kind->description, "A fact");
    mimic__event_map_free(map);
    scene_free(&self);
}
END_TEST

START_TEST(event_map__context)
{
    scene self = scene_new();
    add_map(&self, MAP(LABS("{'event':'a','rank':'static','code':'x','time':null}")));
    mimic_event_map *map = find_one(&self, self.base.first);
    const mimic_event_table *patients = table_of(map, "patients");
    const mimic_event_table *visits = table_of(map, "visits");
    const mimic_event_table *stays = table_of(map, "stays");
    ck_assert_int_eq(patients->context, GROUP_SUBJECT);
    ck_assert_int_eq(patients->context_times[SLOT_START], MIMIC_EVENT_NO_COLUMN);
    ck_assert_str_eq(column_name(patients, patients->context_times[SLOT_EXTRA]), "dod");
    ck_assert_int_eq(visits->context, GROUP_ADMISSION);
    ck_assert_str_eq(column_name(visits, visits->context_times[SLOT_END]), "stop");
    ck_assert_int_eq(visits->kinds[0]->link, LINK_START);
    ck_assert_int_eq(visits->kinds[1]->link, LINK_END);
    ck_assert_int_eq(stays->context, GROUP_STAY);
    ck_assert_str_eq(column_name(stays, stays->stay), "sid"); /* named by the context alone */
    ck_assert_uint_eq(stays->kind_count, 0);
    const mimic_event_times *birth = &patients->kinds[0]->time;
    ck_assert_int_eq(birth->ways[0].source, TIME_YEAR);
    ck_assert_str_eq(column_name(patients, birth->ways[0].column), "year");
    ck_assert_str_eq(column_name(patients, birth->ways[0].minus), "age");
    const mimic_event_times *death = &patients->kinds[1]->time;
    ck_assert_int_eq(death->ways[0].source, TIME_EARLIEST);
    ck_assert_int_eq(death->ways[0].slot, SLOT_EXTRA);
    ck_assert(death->is_late);
    ck_assert_str_eq(patients->kinds[1]->description, "Death");
    mimic__event_map_free(map);
    scene_free(&self);
}
END_TEST

START_TEST(event_map__joins)
{
    scene self = scene_new();
    add_map(&self, "{'dataset':'d','tables':{'items':{'subject':'item','join':{'table':'LABS','by':'item',"
                   "'columns':['taken','stored']},'events':[{'event':'a','rank':'result','code':'x','time':"
                   "'labs.stored','describe':{'column':'label','key':['item']}}]},'labs':{'subject':'pid',"
                   "'events':[]}}}");
    mimic_event_map *map = find_one(&self, self.base.first);
    const mimic_event_table *looking = &map->tables[0];
    const mimic_event_table *other = &map->tables[1];
    ck_assert_ptr_eq(looking->joined, other->table);
    ck_assert_ptr_null(other->joined);
    ck_assert_int_eq(other->context, GROUP_ROW);
    ck_assert_str_eq(column_name(looking, looking->row_id), "item");
    ck_assert_str_eq(column_name(other, other->row_id), "item");
    ck_assert(looking->row_salt == other->row_salt && other->row_salt != 0);
    ck_assert_str_eq(column_name(other, other->context_times[SLOT_END]), "stored");
    const mimic_event_kind *kind = looking->kinds[0];
    ck_assert_int_eq(kind->time.ways[0].source, TIME_JOIN);
    ck_assert_int_eq(kind->time.ways[0].group, GROUP_ROW);
    ck_assert_int_eq(kind->time.ways[0].slot, SLOT_END);
    ck_assert(kind->time.is_late);
    ck_assert_int_eq(kind->description_key, 1);
    ck_assert_uint_eq(kind->key_count, 2);
    ck_assert_str_eq(column_name(looking, kind->key_columns[1]), "label");
    mimic__event_map_free(map);
    scene_free(&self);
}
END_TEST

START_TEST(event_map__text_ids)
{
    scene self = scene_new();
    add_map(&self, "{'dataset':'d','tables':{'labs':{'subject':'guid','admission':'txt','events':["
                   "{'event':'a','rank':'static','code':'x','time':null}]}}}");
    mimic_event_map *map = find_one(&self, self.base.first);
    ck_assert(map->tables[0].hashes_subject && map->tables[0].hashes_admission);
    mimic__event_map_free(map);
    scene_free(&self);
}
END_TEST

/* ---- layers ---- */

#define ONE "{'subject':'pid','events':[{'event':'only','rank':'static','code':'x','time':null}]}"

START_TEST(event_map__layers)
{
    scene self = scene_new();
    add_map(&self, full_map);
    add_map(&self, "{'extends':'d@1','tables':{'labs':null,'visits':{'subject':'pid','events':[]}}}");
    add_map(&self, "{'extends':'d','dictionaries':{'items':null},'tables':{'labs':" ONE ",'items':"
                   "{'subject':'item','events':[{'event':'only','rank':'static','code':'x','time':null}]}}}");
    mimic_event_map *map = find_one(&self, self.base.first);
    check_whole(map);
    ck_assert_uint_eq(map->table_count, 5);
    ck_assert_str_eq(map->tables[1].table->name, "visits"); /* each keeps its place */
    ck_assert_uint_eq(map->tables[1].kind_count, 0);
    ck_assert_str_eq(map->tables[3].table->name, "labs");
    ck_assert_str_eq(map->tables[3].kinds[0]->name, "only");
    ck_assert_str_eq(map->tables[4].table->name, "items");
    ck_assert_uint_eq(map->dictionary_count, 0);
    mimic__event_map_free(map);
    self.path_count = 0; /* without "extends" nothing is left of what was there */
    add_map(&self, full_map);
    add_map(&self, "{'dataset':'d','version':'1','tables':{'labs':" ONE "}}");
    map = find_one(&self, self.base.first);
    ck_assert_uint_eq(map->table_count, 1);
    mimic__event_map_free(map);
    scene_free(&self);
}
END_TEST

START_TEST(event_map__user_over_built_in)
{
    scene self = scene_new();
    const mimic_dataset *dataset = release(&self, "mimic-iv@3.1");
    mimic_event_map *plain = find_one(&self, dataset);
    add_map(&self, "{'extends':'mimic-iv','context':{'stay':null},'tables':{'labevents':null,'icustays':"
                   "{'subject':'subject_id','events':[{'event':'e','rank':'stay_start','code':'x','time':'intime'}]},"
                   "'chartevents':null,'procedureevents':null,'inputevents':null,'outputevents':null,"
                   "'datetimeevents':null,'ingredientevents':null}}");
    mimic_event_map *map = find_one(&self, dataset);
    check_whole(map);
    ck_assert_uint_eq(map->table_count, plain->table_count - 7);
    ck_assert_str_ne(map->hash, plain->hash);
    ck_assert_ptr_null(table_of(map, "labevents"));
    ck_assert_int_eq(table_of(map, "icustays")->context, -1);
    for (size_t i = 0; i < map->table_count; i++)
        ck_assert(!map->tables[i].fills_stay); /* there are none to fill in */
    mimic__event_map_free(map);
    mimic__event_map_free(plain);
    scene_free(&self);
}
END_TEST

/* A release that the library has no map of may begin with that of another. */
START_TEST(event_map__of_another_release)
{
    scene self = scene_new();
    add_map(&self, "{'dataset':'mimic-iv','version':'2.2','extends':'mimic-iv@3.1'}");
    mimic_event_map *map = find_one(&self, release(&self, "mimic-iv@2.2"));
    check_whole(map);
    ck_assert_str_eq(map->tables[0].table->version, "2.2");
    mimic__event_map_free(map);
    scene_free(&self);
}
END_TEST

static void check_refused(scene *self, const mimic_dataset *dataset, mimic_status expected,
                          const char *words)
{
    mimic_event_map *map = NULL;
    ck_assert_int_eq(find(self, &dataset, 1, &map), expected);
    ck_assert_ptr_null(map);
    ck_assert_int_eq(self->err.code, expected);
    ck_assert_msg(strstr(self->err.message, words) != NULL, "%s", self->err.message);
    self->path_count = 0;
}

START_TEST(event_map__refused)
{
    scene self = scene_new();
    const mimic_dataset *note = release(&self, "mimic-iv-note@2.2");
    check_refused(&self, note, MIMIC_ERR_NOT_FOUND, "there is no event map for mimic-iv-note@2.2");
    add_map(&self, "{'extends':'mimic-iii@1.4'}");
    check_refused(&self, release(&self, "mimic-iv@3.1"), MIMIC_ERR_SCHEMA,
                  "map0.json: line 1, column 12, at \"/extends\": this map is for mimic-iii@1.4, but "
                  "the data are of mimic-iv@3.1");
    add_map(&self, "{'dataset':'d','version':'2','tables':{}}");
    check_refused(&self, self.base.first, MIMIC_ERR_SCHEMA, "this map is for d@2, but the data are of d@1");
    add_map(&self, "{'dataset':'d',");
    check_refused(&self, self.base.first, MIMIC_ERR_JSON, "map0.json");
    add_map(&self, "[{'dataset':'d'}]");
    check_refused(&self, self.base.first, MIMIC_ERR_SCHEMA, "no event map: it has neither");
    add_map(&self, "{'extends':'d@1'}");
    check_refused(&self, self.base.first, MIMIC_ERR_SCHEMA, "there is no map of d@1 to extend");
    snprintf(self.paths[0], sizeof self.paths[0], "%s/nothing.json", self.folder);
    self.path_count = 1;
    check_refused(&self, self.base.first, MIMIC_ERR_NOT_FOUND, "nothing.json");
    scene_free(&self);
}
END_TEST

START_TEST(event_map__hash)
{
    scene self = scene_new();
    add_map(&self, full_map);
    mimic_event_map *one = find_one(&self, self.base.first);
    mimic_event_map *same = find_one(&self, self.base.first);
    add_map(&self, "{'extends':'d@1'}");
    mimic_event_map *more = find_one(&self, self.base.first);
    ck_assert_str_eq(one->hash, same->hash);
    ck_assert_str_ne(one->hash, more->hash);
    mimic__event_map_free(one);
    mimic__event_map_free(same);
    mimic__event_map_free(more);
    scene_free(&self);
}
END_TEST

/* ---- releases together ---- */

#define SECOND(labs)                                                                               \
    "{'dataset':'e','version':'2','context':{'stay':{'table':'wards','id':'sid','start':'entered'," \
    "'end':'gone'}},'tables':{'wards':{'subject':'pid','events':[]},'notes':{'subject':'pid',"     \
    "'stay':'sid','fill':['admission'],'events':[{'event':'a','rank':'observation','code':'NOTE'," \
    "'time':'stay.gone','text':'words'}]}" labs "}}"

START_TEST(event_map__two_releases)
{
    scene self = scene_new();
    const mimic_dataset *const both[] = {self.base.first, self.base.second};
    mimic_event_map *map = NULL;
    add_map(&self, full_map);
    add_map(&self, SECOND(""));
    ck_assert_msg(find(&self, both, 2, &map) == MIMIC_OK, "%s", self.err.message);
    check_whole(map);
    ck_assert_uint_eq(map->table_count, 6);
    ck_assert_uint_eq(map->dataset_count, 2);
    ck_assert_str_eq(map->tables[4].table->name, "wards");
    ck_assert_int_eq(map->tables[4].context, GROUP_STAY);
    ck_assert(map->tables[4].context_joins_only); /* "stays" fills ids in */
    ck_assert(!table_of(map, "stays")->context_joins_only);
    ck_assert(map->tables[5].fills_admission); /* from the first */
    ck_assert(map->tables[5].kinds[0]->time.is_late);
    mimic__event_map_free(map);
    const mimic_dataset *const turned[] = {self.base.second, self.base.first};
    ck_assert_msg(find(&self, turned, 2, &map) == MIMIC_OK, "%s", self.err.message);
    ck_assert_str_eq(map->tables[0].table->name, "wards");
    ck_assert(!map->tables[0].context_joins_only);
    ck_assert(table_of(map, "stays")->context_joins_only);
    mimic__event_map_free(map);
    self.path_count = 1; /* the second has no map of its own */
    ck_assert_int_eq(find(&self, both, 2, &map), MIMIC_ERR_NOT_FOUND);
    add_map(&self, SECOND(",'labs':" ONE));
    ck_assert_int_eq(find(&self, both, 2, &map), MIMIC_ERR_SCHEMA);
    ck_assert_ptr_nonnull(strstr(self.err.message, "d@1 has a table \"labs\" too"));
    self.path_count = 1; /* a dictionary of the other release is not at hand */
    add_map(&self, "{'dataset':'e','tables':{'notes':{'subject':'pid','events':[{'event':'a','rank':"
                   "'static','code':'x','time':null,'describe':{'dictionary':'items','key':['sid']}}]}}}");
    ck_assert_int_eq(find(&self, both, 2, &map), MIMIC_ERR_SCHEMA);
    ck_assert_ptr_nonnull(strstr(self.err.message, "\"items\" is not among"));
    scene_free(&self);
}
END_TEST

START_TEST(event_map__alone_nothing_to_fill)
{
    scene self = scene_new();
    add_map(&self, SECOND(""));
    mimic_event_map *map = find_one(&self, self.base.second);
    ck_assert(!map->tables[1].fills_admission);
    mimic__event_map_free(map);
    scene_free(&self);
}
END_TEST

START_TEST(event_map__hospital_and_emergency)
{
    scene self = scene_new();
    const mimic_dataset *const both[] = {release(&self, "mimic-iv@2.2"),
                                         release(&self, "mimic-iv-ed@2.2")};
    mimic_event_map *map = NULL;
    ck_assert_msg(find(&self, both, 2, &map) == MIMIC_OK, "%s", self.err.message);
    check_whole(map);
    ck_assert(table_of(map, "edstays")->context_joins_only);
    ck_assert(!table_of(map, "icustays")->context_joins_only);
    mimic__event_map_free(map);
    scene_free(&self);
}
END_TEST

/* ---- parents ---- */

typedef struct parent_case {
    mimic_event_icd icd;
    int version; /* 0 = of the key */
    const char *key;
    const char *parent; /* NULL = none */
} parent_case;

START_TEST(event_map__parents)
{
    static const parent_case cases[] = {
        {ICD_DIAGNOSIS, 0, "4280\x1f" "9", "ICD9/428.0"},
        {ICD_DIAGNOSIS, 0, "E8120\x1f" "9", "ICD9/E812.0"},
        {ICD_DIAGNOSIS, 0, "V5861\x1f" "9", "ICD9/V58.61"},
        {ICD_DIAGNOSIS, 0, "I5023\x1f" "10", "ICD10/I50.23"},
        {ICD_DIAGNOSIS, 0, "E119\x1f" "10", "ICD10/E11.9"},
        {ICD_DIAGNOSIS, 0, "I10\x1f" "10", "ICD10/I10"},
        {ICD_DIAGNOSIS, 0, "E812\x1f" "9", "ICD9/E812"},
        {ICD_DIAGNOSIS, 0, "I50.23\x1f" "10", "ICD10/I50.23"},
        {ICD_PROCEDURE, 0, "3893\x1f" "9", "ICD9/38.93"},
        {ICD_PROCEDURE, 0, "02HV33Z\x1f" "10", "ICD10/02HV33Z"},
        {ICD_DIAGNOSIS, 0, "\x1f" "9", NULL},
        {ICD_DIAGNOSIS, 0, "4280\x1f", NULL},
        {ICD_DIAGNOSIS, 0, "4280", NULL},
        {ICD_DIAGNOSIS, 0, "", NULL},
        {ICD_DIAGNOSIS, 9, "E8120\x1f" "x", "ICDx/E812.0"},
        {ICD_PROCEDURE, 10, "0210\x1f" "x", "ICDx/0210"},
    };
    static const mimic_code_part parts[] = {{"ICD", 3, MIMIC_EVENT_NO_COLUMN, false},
                                            {NULL, 0, 1, false},
                                            {"/", 1, MIMIC_EVENT_NO_COLUMN, false},
                                            {NULL, 0, 0, true}};
    static const mimic_code_part *const parents[] = {parts};
    static const size_t counts[] = {4};
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    mimic_buffer out;
    mimic__buffer_init(&out, ctx);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const mimic_event_kind kind = {.parents = parents, .parent_counts = counts,
            .parent_count = 1, .icd = cases[i].icd, .icd_version = cases[i].version,
            .icd_column = cases[i].version == 0 ? 1 : MIMIC_EVENT_NO_COLUMN};
        out.size = 0;
        const bool made =
            mimic__event_parent(&kind, 0, cases[i].key, strlen(cases[i].key), &out);
        ck_assert_msg(made == (cases[i].parent != NULL), "case %zu", i);
        mimic__buffer_byte(&out, '\0');
        ck_assert_str_eq(out.data, made ? cases[i].parent : "");
    }
    mimic__buffer_free(&out);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(event_map__parents_of_map)
{
    scene self = scene_new();
    add_map(&self, full_map);
    mimic_event_map *map = find_one(&self, self.base.first);
    const mimic_event_kind *kind = table_of(map, "labs")->kinds[1];
    ck_assert_uint_eq(kind->key_count, 2);
    ck_assert_uint_eq(kind->parent_count, 2);
    mimic_buffer out;
    mimic__buffer_init(&out, self.base.ctx);
    ck_assert(mimic__event_parent(kind, 0, "4280\x1f" "9", 6, &out));
    ck_assert(mimic__event_parent(kind, 1, "4280\x1f" "9", 6, &out));
    mimic__buffer_byte(&out, '\0');
    ck_assert_str_eq(out.data, "ICD9CM/428.0X");
    mimic__buffer_free(&out);
    mimic__event_map_free(map);
    scene_free(&self);
}
END_TEST

/* ---- memory ---- */

static scene *shared; /* its registry and maps are not of the context whose allocations fail */

static mimic_status find_scenario(const mimic_context *ctx, mimic_error *err)
{
    const mimic_dataset *const both[] = {shared->base.first, shared->base.second};
    const char *const paths[] = {shared->paths[0], shared->paths[1], shared->paths[2]};
    const mimic_event_paths list = {paths, 3};
    mimic_event_map *map = NULL;
    const mimic_status status =
        mimic__event_map_find(ctx, both, 2, &list, &map, err);
    ck_assert((map != NULL) == (status == MIMIC_OK));
    mimic__event_map_free(map);
    return status;
}

START_TEST(event_map__memory)
{
    scene self = scene_new();
    shared = &self;
    add_map(&self, full_map);
    add_map(&self, SECOND(""));
    add_map(&self, "{'extends':'d@1','tables':{'labs':" ONE "}}");
    ck_assert_int_gt(replay_failing_allocations(find_scenario), 20);
    scene_free(&self);
}
END_TEST

MIMIC_TEST_MAIN(event_map, event_map__built_in, event_map__ranks, event_map__structs,
                event_map__context, event_map__joins, event_map__text_ids, event_map__layers,
                event_map__user_over_built_in, event_map__of_another_release, event_map__refused,
                event_map__hash, event_map__two_releases, event_map__alone_nothing_to_fill,
                event_map__hospital_and_emergency, event_map__parents, event_map__parents_of_map,
                event_map__memory)
