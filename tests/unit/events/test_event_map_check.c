/* Every finding that the check of an event map knows, with its place and its words. */
#include "check_main.h"

#include <stdio.h>

#include "event_map_fixture.h"
#include "failing_allocator.h"

typedef struct findings {
    char text[4096]; /* "pointer: message" a line */
    size_t count;
    int64_t line;
    int64_t column;
} findings;

static void on_finding(const char *pointer, int64_t line, int64_t column, const char *message,
                       void *ctx)
{
    findings *self = ctx;
    const size_t used = strlen(self->text);
    snprintf(self->text + used, sizeof self->text - used, "%s: %s\n", pointer, message);
    self->count++;
    self->line = line;
    self->column = column;
}

static mimic_status check_json(const fixture *self, const char *text, findings *found,
                               mimic_error *err)
{
    char *json = fixture_json(text);
    *found = (findings){.count = 0};
    const mimic_status status = mimic_event_map_check(self->ctx, self->registry, json, strlen(json),
                                                      "mine", on_finding, found, err);
    free(json);
    return status;
}

/* One fault, one finding: its place and the beginning of its words. */
typedef struct fault {
    const char *map;
    const char *finding;
} fault;

static void check_faults(const fault *faults, size_t count)
{
    fixture self = fixture_new();
    for (size_t i = 0; i < count; i++) {
        findings found;
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_status status = check_json(&self, faults[i].map, &found, &err);
        ck_assert_msg(found.count == 1, "%s\nhas %zu findings:\n%s", faults[i].map, found.count,
                      found.text);
        ck_assert_msg(strncmp(found.text, faults[i].finding, strlen(faults[i].finding)) == 0,
                      "%s\nis said to be\n%sinstead of\n%s", faults[i].map, found.text,
                      faults[i].finding);
        ck_assert_int_eq(status, MIMIC_ERR_SCHEMA);
        ck_assert_msg(strncmp(err.message, "mine: line 1, column ", 21) == 0 ||
                          strstr(err.message, "(built in)") != NULL,
                      "%s", err.message);
    }
    fixture_free(&self);
}

#define FAULTS(faults) check_faults(faults, sizeof faults / sizeof faults[0])

START_TEST(event_map_check__sound)
{
    fixture self = fixture_new();
    static const char *const maps[] = {
        MAP(LABS("{'event':'a','rank':'result','code':'LAB//{item}//{{x}}','time':'taken'}")),
        "{'extends':'mimic-iv@3.1','tables':{'labevents':null}}",
        "{'extends':'mimic-iv','tables':{}}",
        "{'dataset':'mimic-iv','version':'2.2','extends':'mimic-iv@3.1'}",
        "{'dataset':'mimic-iv'}", /* of no table, then */
    };
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        findings found;
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_status status = check_json(&self, maps[i], &found, &err);
        ck_assert_msg(status == MIMIC_OK, "%s: %s\n%s", maps[i], err.message, found.text);
        ck_assert_uint_eq(found.count, 0);
    }
    fixture_free(&self);
}
END_TEST

START_TEST(event_map_check__release)
{
    static const fault faults[] = {
        {"{'tables':{}}", ": for which release? Give \"dataset\" and \"version\""},
        {"{'dataset':7}", "/dataset: \"dataset\" must be a string, not a number"},
        {"{'version':'1','extends':'mimic-iv@3.1'}", "/version: a \"version\" without a \"dataset\""},
        {"{'dataset':'mimic-ivx','version':'3.1'}",
         "/dataset: there is no dataset \"mimic-ivx@3.1\"; did you mean \"mimic-iv\"?"},
        {"{'dataset':'mimic-iv','table':{}}", "/table: unknown property \"table\"; did you mean \"tables\"?"},
        {"{'dataset':'d','qwertzuiop':1}", "/qwertzuiop: unknown property \"qwertzuiop\"\n"},
        {"{'dataset':'d','title':1}", "/title: \"title\" must be a string, not a number"},
        {"{'dataset':'d','sources':1}", "/sources: \"sources\" must be an array, not a number"},
        {"{'dataset':'d','tables':[]}", "/tables: \"tables\" must be an object, not an array"},
        {"{'extends':'d@1','tables':{}}",
         "/extends: there is no map of d@1 to extend; built in are: "},
        {"{'extends':'mimic-iv@3.1','tables':{'labs':null}}",
         "/tables/labs: null drops \"labs\", but the map below has none"},
        {"{'extends':'mimic-iv@3.1','tables':{'labevents':null,'LabEvents':null}}",
         "/tables/LabEvents: \"LabEvents\" stands here twice; names must differ by more than case"},
        {"{'extends':'mimic-iv@3.1','tables':{'icustays':null}}",
         "/tables/icustays: table \"icustays\" is the context of \"stay\" and must be among"},
        {"{'extends':'mimic-iv@3.1','tables':{'poe':null}}",
         "/tables/poe: table \"poe\" is joined with by \"poe_detail\" and must be among"},
        {"{'extends':'mimic-iv@3.1','tables':{'labevents':5}}",
         "/tables/labevents: a table must be an object, or null to drop it, not a number"},
        {"{'extends':'mimic-iv@3.1','dictionaries':{'d_hcpcs':null}}",
         "/extends: with it, mimic-iv@3.1 (built in) does not hold any more, at \"/tables/hcpcsevents/"
         "events/0/describe/dictionary\": \"d_hcpcs\" is not among"},
    };
    FAULTS(faults);
}
END_TEST

#define WITH(context, tables) "{'dataset':'d','version':'1','context':{" context "},'tables':{" tables "}}"
#define VISIT(rest) "'admission':{'table':'visits','id':'vid'," rest "}"

START_TEST(event_map_check__context)
{
    static const fault faults[] = {
        {WITH("'subject':5", ""), "/context/subject: \"subject\" must be an object, or null"},
        {WITH("'patient':{}", ""), "/context/patient: unknown property \"patient\"\n"},
        {WITH("'subject':{'id':'pid'}", ""), "/context/subject: \"table\" is missing"},
        {WITH("'subject':{'table':1}", ""), "/context/subject/table: \"table\" must be a string"},
        {WITH("'subject':{'table':'patient','id':'pid'}", ""),
         "/context/subject/table: d@1 has no table \"patient\"; did you mean \"patients\"?"},
        {WITH("'subject':{'table':'patients','id':'pit'}", "'patients':{'subject':'pid','events':[]}"),
         "/context/subject/id: table patients has no column \"pit\"; did you mean \"pid\"?"},
        {WITH("'subject':{'table':'patients','id':'dod'}", "'patients':{'subject':'pid','events':[]}"),
         "/context/subject/id: column \"dod\" is a date; an id must be a whole number or a text"},
        {WITH(VISIT("'start':'start'"), "'visits':{'subject':'pid','events':[]}"),
         "/context/admission: \"end\" is missing: the column that says when the admission ends"},
        {WITH(VISIT("'start':'kind','end':'stop'"), "'visits':{'subject':'pid','events':[]}"),
         "/context/admission/start: column \"kind\" is a categorical; a time must be a date"},
        {WITH(VISIT("'start':'start','end':'stop','begin':'start'"), "'visits':{'subject':'pid','events':[]}"),
         "/context/admission/begin: unknown property \"begin\"\n"},
        {WITH(VISIT("'start':'start','end':'stop'"), ""),
         "/context/admission/table: table \"visits\" is the context of \"admission\" and must be"},
        {WITH(VISIT("'start':'start','end':'stop'") ",'stay':{'table':'visits','id':'vid','start':"
              "'start','end':'stop'}", "'visits':{'subject':'pid','events':[]}"),
         "/context/stay/table: table \"visits\" is the context of \"admission\" already"},
        {WITH(VISIT("'start':'start','end':'stop'"), "'visits':{'subject':'pid','admission':'pid','events':[]}"),
         "/tables/visits/admission: the context of \"admission\" is this table by its column \"vid\""},
        {WITH(VISIT("'start':'start','end':'stop'"), "'visits':{'subject':'pid','events':[]},'labs':{"
              "'subject':'pid','admission':'guid','events':[{'event':'a','rank':'static','code':'x','time':null}]}"),
         "/tables/labs/admission: ids of \"admission\" are texts here and numbers in table \"visits\""},
    };
    FAULTS(faults);
}
END_TEST

#define DICTIONARY(text)                                                                           \
    "{'dataset':'d','version':'1','dictionaries':{" text "},'tables':{'patients':{'subject':'pid'," \
    "'events':[{'event':'a','rank':'static','code':'x','time':null}]}}}"

START_TEST(event_map_check__dictionaries)
{
    static const fault faults[] = {
        {DICTIONARY("'item':{'key':['item'],'description':'label'}"),
         "/dictionaries/item: d@1 has no table \"item\"; did you mean \"items\"?"},
        {DICTIONARY("'items':'label'"), "/dictionaries/items: a dictionary must be an object, not a string"},
        {DICTIONARY("'items':{'key':['item']}"), "/dictionaries/items: \"description\" is missing"},
        {DICTIONARY("'items':{'description':'label'}"), "/dictionaries/items: \"key\" is missing"},
        {DICTIONARY("'items':{'key':'item','description':'label'}"),
         "/dictionaries/items/key: \"key\" must be a list of columns, at least one"},
        {DICTIONARY("'items':{'key':['id'],'description':'label'}"),
         "/dictionaries/items/key/0: table items has no column \"id\""},
        {DICTIONARY("'items':{'key':['item'],'description':'label','language':'en'}"),
         "/dictionaries/items/language: unknown property \"language\"\n"},
    };
    FAULTS(faults);
}
END_TEST

/* A join of notes with labs, and what is among its tables beside. */
#define JOIN(join, more)                                                                           \
    "{'dataset':'d','version':'1'," CONTEXT ",'tables':{" PATIENTS "," VISITS "," STAYS            \
    ",'items':{'subject':'item','join':" join ",'events':[{'event':'a','rank':'result','code':'x'," \
    "'time':['labs.taken']}]}" more "}}"
#define JOINED ",'labs':{'subject':'pid','events':[]}"
#define AT_JOIN "/tables/items/join"

START_TEST(event_map_check__joins)
{
    static const fault faults[] = {
        {JOIN("{'table':'labs','by':'item','columns':['stored']}", JOINED),
         "/tables/items/events/0/time/0: \"taken\" is none of the \"columns\" of the \"join\" with \"labs\""},
        {JOIN("{'table':'labs','by':'item','columns':['taken'],'on':'item'}", JOINED), AT_JOIN "/on: unknown property \"on\""},
        {JOIN("{'table':'labs','by':'item','columns':['taken','num']}", JOINED), AT_JOIN "/columns/1: column \"num\" is a float64"},
        {JOIN("{'table':'labs','by':'item','columns':['taken']}", ""), AT_JOIN ": table \"labs\" is joined with by \"items\" and must"},
    };
    FAULTS(faults);
    static const char *const others[] = { /* these have more findings than one */
        JOIN("{'table':'lab','by':'item','columns':['taken']}", JOINED),
        JOIN("{'table':'items','by':'item','columns':['taken']}", JOINED),
        JOIN("{'table':'labs','columns':['taken']}", JOINED),
        JOIN("{'table':'labs','by':'label','columns':['taken']}", JOINED),
        JOIN("{'table':'labs','by':'item'}", JOINED),
        JOIN("{'table':'visits','by':'item','columns':['start']}", ""),
        JOIN("{}", JOINED),
        JOIN("7", JOINED),
    };
    fixture self = fixture_new();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        findings found;
        ck_assert_int_eq(check_json(&self, others[i], &found, NULL), MIMIC_ERR_SCHEMA);
        ck_assert_ptr_nonnull(strstr(found.text, AT_JOIN));
    }
    fixture_free(&self);
}
END_TEST

#define STATIC "{'event':'a','rank':'static','code':'x','time':null}"

START_TEST(event_map_check__tables)
{
    static const fault faults[] = {
        {MAP("7"), "/tables/labs: a table must be an object, not a number"},
        {MAP("{'events':[" STATIC "]}"), "/tables/labs: \"subject\" is missing: the column that says whose"},
        {MAP("{'subject':'pid'}"), "/tables/labs: \"events\" is missing"},
        {MAP("{'subject':'pid','events':{}}"), "/tables/labs/events: \"events\" must be an array, not an object"},
        {MAP("{'subject':'pid','events':[]}"), "/tables/labs/events: a table that gives no event and is no context"},
        {MAP("{'subject':'pid','events':[7]}"), "/tables/labs/events/0: an event must be an object, not a number"},
        {MAP("{'subject':'pidd','events':[" STATIC "]}"), "/tables/labs/subject: table labs has no column \"pidd\"; did you"},
        {MAP("{'subject':'num','events':[" STATIC "]}"), "/tables/labs/subject: column \"num\" is a float64; an id must be"},
        {MAP("{'subject':5,'events':[" STATIC "]}"), "/tables/labs/subject: a column must be a string, not a number"},
        {MAP("{'subject':'pid','fill':'stay','events':[" STATIC "]}"), "/tables/labs/fill: \"fill\" must be an array, not a string"},
        {MAP("{'subject':'pid','fill':['subject'],'events':[" STATIC "]}"),
         "/tables/labs/fill/0: \"fill\" takes \"admission\" and \"stay\" only"},
        {MAP("{'subject':'pid','expects':['admission'],'events':[" STATIC "]}"),
         "/tables/labs/expects: an id that the table has no column for is missing in every row"},
        {MAP("{'subject':'pid','at':'txt','events':[" STATIC "]}"), "/tables/labs/at: column \"txt\" is a string; a time must be"},
        {MAP("{'subject':'pid','at':[],'events':[" STATIC "]}"), "/tables/labs/at: a list of 0 ways to a time; there must be 1"},
        {MAP("{'subject':'pid','fill':['admission'],'at':'admission.stop','events':[" STATIC "]}"),
         "/tables/labs/at: a row must name its admission for that: give the table's \"admission\", or take"},
        {MAP("{'subject':'pid','when':{},'events':[" STATIC "]}"), "/tables/labs/when: unknown property \"when\"\n"},
        {MAP("{'subject':'pid','events':[" STATIC ",{'event':'A','rank':'static','code':'x','time':null}]}"),
         "/tables/labs/events/1/event: a second event \"A\" of this table"},
        {MAP("{'subject':'pid','events':[{'event':'a','rank':'start','code':'x','time':'taken','link':'start'}]}"),
         "/tables/labs/events: \"link\": \"start\" without a \"end\""},
        {MAP("{'subject':'pid','events':[{'event':'a','rank':'end','code':'x','time':'taken','link':'end'}]}"),
         "/tables/labs/events: \"link\": \"end\" without a \"start\""},
        {MAP("{'subject':'pid','events':[{'event':'a','rank':'end','code':'x','time':'taken','link':'end'},"
             "{'event':'b','rank':'end','code':'x','time':'taken','link':'end'}]}"),
         "/tables/labs/events: 0 starts and 2 ends of an interval; a row has one of each"},
        {"{'dataset':'d','version':'1','tables':{'lab':{'subject':'pid','events':[" STATIC "]}}}",
         "/tables/lab: d@1 has no table \"lab\"; did you mean \"labs\"?"},
        {"{'dataset':'d','version':'1','tables':{'patients':{'subject':'pid','events':[" STATIC "]},"
         "'labs':{'subject':'guid','events':[" STATIC "]}}}",
         "/tables/labs/subject: the subject is a text here and a number in table \"patients\" of d@1"},
    };
    FAULTS(faults);
}
END_TEST

#define EVENT(rest) MAP(LABS("{'event':'a','rank':'result','code':'x','time':'taken'," rest "}"))
#define CODE(code) MAP(LABS("{'event':'a','rank':'result','time':'taken','code':" code "}"))
#define TIME(time) MAP(LABS("{'event':'a','rank':'result','code':'x','time':" time "}"))
#define AT "/tables/labs/events/0"

START_TEST(event_map_check__events)
{
    static const fault faults[] = {
        {MAP(LABS("{'rank':'result','code':'x','time':'taken'}")), AT ": \"event\" is missing"},
        {MAP(LABS("{'event':5,'rank':'result','code':'x','time':'taken'}")), AT "/event: \"event\" must be a string"},
        {MAP(LABS("{'event':'','rank':'result','code':'x','time':'taken'}")), AT "/event: the name is empty"},
        {MAP(LABS("{'event':'a\\n','rank':'result','code':'x','time':'taken'}")), AT "/event: a control character"},
        {MAP(LABS("{'event':'a','code':'x','time':'taken'}")), AT ": \"rank\" is missing"},
        {MAP(LABS("{'event':'a','rank':3,'code':'x','time':'taken'}")), AT "/rank: \"rank\" must be a string"},
        {MAP(LABS("{'event':'a','rank':'results','code':'x','time':'taken'}")),
         AT "/rank: there is no rank \"results\"; did you mean \"result\"? there are: static, birth"},
        {MAP(LABS("{'event':'a','rank':'q','code':'x','time':'taken'}")), AT "/rank: there is no rank \"q\"; there are: "},
        {MAP(LABS("{'event':'a','rank':'result','time':'taken'}")), AT ": \"code\" is missing"},
        {MAP(LABS("{'event':'a','rank':'result','code':'x'}")), AT ": \"time\" is missing: a column, or null"},
        {MAP(LABS("{'event':'a','rank':'static','code':'x','time':'taken'}")), AT "/time: an event of rank \"static\""},
        {EVENT("'Value':'num'"), AT "/Value: unknown property \"Value\"; did you mean \"value\"?"},
        {EVENT("'value':'taken'"), AT "/value: column \"taken\" is a timestamp, no number; as \"text\" it can be kept"},
        {EVENT("'value':'nun'"), AT "/value: table labs has no column \"nun\"; did you mean \"num\"?"},
        {EVENT("'text':'raw'"), AT "/text: column \"raw\" is binary, which no event holds"},
        {EVENT("'text':['txt']"), AT "/text: a column must be a string, not an array"},
        {EVENT("'unit':'unit'"), AT "/unit: a unit of nothing"},
        {EVENT("'value':'num','unit':{'txt':'kg'}"), AT "/unit/txt: unknown property \"txt\"; did you mean"},
        {EVENT("'value':'num','unit':{'text':''}"), AT "/unit: a fixed unit is written {\"text\": \"kg\"}"},
        {EVENT("'link':'begin'"), AT "/link: \"link\" is \"start\" or \"end\""},
        {EVENT("'properties':'txt'"), AT "/properties: \"properties\" must be an array, not a string"},
        {EVENT("'properties':['txt','unit','TXT']"), AT "/properties/2: column \"txt\" stands here twice"},
        {EVENT("'properties':['text']"), AT "/properties/0: table labs has no column \"text\"; did you mean \"txt\"?"},
    };
    FAULTS(faults);
}
END_TEST

START_TEST(event_map_check__codes)
{
    static const fault faults[] = {
        {CODE("7"), AT "/code: a code must be a string, not a number"},
        {CODE("''"), AT "/code: an empty code"},
        {CODE("'LAB//{item'"), AT "/code: a \"{\" without its \"}\""},
        {CODE("'LAB//item}'"), AT "/code: a \"}\" without its \"{\""},
        {CODE("'LAB//{}'"), AT "/code: {} names no column"},
        {CODE("'LAB//{ }'"), AT "/code: {} names no column"},
        {CODE("'LAB//{items}'"), AT "/code: table labs has no column \"items\"; did you mean \"item\"?"},
        {CODE("'LAB//{dotted(icd)}'"), AT "/code: table labs has no column \"dotted(icd)\""},
        {CODE("'LAB//{raw}'"), AT "/code: column \"raw\" is binary and cannot be part of a code"},
        {CODE("'LAB\\t'"), AT "/code: a control character in a code"},
    };
    FAULTS(faults);
}
END_TEST

START_TEST(event_map_check__times)
{
    static const fault faults[] = {
        {TIME("5"), AT "/time: a time must be a string or a list of them, not a number"},
        {TIME("['taken',5]"), AT "/time/1: a time must be a string, not a number"},
        {TIME("[]"), AT "/time: a list of 0 ways"},
        {TIME("''"), AT "/time: table labs has no column \"\""},
        {TIME("'takn'"), AT "/time: table labs has no column \"takn\"; did you mean \"taken\"?"},
        {TIME("'num'"), AT "/time: column \"num\" is a float64; a time must be a date or timestamp"},
        {TIME("'visit.stop'"), AT "/time: table labs has no column \"visit.stop\""},
        {TIME("'admission.stopp'"), AT "/time: table visits has no column \"stopp\"; did you mean \"stop\"?"},
        {TIME("'admission.kind'"), AT "/time: \"kind\" is none of \"start\", \"end\" and \"extra\""},
        {TIME("'stay.gone'"), AT "/time: a row must name its stay for that: give the table's \"stay\", or take"},
        {TIME("'earliest(died)'"), AT "/time: \"earliest\" takes a time of the context"},
        {TIME("'earliest(admission.died'"), AT "/time: table labs has no column \"earliest(admission.died\""},
        {TIME("'year(txt)'"), AT "/time: column \"txt\" is a string; a year is made of whole numbers"},
        {TIME("'year(item - num)'"), AT "/time: column \"num\" is a float64; a year is made of whole numbers"},
        {TIME("'year()'"), AT "/time: table labs has no column \"\""},
        {TIME("'year(item - )'"), AT "/time: table labs has no column \"\""},
        {EVENT("'available':'nun'"), AT "/available: table labs has no column \"nun\""},
        {WITH("", "'labs':{'subject':'pid','admission':'vid','events':[{'event':'a','rank':'result','code':'x',"
              "'time':'admission.stop'}]}"), AT "/time: the map has no \"context\" of \"admission\" to join with"},
    };
    FAULTS(faults);
}
END_TEST

START_TEST(event_map_check__conditions)
{
    static const fault faults[] = {
        {EVENT("'when':['txt']"), AT "/when: \"when\" must be an object, not an array"},
        {EVENT("'when':{'text':'present'}"), AT "/when/text: table labs has no column \"text\""},
        {EVENT("'when':{'txt':'there'}"), AT "/when/txt: a condition is \"present\", \"absent\", a list"},
        {EVENT("'when':{'txt':{}}"), AT "/when/txt: a condition is \"present\", \"absent\", a list"},
        {EVENT("'when':{'txt':{'not':['a'],'but':['b']}}"), AT "/when/txt/but: unknown property \"but\""},
        {EVENT("'when':{'txt':[]}"), AT "/when/txt: an empty list, which no value is in"},
        {EVENT("'when':{'txt':[null]}"), AT "/when/txt/0: a value must be a string or a number, not null"},
        {EVENT("'when':{'item':['x']}"), AT "/when/item/0: \"x\" is no whole number, but column \"item\" is"},
        {EVENT("'when':{'item':[1.5]}"), AT "/when/item/0: \"1.5\" is no whole number"},
        {EVENT("'when':{'num':[1.5]}"), AT "/when/num: column \"num\" is a float64, which can be \"present\""},
        {EVENT("'when':{'taken':{'not':['x']}}"), AT "/when/taken/not: column \"taken\" is a timestamp, which can"},
    };
    FAULTS(faults);
}
END_TEST

START_TEST(event_map_check__descriptions)
{
    static const fault faults[] = {
        {EVENT("'describe':'x'"), AT "/describe: \"describe\" must be an object, not a string"},
        {EVENT("'describe':{}"), AT "/describe: \"describe\" takes a \"dictionary\" and its \"key\", or"},
        {EVENT("'describe':{'dictionary':'items','text':'x','key':['item']}"), AT "/describe: \"describe\" takes a"},
        {EVENT("'describe':{'column':'txt','text':'x'}"), AT "/describe: \"describe\" takes a"},
        {EVENT("'describe':{'column':'text'}"), AT "/describe/column: table labs has no column \"text\""},
        {EVENT("'describe':{'column':'num'}"), AT "/describe/column: column \"num\" is a float64; a description must"},
        {EVENT("'describe':{'dictionary':'d_items','key':['item']}"), AT "/describe/dictionary: \"d_items\" is not among"},
        {EVENT("'describe':{'dictionary':'items'}"), AT "/describe: a key of 0 columns, but dictionary \"items\""},
        {EVENT("'describe':{'dictionary':'items','key':['item','unit']}"), AT "/describe: a key of 2 columns, but"},
        {EVENT("'describe':{'key':['icd']},'parents':['X/{item}']"), AT "/parents/0: \"item\" is not in the \"key\""},
        {EVENT("'describe':{'key':['icd']},'parents':['X/{dotted(icd)}']"), AT "/parents/0: dotted() needs to know"},
        {EVENT("'describe':{'key':['icd']},'parents':'X'"), AT "/parents: \"parents\" must be an array"},
        {EVENT("'describe':{'key':['icd','icd_version']},'icd':'drug'"), AT "/icd: \"icd\" is \"diagnosis\" or"},
        {EVENT("'describe':{'key':['icd']},'icd':'diagnosis'"), AT ": \"icd_version\" must be 9, 10, or a column"},
        {EVENT("'describe':{'key':['icd']},'icd':'diagnosis','icd_version':11"), AT "/icd_version: versions of the ICD are 9"},
    };
    FAULTS(faults);
}
END_TEST

/* ---- all at once, and where ---- */

START_TEST(event_map_check__places)
{
    fixture self = fixture_new();
    findings found;
    mimic_error err = MIMIC_ERROR_INIT;
    check_json(&self,
               "{\n  'dataset': 'd', 'version': '1',\n  'tables': {\n    'labs': {'subject': 'pid',\n"
               "      'events': [\n        {'event': 'ä', 'rank': 'x', 'code': '{', 'time': 'num',"
               " 'value': 'y'}\n      ]}}}\n",
               &found, &err);
    ck_assert_msg(found.count == 4, "%s", found.text);
    ck_assert_int_eq(found.line, 6);
    ck_assert_int_eq(found.column, 74);
    ck_assert_int_eq(err.code, MIMIC_ERR_SCHEMA);
    ck_assert_int_eq(err.line, 6);
    ck_assert_str_eq(err.source, "mine");
    ck_assert_ptr_nonnull(strstr(err.message, "mine: line 6, column 32, at \"/tables/labs/events/0/rank\""));
    fixture_free(&self);
}
END_TEST

START_TEST(event_map_check__no_json)
{
    fixture self = fixture_new();
    findings found;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(check_json(&self, "{'dataset':'d',}", &found, &err), MIMIC_ERR_JSON);
    ck_assert_int_eq(check_json(&self, "{'dataset':'d','dataset':'d'}", &found, &err), MIMIC_ERR_JSON);
    ck_assert_int_eq(check_json(&self, "", &found, &err), MIMIC_ERR_JSON);
    static const char *const others[] = {"[1]", "{}", "{'dataset':'d','resources':[]}", "{'fields':[]}"};
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(check_json(&self, others[i], &found, &err), MIMIC_ERR_NOT_FOUND);
    ck_assert_uint_eq(found.count, 0);
    ck_assert_int_eq(mimic_event_map_check(NULL, self.registry, "", 0, NULL, NULL, NULL, &err),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_event_map_check(self.ctx, NULL, "", 0, NULL, NULL, NULL, &err),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_event_map_check(self.ctx, self.registry, NULL, 1, NULL, NULL, NULL, &err),
                     MIMIC_ERR_ARGUMENT);
    fixture_free(&self);
}
END_TEST

/* ---- limits ---- */

/* A text of a head, many times a part (with its number for %zu), and a tail. */
static char *many(const char *head, const char *part, size_t count, const char *tail)
{
    const size_t part_size = strlen(part) + 24;
    const size_t capacity = strlen(head) + count * part_size + strlen(tail) + 1;
    char *text = malloc(capacity);
    size_t size = (size_t)snprintf(text, capacity, "%s", head);
    for (size_t i = 0; i < count; i++) {
        const char *number = strchr(part, '#');
        size += (size_t)snprintf(text + size, capacity - size, "%s%.*s%zu%s", i == 0 ? "" : ",",
                                 (int)(number - part), part, i, number + 1);
    }
    snprintf(text + size, capacity - size, "%s", tail);
    return text;
}

static void check_limit(const char *head, const char *part, size_t count, const char *tail,
                        const char *expected)
{
    fixture self = fixture_new();
    findings found;
    mimic_error err = MIMIC_ERROR_INIT;
    char *text = many(head, part, count, tail);
    const mimic_status status = check_json(&self, text, &found, &err);
    if (expected == NULL)
        ck_assert_msg(status == MIMIC_OK, "%s", err.message);
    else
        ck_assert_msg(strstr(err.message, expected) != NULL, "%s", err.message);
    free(text);
    fixture_free(&self);
}

START_TEST(event_map_check__limits)
{
    static const char head[] = "{'dataset':'d','version':'1','tables':{'labs':{'subject':'pid','events':[";
    static const char event[] = "{'event':'e#','rank':'static','code':'x','time':null}";
    check_limit(head, event, 1024, "]}}}", NULL);
    check_limit(head, event, 1025, "]}}}", "1025 events of a row; at most 1024 are possible");
    check_limit("{'dataset':'d','version':'1','tables':{", "'t#':{}", 257, "}}",
                "257 of them; at most 256 are possible");
    check_limit("{'dataset':'d','sources':[", "'a source, of which there are many #'", 150000, "]}",
                "an event map has at most 4194304");
    check_limit(head, "'#'", 0,
                "{'event':'a','rank':'result','code':'x','time':['taken','taken','taken','taken','taken',"
                "'taken','taken','taken','taken','taken','taken','taken','taken','taken','taken','taken',"
                "'taken']}]}}}", "a list of 17 ways to a time; there must be 1 to 16");
    char code[1200];
    snprintf(code, sizeof code, "{'event':'a','rank':'static','time':null,'code':'%01025d'}]}}}", 0);
    check_limit(head, "'#'", 0, code, "a code of 1025 bytes; at most 1024 are possible");
}
END_TEST

START_TEST(event_map_check__too_many_columns)
{
    static const fault faults[] = {
        {EVENT("'properties':['a','a','a','a','a','a','a','a','a','a','a','a','a','a']"),
         AT "/properties: 14 columns, but table \"labs\" has 13"},
        {EVENT("'when':{'a':1,'b':1,'c':1,'d':1,'e':1,'f':1,'g':1,'h':1,'i':1,'j':1,'k':1,'l':1,'m':1,'n':1}"),
         AT "/when: more conditions than table \"labs\" has columns"},
    };
    FAULTS(faults);
}
END_TEST

/* ---- memory ---- */

static mimic_registry *shared; /* not of the context whose allocations fail */

static mimic_status check_scenario(const mimic_context *ctx, mimic_error *err)
{
    char *json = fixture_json(EVENT("'value':'num','unit':'unit','properties':['txt'],'when':{'item':[1]},"
                                    "'describe':{'dictionary':'items','key':['item']},'parents':['A/{item}']"));
    const mimic_status status =
        mimic_event_map_check(ctx, shared, json, strlen(json), "mine", NULL, NULL, err);
    free(json);
    return status;
}

static mimic_status join_scenario(const mimic_context *ctx, mimic_error *err)
{
    char *json = fixture_json(JOIN("{'table':'labs','by':'item','columns':['taken']}", JOINED));
    const mimic_status status =
        mimic_event_map_check(ctx, shared, json, strlen(json), "mine", NULL, NULL, err);
    free(json);
    return status;
}

static mimic_status extend_scenario(const mimic_context *ctx, mimic_error *err)
{
    static const char json[] = "{\"extends\":\"synthea@2.7.0\",\"tables\":{\"allergies\":null}}";
    return mimic_event_map_check(ctx, shared, json, sizeof json - 1, "mine", NULL, NULL, err);
}

/* Findings and failures together: memory wins, since what is missing may be missing for it. */
static mimic_status faulty_scenario(const mimic_context *ctx, mimic_error *err)
{
    char *json = fixture_json(EVENT("'value':3,'unit':{'text':7},'rang':5,'when':{'item':[null]}"));
    const mimic_status status =
        mimic_event_map_check(ctx, shared, json, strlen(json), "mine", NULL, NULL, err);
    free(json);
    return status == MIMIC_ERR_SCHEMA ? MIMIC_OK : status;
}

START_TEST(event_map_check__memory)
{
    fixture self = fixture_new();
    shared = self.registry;
    ck_assert_int_gt(replay_failing_allocations(check_scenario), 5);
    ck_assert_int_gt(replay_failing_allocations(extend_scenario), 5);
    ck_assert_int_gt(replay_failing_allocations(join_scenario), 5);
    ck_assert_int_gt(replay_failing_allocations(faulty_scenario), 5);
    fixture_free(&self);
}
END_TEST

MIMIC_TEST_MAIN(event_map_check, event_map_check__sound, event_map_check__release,
                event_map_check__context, event_map_check__dictionaries, event_map_check__tables,
                event_map_check__events, event_map_check__codes, event_map_check__times,
                event_map_check__conditions, event_map_check__descriptions, event_map_check__places,
                event_map_check__joins, event_map_check__no_json, event_map_check__limits,
                event_map_check__too_many_columns, event_map_check__memory)
