/* Two small releases that share their patients, and maps of them. */
#ifndef MIMIC_TEST_EVENT_MAP_FIXTURE_H
#define MIMIC_TEST_EVENT_MAP_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/mimic.h>

#include "events/event_map.h"

#define FIELD(name, type, physical)                                                                \
    "{'name':'" name "','type':'" type "','mimic':{'type':'" physical "'}}"
#define INT(name) FIELD(name, "integer", "int32")
#define TEXT(name) FIELD(name, "string", "string")
#define STAMP(name) FIELD(name, "datetime", "timestamp")
#define TABLE(name, fields) "{'name':'" name "','schema':{'fields':[" fields "]}}"

static const char fixture_package[] =
    "{'name':'d','version':'1','resources':["
    TABLE("patients", INT("pid") "," TEXT("name") "," INT("year") "," INT("age") ","
          FIELD("dod", "date", "date")) ","
    TABLE("visits", INT("pid") "," INT("vid") "," STAMP("start") "," STAMP("stop") ","
          STAMP("died") "," FIELD("kind", "string", "categorical")) ","
    TABLE("stays", INT("pid") "," INT("vid") "," INT("sid") "," STAMP("entered") "," STAMP("gone")) ","
    TABLE("labs", INT("pid") "," INT("vid") "," INT("item") "," INT("icd_version") "," TEXT("icd") ","
          STAMP("taken") "," STAMP("stored") "," FIELD("num", "number", "float64") "," TEXT("txt") ","
          TEXT("unit") "," FIELD("flag", "boolean", "boolean") "," FIELD("raw", "string", "binary")
          "," TEXT("guid")) ","
    TABLE("items", INT("item") "," TEXT("label")) "]}";

static const char fixture_second[] =
    "{'name':'e','version':'2','resources':["
    TABLE("wards", INT("pid") "," INT("sid") "," STAMP("entered") "," STAMP("gone")) ","
    TABLE("notes", INT("pid") "," INT("sid") "," TEXT("words") "," TEXT("owner")) ","
    TABLE("labs", INT("pid") "," STAMP("taken")) "]}";

#define PATIENTS                                                                                   \
    "'patients':{'subject':'pid','events':[{'event':'birth','rank':'birth','code':'BIRTH',"        \
    "'time':'year(year - age)'},{'event':'death','rank':'death','code':'DEATH',"                   \
    "'time':['earliest(admission.died)','dod'],'describe':{'text':'Death'}}]}"
#define VISITS                                                                                     \
    "'visits':{'subject':'pid','admission':'vid','events':[{'event':'in','rank':'admission',"      \
    "'code':'IN//{kind}','time':'start','link':'start'},{'event':'out','rank':'discharge',"        \
    "'code':'OUT','time':'stop','link':'end'}]}"
#define STAYS "'stays':{'subject':'pid','admission':'vid','events':[]}"
#define CONTEXT                                                                                    \
    "'context':{'subject':{'table':'patients','id':'pid','extra':'dod'},'admission':{'table':"     \
    "'visits','id':'vid','start':'start','end':'stop','extra':'died'},'stay':{'table':'stays',"    \
    "'id':'sid','start':'entered','end':'gone'}}"
#define DICTIONARIES "'dictionaries':{'items':{'key':['item'],'description':'label'}}"
/* A map of release d whose table "labs" is this. */
#define MAP(labs)                                                                                  \
    "{'dataset':'d','version':'1'," CONTEXT "," DICTIONARIES ",'tables':{" PATIENTS "," VISITS     \
    "," STAYS ",'labs':" labs "}}"
/* … and has this event. */
#define LABS(event) "{'subject':'pid','admission':'vid','fill':['stay'],'events':[" event "]}"

typedef struct fixture {
    mimic_context *ctx;
    mimic_registry *registry;
    const mimic_dataset *first;
    const mimic_dataset *second;
} fixture;

/* JSON with ' for ", so that it can be read in C. */
static inline char *fixture_json(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    strcpy(copy, text);
    for (char *at = copy; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    return copy;
}

static inline const mimic_dataset *fixture_add(mimic_registry *registry, const char *text)
{
    char *json = fixture_json(text);
    const mimic_dataset *dataset = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    if (mimic_registry_add_json(registry, json, strlen(json), "fixture", &dataset, &err) != MIMIC_OK)
        ck_abort_msg("%s", err.message);
    free(json);
    return dataset;
}

static inline fixture fixture_new(void)
{
    fixture self = {0};
    ck_assert_int_eq(mimic_context_new(NULL, &self.ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(self.ctx, &self.registry, NULL), MIMIC_OK);
    self.first = fixture_add(self.registry, fixture_package);
    self.second = fixture_add(self.registry, fixture_second);
    return self;
}

static inline void fixture_free(fixture *self)
{
    mimic_registry_free(self->registry);
    mimic_context_free(self->ctx);
}

#endif
