/*
 * An interface engine: laboratory results come one by one, each is checked before it goes on, and the
 * sender of a faulty one is told what is wrong with it. Here the messages stand in a list; fields are
 * picked by their place in it, and the checker is told their names.
 *
 *     08_validate_records
 */
#include <mimic/mimic.h>
#include <stdio.h>

#define FIELDS 7

/* As a parser of HL7 messages would leave them: pointers and sizes into the message. */
static const mimic_cell MESSAGES[][FIELDS] = {
    {MIMIC_CELL("1"), MIMIC_CELL("10000032"), MIMIC_CELL("45421181"), MIMIC_CELL("50912"),
     MIMIC_CELL("2180-05-06 22:25:00"), MIMIC_CELL("1.4"), MIMIC_CELL("mg/dL")},
    {MIMIC_CELL("2"), MIMIC_CELL("10000032"), MIMIC_CELL("45421181"), MIMIC_CELL("50813"),
     MIMIC_CELL("2180-05-06 24:25:00"), MIMIC_CELL("4.2"), MIMIC_CELL("mmol/L")},
    {MIMIC_CELL("3"), MIMIC_CELL_NULL, MIMIC_CELL("9175236"), MIMIC_CELL("50912"),
     MIMIC_CELL("2180-06-26 18:27:00"), MIMIC_CELL("0.9"), MIMIC_CELL("mg/dL")},
    {MIMIC_CELL("4"), MIMIC_CELL("10000048"), MIMIC_CELL("9175237"), MIMIC_CELL("50971"),
     MIMIC_CELL("2180-06-26 18:27:00"), MIMIC_CELL("4,2"), MIMIC_CELL("mEq/L")},
    {MIMIC_CELL("5"), MIMIC_CELL("10000048"), MIMIC_CELL("9175238"), MIMIC_CELL("51003"),
     MIMIC_CELL("2180-06-26 18:27:00"), MIMIC_CELL_NULL, MIMIC_CELL_NULL},
};

static mimic_status check_all(mimic_record_checker *checker, const mimic_table *table,
                              mimic_error *err)
{
    const int64_t valuenum = mimic_table_find_field(table, "valuenum");
    for (size_t i = 0; i < sizeof MESSAGES / sizeof MESSAGES[0]; i++) {
        mimic_reject reject = MIMIC_REJECT_INIT;
        const mimic_status status =
            mimic_record_check(checker, MESSAGES[i], FIELDS, &reject, err);
        if (status == MIMIC_ERR_VALUE) {
            printf("message %lld refused: %s: %s\n", (long long)reject.record, reject.column,
                   reject.message);
            continue;
        }
        if (status != MIMIC_OK)
            return status;
        /* One typed row, with all columns of the table: what mimic_sink_write takes, too. */
        const mimic_column *value = &mimic_record_batch(checker)->columns[valuenum];
        if (mimic_column_is_valid(value, 0))
            printf("message %zu accepted: %.2f\n", i + 1, ((const double *)value->values)[0]);
        else
            printf("message %zu accepted, without a number\n", i + 1);
    }
    return MIMIC_OK;
}

int main(void)
{
    static const char *const fields[FIELDS] = {"labevent_id", "subject_id", "specimen_id", "itemid",
                                               "charttime",   "valuenum",   "valueuom"};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_table *table = NULL;
    mimic_record_checker *checker = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    options.columns = fields;
    options.column_count = FIELDS;

    mimic_status status = mimic_context_new(NULL, &ctx, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, &err);
    if (status == MIMIC_OK) /* one a thread */
        status = mimic_record_checker_new(ctx, table, &options, &checker, &err);
    if (status == MIMIC_OK)
        status = check_all(checker, table, &err);
    if (status != MIMIC_OK)
        fprintf(stderr, "%s\n", err.message);
    mimic_record_checker_free(checker);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return status == MIMIC_OK ? 0 : 1;
}
