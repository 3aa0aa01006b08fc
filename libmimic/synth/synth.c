/*
 * mimic_synth: one pass over the patients for each table. A patient is made again in every pass, so
 * memory holds one patient and one chunk of one file, and the bytes of a table do not depend on which
 * other tables are asked for. All files are completed under temporary names and appear together at
 * the end.
 */
#include <mimic/synth.h>

#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/options.h"
#include "schema/schema_model.h"
#include "synth/synth_orders.h"
#include "synth/synth_tables.h"

#define PROGRESS_ROWS 50000

const mimic_synth_table mimic__synth_tables[] = {
    {"admissions",
     "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,"
     "admission_location,discharge_location,insurance,language,marital_status,race,edregtime,"
     "edouttime,hospital_expire_flag",
     mimic__write_admissions, NULL},
    {"d_hcpcs", "code,category,long_description,short_description", NULL, mimic__write_d_hcpcs},
    {"d_icd_diagnoses", "icd_code,icd_version,long_title", NULL, mimic__write_d_icd_diagnoses},
    {"d_icd_procedures", "icd_code,icd_version,long_title", NULL, mimic__write_d_icd_procedures},
    {"d_labitems", "itemid,label,fluid,category", NULL, mimic__write_d_labitems},
    {"diagnoses_icd", "subject_id,hadm_id,seq_num,icd_code,icd_version", mimic__write_diagnoses_icd,
     NULL},
    {"drgcodes", "subject_id,hadm_id,drg_type,drg_code,description,drg_severity,drg_mortality",
     mimic__write_drgcodes, NULL},
    {"emar",
     "subject_id,hadm_id,emar_id,emar_seq,poe_id,pharmacy_id,enter_provider_id,charttime,medication,"
     "event_txt,scheduletime,storetime",
     mimic__write_emar, NULL},
    {"emar_detail",
     "subject_id,emar_id,emar_seq,parent_field_ordinal,administration_type,pharmacy_id,barcode_type,"
     "reason_for_no_barcode,complete_dose_not_given,dose_due,dose_due_unit,dose_given,"
     "dose_given_unit,will_remainder_of_dose_be_given,product_amount_given,product_unit,product_code,"
     "product_description,product_description_other,prior_infusion_rate,infusion_rate,"
     "infusion_rate_adjustment,infusion_rate_adjustment_amount,infusion_rate_unit,route,"
     "infusion_complete,completion_interval,new_iv_bag_hung,continued_infusion_in_other_location,"
     "restart_interval,side,site,non_formulary_visual_verification",
     mimic__write_emar_detail, NULL},
    {"hcpcsevents", "subject_id,hadm_id,chartdate,hcpcs_cd,seq_num,short_description",
     mimic__write_hcpcsevents, NULL},
    {"labevents",
     "labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,value,"
     "valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments",
     mimic__write_labevents, NULL},
    {"microbiologyevents",
     "microevent_id,subject_id,hadm_id,micro_specimen_id,order_provider_id,chartdate,charttime,"
     "spec_itemid,spec_type_desc,test_seq,storedate,storetime,test_itemid,test_name,org_itemid,"
     "org_name,isolate_num,quantity,ab_itemid,ab_name,dilution_text,dilution_comparison,"
     "dilution_value,interpretation,comments",
     mimic__write_microbiologyevents, NULL},
    {"omr", "subject_id,chartdate,seq_num,result_name,result_value", mimic__write_omr, NULL},
    {"patients", "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod",
     mimic__write_patients, NULL},
    {"pharmacy",
     "subject_id,hadm_id,pharmacy_id,poe_id,starttime,stoptime,medication,proc_type,status,entertime,"
     "verifiedtime,route,frequency,disp_sched,infusion_type,sliding_scale,lockout_interval,"
     "basal_rate,one_hr_max,doses_per_24_hrs,duration,duration_interval,expiration_value,"
     "expiration_unit,expirationdate,dispensation,fill_quantity",
     mimic__write_pharmacy, NULL},
    {"poe",
     "poe_id,poe_seq,subject_id,hadm_id,ordertime,order_type,order_subtype,transaction_type,"
     "discontinue_of_poe_id,discontinued_by_poe_id,order_provider_id,order_status",
     mimic__write_poe, NULL},
    {"poe_detail", "poe_id,poe_seq,subject_id,field_name,field_value", mimic__write_poe_detail, NULL},
    {"prescriptions",
     "subject_id,hadm_id,pharmacy_id,poe_id,poe_seq,order_provider_id,starttime,stoptime,drug_type,"
     "drug,formulary_drug_cd,gsn,ndc,prod_strength,form_rx,dose_val_rx,dose_unit_rx,form_val_disp,"
     "form_unit_disp,doses_per_24_hrs,route",
     mimic__write_prescriptions, NULL},
    {"procedures_icd", "subject_id,hadm_id,seq_num,chartdate,icd_code,icd_version",
     mimic__write_procedures_icd, NULL},
    {"provider", "provider_id", NULL, mimic__write_provider},
    {"services", "subject_id,hadm_id,transfertime,prev_service,curr_service", mimic__write_services,
     NULL},
    {"transfers", "subject_id,hadm_id,transfer_id,eventtype,careunit,intime,outtime",
     mimic__write_transfers, NULL},
    {"caregiver", "caregiver_id", NULL, mimic__write_caregiver},
    {"chartevents",
     "subject_id,hadm_id,stay_id,caregiver_id,charttime,storetime,itemid,value,valuenum,valueuom,"
     "warning",
     mimic__write_chartevents, NULL},
    {"d_items",
     "itemid,label,abbreviation,linksto,category,unitname,param_type,lownormalvalue,highnormalvalue",
     NULL, mimic__write_d_items},
    {"datetimeevents",
     "subject_id,hadm_id,stay_id,caregiver_id,charttime,storetime,itemid,value,valueuom,warning",
     mimic__write_datetimeevents, NULL},
    {"icustays", "subject_id,hadm_id,stay_id,first_careunit,last_careunit,intime,outtime,los",
     mimic__write_icustays, NULL},
    {"ingredientevents",
     "subject_id,hadm_id,stay_id,caregiver_id,starttime,endtime,storetime,itemid,amount,amountuom,"
     "rate,rateuom,orderid,linkorderid,statusdescription,originalamount,originalrate",
     mimic__write_ingredientevents, NULL},
    {"inputevents",
     "subject_id,hadm_id,stay_id,caregiver_id,starttime,endtime,storetime,itemid,amount,amountuom,"
     "rate,rateuom,orderid,linkorderid,ordercategoryname,secondaryordercategoryname,"
     "ordercomponenttypedescription,ordercategorydescription,patientweight,totalamount,"
     "totalamountuom,isopenbag,continueinnextdept,statusdescription,originalamount,originalrate",
     mimic__write_inputevents, NULL},
    {"outputevents",
     "subject_id,hadm_id,stay_id,caregiver_id,charttime,storetime,itemid,value,valueuom",
     mimic__write_outputevents, NULL},
    {"procedureevents",
     "subject_id,hadm_id,stay_id,caregiver_id,starttime,endtime,storetime,itemid,value,valueuom,"
     "location,locationcategory,orderid,linkorderid,ordercategoryname,ordercategorydescription,"
     "patientweight,isopenbag,continueinnextdept,statusdescription,originalamount,originalrate",
     mimic__write_procedureevents, NULL},
    {NULL, NULL, NULL, NULL},
};

/* One call of mimic_synth. */
typedef struct job {
    const mimic_context *ctx;
    const mimic_synth_options *options;
    const char *out_dir;
    mimic_error *err;
    mimic_arena arena;
    const mimic_table **tables; /* of the registry, those that are asked for */
    mimic_output **outputs;
    size_t count;
    int64_t done_bytes;
    mimic_synth_run *run;
} job;

static const mimic_synth_table *find_table(const char *name)
{
    for (const mimic_synth_table *table = mimic__synth_tables; table->name != NULL; table++)
        if (mimic__name_equals(table->name, name))
            return table;
    return NULL;
}

/* Position of a column in a comma-joined list, -1 when it is not there. */
static int32_t find_column(const char *columns, const char *name)
{
    char part[64];
    int32_t position = 0;
    for (const char *at = columns; *at != '\0'; position++) {
        const size_t size = strcspn(at, ",");
        if (size < sizeof part) {
            memcpy(part, at, size);
            part[size] = '\0';
            if (mimic__name_equals(part, name))
                return position;
        }
        at += size + (at[size] == ',');
    }
    return -1;
}

static int32_t count_columns(const char *columns)
{
    int32_t count = 1;
    for (const char *at = columns; *at != '\0'; at++)
        count += *at == ',';
    return count;
}

/* Maps our fields to the columns of the registry; writes the header. */
static mimic_status bind_columns(mimic_csv_writer *writer, const mimic_synth_table *ours,
                                 const mimic_table *table, mimic_error *err)
{
    if (table->field_count == 0 || table->field_count > MIMIC_SYNTH_MAX_FIELDS)
        return mimic__fail(err, MIMIC_ERR_SCHEMA, "table %s: expected 1 to %d columns, found %zu",
                           table->name, MIMIC_SYNTH_MAX_FIELDS, table->field_count);
    writer->field_count = count_columns(ours->columns);
    writer->column_count = (int32_t)table->field_count;
    writer->is_reordered = writer->field_count != writer->column_count;
    for (int32_t i = 0; i < writer->column_count; i++) {
        const mimic_field *field = &table->fields[i];
        const int32_t position = find_column(ours->columns, field->name);
        if (position < 0 && field->is_required)
            return mimic__fail(err, MIMIC_ERR_SCHEMA,
                               "table %s: column %s is required by the schema, but synthetic data "
                               "has no values for it; make it optional or leave the table out",
                               table->name, field->name);
        writer->order[i] = (int16_t)position;
        writer->is_reordered |= position != i;
        mimic__csv_text(writer, field->name);
    }
    /* The header is no row to be reordered or counted. */
    writer->at[-1] = '\n';
    writer->row = writer->at;
    writer->row_limit = writer->at + MIMIC_SYNTH_ROW_BYTES / 2;
    return MIMIC_OK;
}

static mimic_status report_progress(job *j, size_t index, bool is_done)
{
    if (j->options->progress == NULL)
        return MIMIC_OK;
    const mimic_csv_writer *writer = &j->run->writer;
    const mimic_progress progress = {
        .struct_size = (uint32_t)sizeof progress,
        .table = j->tables[index]->name,
        .table_index = index,
        .table_count = j->count,
        .bytes = mimic__output_position(writer->output),
        .total_bytes = -1,
        .rows = writer->rows,
        .all_bytes = j->done_bytes + mimic__output_position(writer->output),
        .all_total_bytes = -1,
        .is_done = is_done,
    };
    if (j->options->progress(&progress, j->options->progress_ctx) != 0)
        return mimic__fail(j->err, MIMIC_ERR_CANCELLED, "cancelled by the caller");
    return MIMIC_OK;
}

static mimic_status write_patients(job *j, size_t index, const mimic_synth_table *ours)
{
    mimic_synth_run *run = j->run;
    int64_t next_report = PROGRESS_ROWS;
    int64_t unreported = 0;
    for (int64_t i = 0; i < run->patients; i++) {
        mimic__synth_patient(run->seed, i, &run->patient);
        ours->write_patient(run);
        MIMIC_TRY(run->writer.status);
        if (run->writer.rows >= next_report || ++unreported >= 4096) {
            next_report = run->writer.rows + PROGRESS_ROWS;
            unreported = 0;
            MIMIC_TRY(report_progress(j, index, false));
        }
    }
    return MIMIC_OK;
}

/* "hosp/labevents.csv.gz" below out_dir, with the ending of the compression that is asked for. */
static const char *output_path(job *j, const mimic_table *table)
{
    const char *ending = j->options->compression == MIMIC_COMPRESSION_NONE   ? ""
                         : j->options->compression == MIMIC_COMPRESSION_ZSTD ? ".zst"
                                                                             : ".gz";
    const size_t size = strlen(table->path);
    size_t stem = size;
    if (size > 3 && strcmp(table->path + size - 3, ".gz") == 0)
        stem = size - 3;
    else if (size > 4 && strcmp(table->path + size - 4, ".zst") == 0)
        stem = size - 4;
    return mimic__arena_format(&j->arena, "%s/%.*s%s", j->out_dir, (int)stem, table->path, ending);
}

/* What stands there may be real data: one look at all of it before anything is written. */
static mimic_status refuse_to_replace(job *j)
{
    struct stat facts;
    for (size_t i = 0; i < j->count; i++) {
        const char *path = output_path(j, j->tables[i]);
        if (path == NULL)
            return mimic__fail_memory(j->err);
        if (lstat(path, &facts) == 0)
            return mimic__fail(j->err, MIMIC_ERR_STATE,
                               "%s is there already, and invented data would replace it; nothing was "
                               "written: name another folder, or force it (--force, options.force) "
                               "if the file may go",
                               path);
    }
    return MIMIC_OK;
}

static mimic_status write_table(job *j, size_t index)
{
    const mimic_table *table = j->tables[index];
    const mimic_synth_table *ours = find_table(table->name);
    const char *path = output_path(j, table);
    if (path == NULL)
        return mimic__fail_memory(j->err);
    const mimic_output_options how = {.compression = j->options->compression};
    MIMIC_TRY(mimic__output_open(j->ctx, path, &how, &j->outputs[index], j->err));
    mimic_synth_run *run = j->run;
    run->row_counter = run->group_counter = 0;
    MIMIC_TRY(mimic__csv_writer_open(j->ctx, &run->writer, j->outputs[index], j->err));
    MIMIC_TRY(bind_columns(&run->writer, ours, table, j->err));
    MIMIC_TRY(report_progress(j, index, false));
    if (ours->write_dictionary != NULL)
        ours->write_dictionary(run);
    else
        MIMIC_TRY(write_patients(j, index, ours));
    MIMIC_TRY(mimic__csv_writer_flush(&run->writer));
    MIMIC_TRY(report_progress(j, index, true));
    j->done_bytes += mimic__output_position(j->outputs[index]);
    return mimic__output_close(j->outputs[index], j->err);
}

static bool is_asked_for(const mimic_synth_options *options, const char *name)
{
    if (options->tables == NULL)
        return true;
    for (size_t i = 0; i < options->table_count; i++)
        if (mimic__name_equals(options->tables[i], name))
            return true;
    return false;
}

/* The tables of the dataset that are asked for; each must be one that we can make. */
static mimic_status choose_tables(job *j, const mimic_dataset *dataset)
{
    for (size_t i = 0; j->options->tables != NULL && i < j->options->table_count; i++)
        if (j->options->tables[i] == NULL || find_table(j->options->tables[i]) == NULL)
            return mimic__fail(j->err, MIMIC_ERR_NOT_FOUND, "%s@%s has no table %s", dataset->name,
                               dataset->version,
                               j->options->tables[i] == NULL ? "(null)" : j->options->tables[i]);
    j->tables = mimic__arena_array(&j->arena, dataset->table_count + 1, sizeof *j->tables);
    j->outputs = mimic__arena_array(&j->arena, dataset->table_count + 1, sizeof *j->outputs);
    if (j->tables == NULL || j->outputs == NULL)
        return mimic__fail_memory(j->err);
    for (size_t i = 0; i < dataset->table_count; i++) {
        const mimic_table *table = &dataset->tables[i];
        if (!is_asked_for(j->options, table->name))
            continue;
        if (find_table(table->name) == NULL)
            return mimic__fail(j->err, MIMIC_ERR_NOT_FOUND,
                               "%s@%s has a table %s of which synthetic data knows nothing; name the "
                               "tables that are wanted",
                               dataset->name, dataset->version, table->name);
        j->tables[j->count++] = table;
    }
    return MIMIC_OK;
}

static mimic_status synth_inner(job *j, const mimic_dataset *dataset)
{
    MIMIC_TRY(choose_tables(j, dataset));
    if (!j->options->force)
        MIMIC_TRY(refuse_to_replace(j));
    j->run = mimic__alloc_zeroed(j->ctx, 1, sizeof *j->run);
    if (j->run == NULL)
        return mimic__fail_memory(j->err);
    j->run->ctx = j->run->writer.ctx = j->ctx;
    j->run->err = j->err;
    j->run->seed = j->options->seed;
    j->run->patients = j->options->patients;
    for (size_t i = 0; i < j->count; i++)
        MIMIC_TRY(write_table(j, i));
    for (size_t i = 0; i < j->count; i++)
        MIMIC_TRY(mimic__output_publish(j->outputs[i], j->err));
    return MIMIC_OK;
}

static mimic_status check_options(mimic_synth_options *options, mimic_error *err)
{
    if (options->patients == 0)
        options->patients = 100;
    if (options->patients < 0 || options->patients > MIMIC_SYNTH_MAX_PATIENTS)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "expected 1 to %d patients, found %lld",
                           MIMIC_SYNTH_MAX_PATIENTS, (long long)options->patients);
    if (options->compression == MIMIC_COMPRESSION_AUTO)
        options->compression = MIMIC_COMPRESSION_GZIP;
    if (options->compression != MIMIC_COMPRESSION_NONE &&
        options->compression != MIMIC_COMPRESSION_GZIP &&
        options->compression != MIMIC_COMPRESSION_ZSTD)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "compression %d is none of NONE, GZIP and ZSTD", (int)options->compression);
    return MIMIC_OK;
}

mimic_status mimic_synth(const mimic_context *ctx, const mimic_registry *registry,
                         const char *dataset, const char *out_dir,
                         const mimic_synth_options *options, mimic_error *err)
{
    if (ctx == NULL || registry == NULL || dataset == NULL || out_dir == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_synth needs a context, a registry, a dataset and a folder");
    if (strcmp(dataset, "mimic-iv") != 0 && strcmp(dataset, "mimic-iv@3.1") != 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                           "synthetic data is made of mimic-iv (3.1) only, not of %s", dataset);
    mimic_synth_options chosen = MIMIC_SYNTH_OPTIONS_INIT;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_synth_options", err));
    MIMIC_TRY(check_options(&chosen, err));
    const mimic_dataset *release = NULL;
    MIMIC_TRY(mimic_registry_find_dataset(registry, "mimic-iv@3.1", &release, err));
    job j = {.ctx = ctx, .options = &chosen, .out_dir = out_dir, .err = err};
    mimic__arena_init(&j.arena, ctx);
    const mimic_status status = synth_inner(&j, release);
    for (size_t i = 0; i < j.count; i++)
        mimic__output_free(j.outputs[i]);
    if (j.run != NULL) {
        mimic__csv_writer_free(&j.run->writer);
        mimic__orders_free(ctx, j.run->orders);
    }
    mimic__free(ctx, j.run);
    mimic__arena_free(&j.arena);
    return status;
}
