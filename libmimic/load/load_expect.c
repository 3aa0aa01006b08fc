/*
 * See load_expect.h. Tables that are loaded at once speak in the order in which they end. Where they
 * disagree it depends on that order which of them fails, never whether one does.
 */
#include "load/load_expect.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "schema/schema_model.h"

static void add_edition(load_expect *expect, const char *name)
{
    for (size_t i = 0; i < expect->edition_count; i++)
        if (strcmp(expect->editions[i], name) == 0)
            return;
    if (expect->edition_count < MIMIC_EXPECT_EDITIONS)
        expect->editions[expect->edition_count++] = name;
}

mimic_status mimic__load_expect_init(load_expect *expect, const mimic_dataset *dataset,
                                     const mimic_load_options *options, mimic_error *err)
{
    *expect = (load_expect){.dataset = dataset};
    for (size_t i = 0; i < dataset->table_count; i++)
        for (size_t k = 0; k < dataset->tables[i].edition_count; k++)
            add_edition(expect, dataset->tables[i].editions[k].name);
    if (expect->edition_count == 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "%s@%s is published without row counts: there is nothing to expect",
                           dataset->name, dataset->version);
    if (options->csv->limit != 0 || options->csv->filter_count != 0 ||
        options->csv->text_filter_count != 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "row counts can be expected only where all rows are wanted, without a "
                           "limit and without a filter");
    atomic_init(&expect->possible, expect->edition_count == MIMIC_EXPECT_EDITIONS
                                       ? UINT64_MAX
                                       : ((uint64_t)1 << expect->edition_count) - 1);
    return MIMIC_OK;
}

static mimic_status fail_count(const load_expect *expect, const mimic_table *table, int64_t rows,
                               bool fits_another, mimic_error *err)
{
    char published[256] = "";
    size_t size = 0;
    for (size_t i = 0; i < expect->edition_count && size < sizeof published - 1; i++) {
        const int64_t wanted = mimic_table_expected_rows(table, expect->editions[i]);
        if (wanted < 0)
            continue;
        const int written =
            snprintf(published + size, sizeof published - size, "%s%lld (%s)",
                     size == 0 ? "" : " or ", (long long)wanted, expect->editions[i]);
        size += written < 0 ? 0 : (size_t)written;
    }
    return mimic__fail(err, MIMIC_ERR_VALUE,
                       "table %s: %lld rows read, where %s@%s is published with %s%s", table->name,
                       (long long)rows, expect->dataset->name, expect->dataset->version, published,
                       fits_another ? "; other tables fit another edition" : "");
}

mimic_status mimic__load_expect_check(load_expect *expect, const mimic_table *table, int64_t rows,
                                      mimic_error *err)
{
    uint64_t fitting = 0;
    if (expect == NULL)
        return MIMIC_OK;
    for (size_t i = 0; i < expect->edition_count; i++) {
        const int64_t wanted = mimic_table_expected_rows(table, expect->editions[i]);
        if (wanted < 0 || wanted == rows)
            fitting |= (uint64_t)1 << i;
    }
    uint_fast64_t possible = atomic_load(&expect->possible);
    do {
        if ((possible & fitting) == 0)
            return fail_count(expect, table, rows, fitting != 0, err);
    } while (!atomic_compare_exchange_weak(&expect->possible, &possible, possible & fitting));
    return MIMIC_OK;
}
