/*
 * Columns of a record batch as columns of the library's: checked, and converted where another writer
 * stored the same values in another way.
 */
#ifndef MIMIC_ARROW_IPC_CONVERT_H
#define MIMIC_ARROW_IPC_CONVERT_H

#include "arrow/ipc_record.h"
#include "batch/batch_builder.h"

/* A column that is read. */
typedef struct mimic_ipc_wanted {
    const mimic_ipc_source_field *field;
    size_t index;               /* of the field in the file */
    size_t node;                /* of the record batch at hand */
    mimic_column_builder builder; /* of the type wanted; its texts are the dictionary in any case */
    mimic_buffer codes;         /* int32: code in the file -> number of its text, or -1 for NULL */
    bool has_dictionary;
    size_t first_span;          /* of the record batch at hand */
    size_t span_count;
} mimic_ipc_wanted;

/* Memory that is used again from column to column. */
typedef struct mimic_ipc_scratch {
    mimic_buffer validity;
    mimic_buffer values;
    mimic_buffer bytes;
    mimic_buffer packed;
    mimic_buffer ends; /* views: where each buffer of bytes begins, size_t */
} mimic_ipc_scratch;

/* Can a column of the file be read as this type? Texts as strings or categories; else only as they
 * are. */
bool mimic__ipc_can_read_as(const mimic_ipc_source_field *field, mimic_type type);

/* Fills the builder. `first_row` is the number of the batch's first row, for messages. */
mimic_status mimic__ipc_convert(mimic_ipc_wanted *wanted, mimic_ipc_record *record,
                                mimic_ipc_scratch *scratch, int64_t first_row, mimic_error *err);

/* Takes the texts of a dictionary batch, whose one column is the record's. A delta goes behind what
 * is there. */
mimic_status mimic__ipc_take_dictionary(mimic_ipc_wanted *wanted, mimic_ipc_record *record,
                                        bool is_delta, mimic_ipc_scratch *scratch,
                                        mimic_error *err);

#endif
