/*
 * mimic trajectories, and its two steps, mimic trajectories partition and assemble.
 */
#include "commands.h"
#include "trajectories.h"

static int run_build(const cli_arguments *arguments)
{
    trajectory_job j;
    int status = trajectory_job_open(arguments, &j);
    if (status == EXIT_DONE) {
        const size_t dirs = arguments->operands.count - 1;
        const char *out = arguments->operands.items[dirs];
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_trajectory_report *report = NULL;
        const mimic_status result = mimic_trajectories_build(
            j.session.ctx, j.session.registry, (const char *const *)arguments->operands.items, dirs,
            out, &j.options, &report, &err);
        status = trajectory_job_end(&j, result, report, &err);
    }
    trajectory_job_close(&j);
    return status;
}

static int run_partition(const cli_arguments *arguments)
{
    trajectory_job j;
    int status = trajectory_job_open(arguments, &j);
    j.is_partition = 1;
    if (status == EXIT_DONE) {
        const size_t dirs = arguments->operands.count - 1;
        const char *work = arguments->operands.items[dirs];
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_trajectory_report *report = NULL;
        const mimic_status result = mimic_trajectories_partition(
            j.session.ctx, j.session.registry, (const char *const *)arguments->operands.items, dirs,
            work, &j.options, &report, &err);
        status = trajectory_job_end(&j, result, report, &err);
    }
    trajectory_job_close(&j);
    return status;
}

static int run_assemble(const cli_arguments *arguments)
{
    trajectory_job j;
    int status = trajectory_job_open(arguments, &j);
    if (status == EXIT_DONE) {
        const char *const *operands = (const char *const *)arguments->operands.items;
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_trajectory_report *report = NULL;
        const mimic_status result =
            mimic_trajectories_assemble(j.session.ctx, j.session.registry, operands[0], operands[1],
                                        &j.options, &report, &err);
        status = trajectory_job_end(&j, result, report, &err);
    }
    trajectory_job_close(&j);
    return status;
}

/* What is settled when tables are read ... */
static const cli_option input[] = {
    {"codes", 0, OPTION_LIST, "PATTERNS", OPTION_AT(codes),
     "Only events whose code fits one of these, parted by commas; * stands for any text, as in "
     "'LAB*,VITAL*'. May be given again. Default: all."},
    {"split", 0, OPTION_SPLIT, "TRAIN,TUNING,HELD_OUT", OPTION_AT(split),
     "Percentages of patients, by a stable hash of their number. Default: 80,10,10."},
    {"on-bad-times", 0, OPTION_CHOICE, "keep|mark|reject", OPTION_AT(bad_times),
     "What becomes of events whose time does not parse: kept without it, kept and marked, or their "
     "row put aside. Counted either way. Default: reject."},
    {"on-reversed", 0, OPTION_CHOICE, "keep|mark|reject", OPTION_AT(reversed),
     "Likewise of intervals that end before they start. Default: mark."},
    {"always-sort", 0, OPTION_FLAG, NULL, OPTION_AT(always_sort), NULL},
    OPTION_END};

/* ... when patients are put together ... */
static const cli_option output[] = {
    {"on-outside", 0, OPTION_CHOICE, "keep|mark|reject", OPTION_AT(outside),
     "What becomes of events before or behind their own admission: kept, kept and marked, or their "
     "row put aside. Counted either way. Default: mark."},
    {"on-unknown-subjects", 0, OPTION_CHOICE, "keep|mark|reject", OPTION_AT(unknown_subjects),
     "Likewise of patients that are not in the table of patients. Default: reject."},
    {"on-missing-ids", 0, OPTION_CHOICE, "keep|mark|reject", OPTION_AT(missing_ids),
     "Likewise of rows that should name an admission or stay and do not, or name one that is not the "
     "patient's. Default: mark."},
    {"trajectory-version", 0, OPTION_TEXT, "TEXT", OPTION_AT(trajectory_version),
     "Version of this build, which stands in every event. Default: v1."},
    {"group", 0, OPTION_CHOICE, "subject|admission|stay", OPTION_AT(group),
     "What a trajectory is of: a patient, a hospital admission, an ICU stay. Default: subject."},
    {"layout", 0, OPTION_CHOICE, "shards|files", OPTION_AT(layout),
     "data/SPLIT/N.arrow with many patients a file, a MEDS dataset (shards), or a file a patient, "
     "admission or stay (files). Default: shards."},
    {"format", 0, OPTION_CHOICE, "arrow|ndjson", OPTION_AT(event_format),
     "With --layout files: Arrow IPC, or a JSON object a line. Default: arrow. (The report is told by "
     "--report.)"},
    {"shard", 0, OPTION_SHARE, "I/N", OPTION_AT(shard),
     "Write only part I of N of the files; the part that is finished last writes the metadata. "
     "Default: all."},
    {"subjects-per-file", 0, OPTION_COUNT, "N", OPTION_AT(subjects_per_file),
     "Known patients to a file of --layout shards. Default: 1,000."},
    OPTION_END};

/* ... and for both. */
static const cli_option map[] = {
    {"map", 0, OPTION_REPEATED, "FILE", OPTION_AT(maps),
     "An event map (JSON) that changes the built-in one of its dataset; the same for both steps. May "
     "be given again."},
    OPTION_END};

static const cli_option work[] = {
    {"memory", 0, OPTION_SIZE, "SIZE", OPTION_AT(memory),
     "Bytes to work in, such as 256M or 4G, at least 64M; the program stays within 64 MB more. What "
     "comes out is the same whatever it is. Default: 512M."},
    {"temporary-dir", 0, OPTION_TEXT, "DIR", OPTION_AT(temporary_dir),
     "For what does not fit into memory. Default: TMPDIR where that is set, else beside the output."},
    {"force", 0, OPTION_FLAG, NULL, OPTION_AT(force),
     "Make everything anew, also where neither inputs nor options have changed."},
    {"report", 0, OPTION_CHOICE, "text|json", OPTION_AT(format),
     "Form of the report on standard output: text for people (default), json for programs."},
    OPTION_END};

static const cli_option *const build_groups[] = {
    group_folder, input,       map,              output,     work,
    group_jobs,   group_quiet, group_schema_dir, group_help, NULL};

static const cli_option *const partition_groups[] = {
    group_folder, input, map, work, group_jobs, group_quiet, group_schema_dir, group_help, NULL};

static const cli_option *const assemble_groups[] = {
    map, output, work, group_jobs, group_quiet, group_schema_dir, group_help, NULL};

static const char exit_status[] = "0 done\n"
                                  "1 failed\n"
                                  "2 usage\n"
                                  "3 done, but rows were rejected\n"
                                  "130 cancelled (Ctrl-C or SIGTERM)\n";

const cli_command cmd_trajectories = {
    .name = "trajectories",
    .summary = "every event of every patient in time order, as a MEDS dataset",
    .operands = "DIR... OUT",
    .min_operands = 2,
    .max_operands = SIZE_MAX,
    .groups = build_groups,
    .description =
        "Reads the tables of one or more folders (of one patient population: a hospital and its "
        "emergency department, say), turns their rows into events by the event map of each dataset, "
        "and writes them below OUT, patient by patient in time order: a MEDS 0.4 dataset in Arrow "
        "IPC files.\n\n"
        " data/train/0.arrow ...         events; also tuning/ and held_out/\n"
        " metadata/codes.arrow           every code, its description and parents\n"
        " metadata/subject_splits.arrow  which patient is in which split\n"
        " metadata/dataset.json          what MEDS asks for\n"
        " manifest.json                  counts by table and code, inputs\n"
        " rejects.csv                    rows that gave no event, and why\n\n"
        "Nothing vanishes: for every table the report shows read = with events + without + "
        "rejected. The order is total, and the bytes are the same whatever --jobs and --memory "
        "are.\n\n"
        "The same inputs and options again: nothing is done, and said so. A build that was killed or "
        "cancelled leaves what was there before; the next one removes what it left.\n\n"
        "On a cluster the two steps are commands of their own, for the array jobs of any scheduler: "
        "mimic trajectories partition, a task a table, then mimic trajectories assemble, a task a "
        "part. What they write is the same, byte by byte. A folder that is named like one of these "
        "words is given as ./partition.",
    .exit_status = exit_status,
    .examples = "mimic trajectories mimic-iv-demo out\n"
                "All events of the demo.\n"
                "mimic trajectories mimiciv/3.1 mimiciv/ed out --memory 2G\n"
                "Hospital, ICU and emergency department in one dataset.\n"
                "mimic trajectories mimiciv/3.1 labs --tables labevents --codes 'LAB//RES*'\n"
                "Laboratory results alone.\n"
                "mimic trajectories mimiciv/3.1 stays --group stay --layout files\n"
                "A file a stay on the ICU.\n",
    .run = run_build,
};

const cli_command cmd_trajectories_partition = {
    .name = "trajectories partition",
    .summary = "first step on a cluster: tables into sorted files",
    .operands = "DIR... WORK",
    .min_operands = 2,
    .max_operands = SIZE_MAX,
    .groups = partition_groups,
    .description =
        "Turns the rows of tables into events, sorted by patient, in one file a table below WORK, "
        "which all tasks see. With --tables each task of an array job makes one table; every table "
        "that is there must be made by some task, patients, admissions and stays too. All tasks are "
        "given the same folders and options.\n\n"
        "A file that is there already, of the same inputs and options, is left as it is, so a task "
        "that failed is simply run again.\n\n"
        "mimic trajectories assemble goes on from there, and takes the options of reading from the "
        "files.",
    .exit_status = exit_status,
    .examples = "mimic trajectories partition mimiciv/3.1 work\n"
                "Every table, one after the other.\n"
                "mimic trajectories partition --tables labevents mimiciv/3.1 work\n"
                "One task of many; examples/slurm has the job scripts.\n",
    .run = run_partition,
};

const cli_command cmd_trajectories_assemble = {
    .name = "trajectories assemble",
    .summary = "second step on a cluster: sorted files into a MEDS dataset",
    .operands = "WORK OUT",
    .min_operands = 2,
    .max_operands = 2,
    .groups = assemble_groups,
    .description =
        "Merges the files of mimic trajectories partition below WORK into OUT, as mimic trajectories "
        "would have written it, byte by byte. With --shard I/N each task of an array job writes its "
        "part of the files; the one that is finished last writes the metadata. A part that failed is "
        "simply run again. WORK is not changed and may be removed at the end.",
    .exit_status = exit_status,
    .examples = "mimic trajectories assemble work out\n"
                "The whole at once.\n"
                "mimic trajectories assemble work out --shard 3/16\n"
                "One task of sixteen; examples/slurm has the job scripts.\n",
    .run = run_assemble,
};
