/*
 * Patient trajectories: every event of every patient in time order, as a MEDS 0.4 dataset in Arrow IPC
 * files, built in bounded memory; and reading it back, patient by patient.
 *
 * The format is that of Medical-Event-Data-Standard/meds 0.4; docs/events.md says what is written, in
 * which order, and how event maps are made.
 *
 * Since: 0.1
 */
#ifndef MIMIC_EVENTS_H
#define MIMIC_EVENTS_H

#include <mimic/load.h>

MIMIC_BEGIN_DECLS

/** What a trajectory is of. */
typedef int32_t mimic_group;
#define MIMIC_GROUP_DEFAULT 0 /* subject */
#define MIMIC_GROUP_SUBJECT 1 /* all events of a patient */
#define MIMIC_GROUP_ADMISSION 2 /* static facts, and the events of one hospital admission */
#define MIMIC_GROUP_STAY 3 /* static facts, and the events of one ICU stay */

/** Which files are written. */
typedef int32_t mimic_layout;
#define MIMIC_LAYOUT_DEFAULT 0 /* shards */
#define MIMIC_LAYOUT_SHARDS 1  /* data/<split>/<n>.arrow, many patients a file: a MEDS dataset */
#define MIMIC_LAYOUT_FILES 2   /* a file a patient, admission or stay */

/** How the files of MIMIC_LAYOUT_FILES are written. */
typedef int32_t mimic_event_format;
#define MIMIC_EVENT_FORMAT_DEFAULT 0 /* Arrow */
#define MIMIC_EVENT_FORMAT_ARROW 1   /* Arrow IPC file, Zstandard */
#define MIMIC_EVENT_FORMAT_NDJSON 2  /* a JSON object a line */

/** What is done about an event that is doubtful. */
typedef int32_t mimic_policy;
#define MIMIC_POLICY_DEFAULT 0 /* as said where it is used */
#define MIMIC_POLICY_KEEP 1    /* it is written as it is, and counted */
#define MIMIC_POLICY_MARK 2    /* the same, and its `marks` say so */
#define MIMIC_POLICY_REJECT 3  /* its row gives no event, and is among the rejects */

/** Bits of an event's marks. */
typedef int32_t mimic_mark;
#define MIMIC_MARK_BAD_TIME 1         /* a time that does not parse; it is NULL */
#define MIMIC_MARK_REVERSED 2         /* the interval ends before it starts */
#define MIMIC_MARK_OUTSIDE 4          /* before or behind its own admission */
#define MIMIC_MARK_UNKNOWN_SUBJECT 8  /* the patient is not in the table of patients */
#define MIMIC_MARK_MISSING_ID 16      /* an admission or stay that should be named is not, or is not one
                                       * of the patient's */
#define MIMIC_MARK_ADMISSION_FILLED 32 /* hadm_id was found by time */
#define MIMIC_MARK_STAY_FILLED 64     /* stay_id was found by time */

/** How trajectories are built; begin with MIMIC_TRAJECTORY_OPTIONS_INIT. */
typedef struct mimic_trajectory_options {
    uint32_t struct_size;
    const char *dataset;       /* "mimic-iv@3.1"; NULL = recognised, folder by folder */
    const char *const *tables; /* only these; NULL = all that the map has and the folders hold.
                                * Patients, admissions and stays are read in any case */
    size_t table_count;        /* of tables */
    const char *const *codes;  /* only codes that fit one of these, "*" standing for any text:
                                * "LAB*"; NULL = all */
    size_t code_count;         /* of codes */
    const char *const *maps;   /* paths of event maps that change the built-in ones; NULL = none */
    size_t map_count;          /* of maps */
    const char *version;       /* of this build of the trajectories, stands in every event; NULL = "v1" */
    int32_t jobs;              /* threads that may work, the caller's included; 0 = 1. No more than one
                                * for each 8 MiB of memory do. What comes out is the same whatever it
                                * is */
    uint64_t memory;           /* bytes to work in, at least 64 MiB; 0 = 512 MiB. What comes out is the
                                * same whatever it is */
    mimic_group group;         /* what a trajectory is of */
    mimic_layout layout;       /* which files */
    mimic_event_format format; /* of MIMIC_LAYOUT_FILES */
    int32_t shard;             /* only this part of the files, 1-based; 0 = all of them */
    int32_t shard_count;       /* of how many parts; 0 = 1 */
    int32_t subjects_per_file; /* 0 = 1,000 */
    int32_t train;             /* subjects of 1,000 in split "train"; train = tuning = 0: 800 and 100 */
    int32_t tuning;            /* of "tuning"; the rest is "held_out" */
    mimic_policy bad_times;        /* default reject */
    mimic_policy reversed;         /* default mark */
    mimic_policy outside;          /* default mark */
    mimic_policy unknown_subjects; /* default reject */
    mimic_policy missing_ids;      /* default mark; a row without its subject is always a reject */
    int32_t force;             /* 1 = replace what OUT holds, also where nothing has changed */
    int32_t always_sort;       /* 1 = do not make use of tables that come sorted by subject; slower, for
                                * comparison */
    const char *temporary_dir; /* for what does not fit into memory; NULL = beside OUT */
    const mimic_csv_options *csv; /* dialect and limits; NULL = as the schema says. Columns, filters,
                                   * limit, jobs and callbacks are not looked at */
    mimic_progress_fn progress; /* NULL = none */
    void *progress_ctx;         /* handed to progress */
} mimic_trajectory_options;

#define MIMIC_TRAJECTORY_OPTIONS_INIT                                                              \
    { sizeof(mimic_trajectory_options), NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, 0, 0, 0, 0, \
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL }

/** What became of a build; made by mimic_trajectories_build and its siblings. */
typedef struct mimic_trajectory_report mimic_trajectory_report;

/**
 * What became of one table; begin with MIMIC_EVENT_TABLE_REPORT_INIT.
 * read = with_events + without_events + rejected, always.
 */
typedef struct mimic_event_table_report {
    uint32_t struct_size;
    const char *table;      /* name; borrowed from the report */
    const char *source;     /* its first file */
    const char *hash;       /* XXH3-128 of the stored bytes of its files, 32 hex digits */
    int64_t read;           /* rows */
    int64_t with_events;    /* rows that gave an event, or say what others are joined with */
    int64_t without_events; /* rows that gave none: no time, a condition, a code not asked for */
    int64_t rejected;       /* rows put aside, by the reader or by a policy */
    int64_t events;         /* written */
    int64_t outside_group;  /* events that belong to no admission or stay, where these are the group */
    int64_t marked[16];     /* events, by the number of the bit of their marks; 8 to 15 are not in use.
                             * What a policy keeps is counted too */
    int32_t was_sorted;     /* 1 = it came by subject, and was read straight through; 0 where nothing
                             * was done */
} mimic_event_table_report;

#define MIMIC_EVENT_TABLE_REPORT_INIT                                                              \
    { sizeof(mimic_event_table_report), "", "", "", 0, 0, 0, 0, 0, 0, {0}, 0 }

/** The whole; begin with MIMIC_TRAJECTORY_TOTALS_INIT. */
typedef struct mimic_trajectory_totals {
    uint32_t struct_size;
    int64_t subjects;    /* written */
    int64_t events;      /* written */
    int64_t codes;       /* different ones */
    int64_t files;       /* of data */
    int64_t bytes;       /* of these files */
    int64_t spilled_bytes; /* written to scratch files by this run, as they stood on the disk */
    int32_t is_complete; /* 0 = other shards are still missing: no metadata yet */
    int32_t is_unchanged; /* 1 = nothing was done: OUT is of these inputs and options already */
} mimic_trajectory_totals;

#define MIMIC_TRAJECTORY_TOTALS_INIT                                                               \
    { sizeof(mimic_trajectory_totals), 0, 0, 0, 0, 0, 0, 0, 0 }

/* ---- building ---- */

/**
 * Makes the trajectories of all patients of one or several folders: both steps at once. A folder that
 * holds these very trajectories already, of files that have not changed, is left as it is. With
 * options.shard one part of the files is made; whoever makes the last one writes the metadata.
 *
 * registry: knows the releases
 * dirs: folders of releases that share their patients, each table in one of them
 * dir_count: of dirs, at least 1
 * out: the folder of the dataset; made where it is missing
 * options: NULL = defaults
 * out_report: what became of it; NULL after a failure
 *
 * Returns: MIMIC_OK, also with rejects (see the report and rejects.csv); MIMIC_ERR_NOT_FOUND for a
 * folder, table or release that is not there; MIMIC_ERR_STATE for a folder that holds something else;
 * MIMIC_ERR_SCHEMA for an event map that is not sound; MIMIC_ERR_DRIFT for a file that lacks a column
 * it must have; MIMIC_ERR_CANCELLED by the callback; MIMIC_ERR_IO; MIMIC_ERR_LIMIT for codes of more
 * than 1 GiB; MIMIC_ERR_ARGUMENT; MIMIC_ERR_MEMORY; whatever the source of a file returns. What was in
 * `out` is then as it was.
 * Ownership: the caller frees *out_report. Everything else is borrowed during the call.
 * Thread safety: any thread, for different folders; the callback comes on the caller's.
 * Since: 0.1
 *
 * Example:
 *     const char *const dirs[] = {"mimic-iv-demo"};
 *     mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
 *     mimic_trajectory_report *made = NULL;
 *     options.jobs = 4;
 *     status = mimic_trajectories_build(ctx, registry, dirs, 1, "out", &options, &made, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_trajectories_build(
    const mimic_context *ctx, const mimic_registry *registry, const char *const *dirs,
    size_t dir_count, const char *out, const mimic_trajectory_options *options,
    mimic_trajectory_report **out_report, mimic_error *err);

/**
 * The first of two steps: tables into files of sorted events below `work`, one a table. A table that is
 * there already, of the same file and options, is left as it is, so that a task that was killed can be
 * run again.
 *
 * registry: knows the releases
 * dirs: as for mimic_trajectories_build, the same for every table
 * dir_count: of dirs
 * work: the folder of these files; made where it is missing
 * options: NULL = defaults; `tables` says which ones are read in this call, NULL = all of them. What
 * concerns reading (codes, maps, csv, bad_times, reversed, train, tuning) is settled here
 * out_report: counts of the tables of this call; NULL after a failure
 *
 * Returns: as mimic_trajectories_build.
 * Ownership: the caller frees *out_report. Everything else is borrowed during the call.
 * Thread safety: any thread, several processes at once for different tables of one `work`.
 * Since: 0.1
 *
 * Example:
 *     const char *const dirs[] = {"mimic-iv-demo"};
 *     const char *const tables[] = {"labevents"};
 *     mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
 *     mimic_trajectory_report *made = NULL;
 *     options.tables = tables;
 *     options.table_count = 1;
 *     status = mimic_trajectories_partition(ctx, registry, dirs, 1, "work", &options, &made, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_trajectories_partition(
    const mimic_context *ctx, const mimic_registry *registry, const char *const *dirs,
    size_t dir_count, const char *work, const mimic_trajectory_options *options,
    mimic_trajectory_report **out_report, mimic_error *err);

/**
 * The second step: what mimic_trajectories_partition left, into a dataset, or into one part of its
 * files. The bytes are those of mimic_trajectories_build.
 *
 * registry: knows the releases
 * work: the folder of the first step; all of its tables must be there
 * out: the folder of the dataset
 * options: NULL = defaults; those that concern reading come from the first step, and event maps must be
 * given again
 * out_report: what became of it; NULL after a failure
 *
 * Returns: as mimic_trajectories_build; MIMIC_ERR_NOT_FOUND for a table whose first step is not done;
 * MIMIC_ERR_STATE for files of different options or maps; MIMIC_ERR_CORRUPT for a damaged one.
 * Ownership: the caller frees *out_report. Everything else is borrowed during the call.
 * Thread safety: any thread, several processes at once for different shards of one `out`.
 * Since: 0.1
 *
 * Example:
 *     mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
 *     mimic_trajectory_report *made = NULL;
 *     options.shard = 1;
 *     options.shard_count = 8;
 *     status = mimic_trajectories_assemble(ctx, registry, "work", "out", &options, &made, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_trajectories_assemble(
    const mimic_context *ctx, const mimic_registry *registry, const char *work, const char *out,
    const mimic_trajectory_options *options, mimic_trajectory_report **out_report,
    mimic_error *err);

/**
 * Number of tables that were read, and what became of each, in the order of the event map.
 *
 * index: of the table
 * out: begin with MIMIC_EVENT_TABLE_REPORT_INIT
 *
 * Returns: the count, 0 for a NULL; MIMIC_OK, or MIMIC_ERR_ARGUMENT for a NULL or an index out of range.
 * Ownership: texts are borrowed, valid until the report is freed.
 * Thread safety: any thread, for reading.
 * Since: 0.1
 *
 * Example:
 *     const mimic_trajectory_report *made = NULL;
 *     mimic_event_table_report table = MIMIC_EVENT_TABLE_REPORT_INIT;
 *     for (size_t i = 0; i < mimic_trajectory_report_table_count(made); i++)
 *         status = mimic_trajectory_report_table(made, i, &table);
 */
MIMIC_API size_t mimic_trajectory_report_table_count(const mimic_trajectory_report *report);
MIMIC_API mimic_status mimic_trajectory_report_table(const mimic_trajectory_report *report,
                                                     size_t index, mimic_event_table_report *out);

/**
 * The whole in numbers: of the dataset where it is complete, else of this part of it.
 *
 * out: begin with MIMIC_TRAJECTORY_TOTALS_INIT
 *
 * Returns: MIMIC_OK, or MIMIC_ERR_ARGUMENT for a NULL.
 * Ownership: none.
 * Thread safety: any thread, for reading.
 * Since: 0.1
 *
 * Example:
 *     const mimic_trajectory_report *made = NULL;
 *     mimic_trajectory_totals totals = MIMIC_TRAJECTORY_TOTALS_INIT;
 *     status = mimic_trajectory_report_totals(made, &totals);
 */
MIMIC_API mimic_status mimic_trajectory_report_totals(const mimic_trajectory_report *report,
                                                      mimic_trajectory_totals *out);

/** Lists of names in a report. */
typedef int32_t mimic_trajectory_list;
#define MIMIC_TRAJECTORY_ABSENT_TABLES 1   /* the event map asks for them, and no folder has a file of
                                            * them; with `tables` only those that they need. Those with
                                            * the meanings of codes come last */
#define MIMIC_TRAJECTORY_UNMAPPED_TABLES 2 /* a folder has them, and the event map does not: they give
                                            * no events. None with `tables` */
#define MIMIC_TRAJECTORY_UNUSED_CODES 3    /* of `codes`: no event of the dataset fits them. None as long
                                            * as the dataset is not complete */

/**
 * What a build goes without: how many names a list has, and one of them.
 *
 * list: MIMIC_TRAJECTORY_…
 * index: of the name
 *
 * Returns: the count, 0 for a NULL or no list; the name, NULL when there is none.
 * Ownership: texts are borrowed, valid until the report is freed.
 * Thread safety: any thread, for reading.
 * Since: 0.1
 *
 * Example:
 *     const mimic_trajectory_report *made = NULL;
 *     const size_t absent =
 *         mimic_trajectory_report_name_count(made, MIMIC_TRAJECTORY_ABSENT_TABLES);
 *     for (size_t i = 0; i < absent; i++)
 *         puts(mimic_trajectory_report_name(made, MIMIC_TRAJECTORY_ABSENT_TABLES, i));
 */
MIMIC_API size_t mimic_trajectory_report_name_count(const mimic_trajectory_report *report,
                                                    mimic_trajectory_list list);
MIMIC_API const char *mimic_trajectory_report_name(const mimic_trajectory_report *report,
                                                   mimic_trajectory_list list, size_t index);

/**
 * The report as one JSON object; docs/events.md lists its members.
 *
 * out_json: the text, with a NUL at its end; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_json with mimic_free.
 * Thread safety: any thread, for reading.
 * Since: 0.1
 *
 * Example:
 *     const mimic_trajectory_report *made = NULL;
 *     char *json = NULL;
 *     status = mimic_trajectory_report_json(made, &json, &err);
 *     mimic_free(ctx, json);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_trajectory_report_json(
    const mimic_trajectory_report *report, char **out_json, mimic_error *err);

/**
 * Frees a report; NULL is allowed.
 *
 * Returns: nothing.
 * Ownership: ends that of the report and of everything borrowed from it.
 * Thread safety: any thread; the report must not be in use.
 * Since: 0.1
 *
 * Example:
 *     mimic_trajectory_report *made = NULL;
 *     mimic_trajectory_report_free(made);
 */
MIMIC_API void mimic_trajectory_report_free(mimic_trajectory_report *report);

/* ---- event maps ---- */

/**
 * Validates an event map against the schema of its release and reports every finding, not the first
 * only. A map that extends a built-in one is checked together with it.
 *
 * registry: knows the release
 * json: the text; no NUL at its end is needed
 * size_bytes: its size
 * name: stands in messages; NULL = "events.json"
 * finding: receives the findings; NULL = none
 * finding_ctx: handed to it
 *
 * Returns: MIMIC_OK when it is sound; MIMIC_ERR_SCHEMA after findings; MIMIC_ERR_NOT_FOUND, without a
 * finding, for JSON that is no event map but a package, say; MIMIC_ERR_JSON for a text that is no
 * JSON; MIMIC_ERR_LIMIT for one that is too large; MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_MEMORY.
 * Ownership: everything is borrowed during the call.
 * Thread safety: any thread, while none changes the registry.
 * Since: 0.1
 *
 * Example:
 *     static const char json[] = "{\"extends\": \"mimic-iv@3.1\", \"tables\": {\"labevents\": null}}";
 *     status = mimic_event_map_check(ctx, registry, json, sizeof json - 1, "mine", NULL, NULL, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_event_map_check(
    const mimic_context *ctx, const mimic_registry *registry, const char *json, size_t size_bytes,
    const char *name, mimic_schema_finding_fn finding, void *finding_ctx, mimic_error *err);

/* ---- reading ---- */

/** A dataset of trajectories, read patient by patient. */
typedef struct mimic_trajectories mimic_trajectories;

/** How it is read; begin with MIMIC_TRAJECTORIES_OPTIONS_INIT. */
typedef struct mimic_trajectories_options {
    uint32_t struct_size;
    mimic_group group;  /* what next gives: patients, or their admissions or stays one by one */
    const char *split;  /* only this one; NULL = all */
    int32_t values_only; /* 1 = texts, units and properties are not read: faster */
    int32_t jobs;       /* threads that may work, the caller's included; 0 = 1. Each takes the memory
                         * of a record batch; what comes out is the same whatever it is */
    uint64_t max_batch_bytes; /* a record batch that takes more memory than this is MIMIC_ERR_LIMIT;
                               * 0 = 1 GiB */
} mimic_trajectories_options;

#define MIMIC_TRAJECTORIES_OPTIONS_INIT                                                            \
    { sizeof(mimic_trajectories_options), 0, NULL, 0, 0, 0 }

/**
 * One patient (or one admission or stay), its events in order; begin with MIMIC_PATIENT_INIT. Arrays
 * have `count` items and are borrowed until the next call on the reader. A time or an id that is not
 * there is INT64_MIN, a value NaN, a text of any kind empty. All arrays are there, also those of
 * columns that the dataset has not.
 */
typedef struct mimic_patient {
    uint32_t struct_size;
    int64_t subject_id;         /* whose events */
    int64_t group_id;           /* of the admission or stay; INT64_MIN = the group is the patient */
    const char *split;          /* "train" and so on */
    int64_t count;              /* events */
    int64_t static_count;       /* of them, the first ones, without a time */
    const int64_t *time;        /* microseconds since 1970, no zone */
    const int64_t *available;   /* the same: when it was known */
    const uint32_t *code;       /* numbers for mimic_trajectories_code */
    const double *value;        /* NaN where there is none */
    const int64_t *hadm_id;     /* of the hospital admission */
    const int64_t *stay_id;     /* of the ICU stay */
    const int64_t *text_offsets; /* count + 1; text i is text_bytes[text_offsets[i] .. [i + 1]) */
    const char *text_bytes;      /* UTF-8 */
    const uint32_t *unit;        /* numbers for mimic_trajectories_unit; UINT32_MAX = none */
    const uint16_t *table;       /* numbers for mimic_trajectories_table; UINT16_MAX = none */
    const int64_t *source_row;   /* 1-based */
    const int64_t *link_id;      /* the same for start and end of an interval; INT64_MIN = none */
    const int16_t *order_rank;  /* what it is, clinically: docs/events.md lists them */
    const int32_t *marks;        /* MIMIC_MARK_… */
    const int64_t *properties_offsets; /* as for texts; an empty one = none */
    const char *properties_bytes;      /* JSON objects */
} mimic_patient;

#define MIMIC_PATIENT_INIT                                                                         \
    { sizeof(mimic_patient), 0, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,     \
      NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** One code of the dataset; begin with MIMIC_CODE_INIT. Texts are borrowed from the dataset. */
typedef struct mimic_code {
    uint32_t struct_size;
    const char *code;          /* as it stands in the events */
    const char *description;   /* "" = none */
    size_t parent_count;       /* of parents */
    const char *const *parents; /* codes of other vocabularies that say the same or more */
    int64_t events;            /* with this code, as the dataset says; -1 = it does not */
} mimic_code;

#define MIMIC_CODE_INIT                                                                            \
    { sizeof(mimic_code), NULL, NULL, 0, NULL, 0 }

/** The dataset as a whole; begin with MIMIC_TRAJECTORIES_INFO_INIT. Texts are borrowed from the reader,
 * "" where the dataset does not say. */
typedef struct mimic_trajectories_info {
    uint32_t struct_size;
    const char *dataset;      /* its name: "mimic-iv" */
    const char *version;      /* of the dataset: "3.1" */
    const char *meds_version; /* of the format */
    int64_t subjects;         /* as the table of splits has them, of the split that is read; -1 = there
                               * is no such table */
    int64_t files;            /* of data, of the split that is read */
} mimic_trajectories_info;

#define MIMIC_TRAJECTORIES_INFO_INIT { sizeof(mimic_trajectories_info), "", "", "", 0, 0 }

/**
 * Opens a dataset for reading: the files below `data`, in the order train, tuning, held_out and then
 * other splits by name, those of a split by number. Any MEDS dataset will do whose tables are Arrow IPC
 * files (file format, Zstandard or no compression) and whose subjects ascend within a file; of the
 * columns only subject_id and code must be there. Codes that are not in metadata/codes.arrow get their
 * numbers behind those that are, as they come.
 *
 * path: the folder that mimic_trajectories_build wrote
 * options: NULL = defaults
 * out_trajectories: the reader; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND when there is no such dataset or split; MIMIC_ERR_CORRUPT or
 * MIMIC_ERR_VALUE for damaged metadata; MIMIC_ERR_UNSUPPORTED for Parquet files; MIMIC_ERR_ARGUMENT;
 * MIMIC_ERR_IO; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_trajectories. `ctx` is borrowed and must outlive it; texts are
 * copied.
 * Thread safety: any thread; then one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     mimic_trajectories *trajectories = NULL;
 *     status = mimic_trajectories_open(ctx, "out", NULL, &trajectories, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_trajectories_open(
    const mimic_context *ctx, const char *path, const mimic_trajectories_options *options,
    mimic_trajectories **out_trajectories, mimic_error *err);

/**
 * Reads the next patient, or admission or stay, in the order of the files: by ascending subject within
 * a split; the admissions of a patient in the order of their first events, each with the patient's
 * static facts before them. Errors are sticky.
 *
 * The arrays are those of a record batch as a rule, without a copy; a patient who lies in two of them
 * is gathered, and so is an admission or stay.
 *
 * out_patient: struct_size set; filled when MIMIC_OK is returned
 *
 * Returns: MIMIC_OK; MIMIC_END after the last; MIMIC_ERR_CORRUPT for a damaged file, or events that are
 * out of order; MIMIC_ERR_VALUE for an event without subject or code, and other values that are none;
 * MIMIC_ERR_LIMIT for a record batch above max_batch_bytes; MIMIC_ERR_STATE when a file was replaced;
 * MIMIC_ERR_IO; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT for a NULL.
 * Ownership: arrays are borrowed, valid until the next call of next, seek or free.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     while ((status = mimic_trajectories_next(trajectories, &patient, &err)) == MIMIC_OK)
 *         events += patient.count;
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_trajectories_next(mimic_trajectories *trajectories,
                                                               mimic_patient *out_patient,
                                                               mimic_error *err);

/**
 * Goes to one subject, whom the next call of mimic_trajectories_next gives; those that follow it come
 * after. Finds a subject by looking at the first and last subjects of a few files and record batches,
 * which the reader remembers.
 *
 * subject_id: of the dataset, and of the split that is read
 *
 * Returns: MIMIC_OK, also where the reader was at its end; MIMIC_ERR_NOT_FOUND when no event is of this
 * subject, the reader then being where it was; otherwise as mimic_trajectories_next. A subject without
 * an admission or stay, where these are the group, is passed over.
 * Ownership: ends the patient at hand.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     if (mimic_trajectories_seek(trajectories, 10000032, &err) == MIMIC_OK)
 *         status = mimic_trajectories_next(trajectories, &patient, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_trajectories_seek(mimic_trajectories *trajectories,
                                                               int64_t subject_id,
                                                               mimic_error *err);

/**
 * The codes: how many there are, and one of them. With a dataset that follows the standard these are
 * the codes of metadata/codes.arrow, in its order; others are added while patients are read.
 *
 * number: as in mimic_patient.code
 * out_code: struct_size set
 *
 * Returns: the count, 0 for NULL; MIMIC_OK, or MIMIC_ERR_NOT_FOUND beyond the end and
 * MIMIC_ERR_ARGUMENT for a NULL.
 * Ownership: texts are borrowed, valid until the reader is freed.
 * Thread safety: any thread, also while another one reads.
 * Since: 0.1
 *
 * Example:
 *     mimic_code code = MIMIC_CODE_INIT;
 *     if (mimic_trajectories_code(trajectories, patient.code[0], &code) == MIMIC_OK)
 *         puts(code.code);
 */
MIMIC_API uint32_t mimic_trajectories_code_count(const mimic_trajectories *trajectories);
MIMIC_API mimic_status mimic_trajectories_code(const mimic_trajectories *trajectories,
                                               uint32_t number, mimic_code *out_code);

/**
 * The number of a code.
 *
 * code: as it stands in the events
 *
 * Returns: the number; UINT32_MAX when no event that is known so far has it, and for a NULL.
 * Ownership: none.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     const uint32_t heart_rate = mimic_trajectories_find_code(trajectories, "LAB//220045//bpm");
 */
MIMIC_API uint32_t mimic_trajectories_find_code(const mimic_trajectories *trajectories,
                                                const char *code);

/**
 * Names by the numbers that stand in mimic_patient.unit and .table.
 *
 * number: of a patient that was read
 *
 * Returns: the text; "" for a number that means none, or that nobody has.
 * Ownership: borrowed, valid until the reader is freed.
 * Thread safety: any thread, also while another one reads.
 * Since: 0.1
 *
 * Example:
 *     printf("%g %s\n", patient.value[i], mimic_trajectories_unit(trajectories, patient.unit[i]));
 */
MIMIC_API const char *mimic_trajectories_unit(const mimic_trajectories *trajectories,
                                              uint32_t number);
MIMIC_API const char *mimic_trajectories_table(const mimic_trajectories *trajectories,
                                               uint16_t number);

/**
 * What the dataset says of itself: metadata/dataset.json, and how many subjects it has.
 *
 * out_info: struct_size set
 *
 * Returns: MIMIC_OK; MIMIC_ERR_CORRUPT and others for metadata that cannot be read; MIMIC_ERR_JSON;
 * MIMIC_ERR_ARGUMENT; MIMIC_ERR_MEMORY.
 * Ownership: texts are borrowed, valid until the reader is freed.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     mimic_trajectories_info info = MIMIC_TRAJECTORIES_INFO_INIT;
 *     if (mimic_trajectories_describe(trajectories, &info, &err) == MIMIC_OK)
 *         printf("%lld patients\n", (long long)info.subjects);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_trajectories_describe(mimic_trajectories *trajectories,
                                                                   mimic_trajectories_info *out_info,
                                                                   mimic_error *err);

/**
 * Ends the reading; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `trajectories`; what was borrowed from it is gone.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 */
MIMIC_API void mimic_trajectories_free(mimic_trajectories *trajectories);

MIMIC_END_DECLS

#endif
