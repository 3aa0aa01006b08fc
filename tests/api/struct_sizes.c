/*
 * Prints name, size and last offset of every struct that clients fill or read, for comparison with
 * struct_sizes.txt: a size may grow when members are added at the end; nothing else may change
 * within one soname.
 */
#include <mimic/mimic.h>
#include <stddef.h>
#include <stdio.h>

#define PRINT(type, last) printf("%s %zu %s %zu\n", #type, sizeof(type), #last, offsetof(type, last))

int main(void)
{
    PRINT(mimic_error, message);
    PRINT(mimic_allocator, ctx);
    PRINT(mimic_context_options, log_ctx);
    PRINT(mimic_source_options, interrupted_ctx);
    PRINT(mimic_source_callbacks, ctx);
    PRINT(mimic_field_info, on_error);
    PRINT(mimic_foreign_key_info, referenced_fields);
    PRINT(mimic_drift_item, message);
    PRINT(mimic_dictionary, bytes);
    PRINT(mimic_column, dictionary);
    PRINT(mimic_batch, first_row);
    PRINT(mimic_int128, high);
    PRINT(mimic_reject, raw_is_cut);
    PRINT(mimic_csv_filter, value_count);
    PRINT(mimic_text_filter, value_count);
    PRINT(mimic_csv_options, text_filter_count);
    PRINT(mimic_csv_counts, bytes);
    PRINT(mimic_cell, size);
    PRINT(mimic_sink_host, ctx);
    PRINT(mimic_finding, message);
    PRINT(mimic_ledger_entry, is_waiting);
    PRINT(mimic_sink_vtable, lane);
    PRINT(mimic_sink_options, resume_ctx);
    PRINT(mimic_progress, is_done);
    PRINT(mimic_load_options, temporary_dir);
    PRINT(mimic_table_report, is_unchanged);
    PRINT(mimic_note, message);
    PRINT(mimic_synth_options, force);
    PRINT(mimic_scan_options, pg_schema);
    PRINT(mimic_scan_selection, text_filter_count);
    PRINT(mimic_quality_options, no_script);
    PRINT(mimic_quality_check_info, message);
    PRINT(mimic_quality_table_info, message);
    PRINT(mimic_quality_column_info, mean_length);
    PRINT(mimic_quality_read_options, progress_ctx);
    PRINT(mimic_frame_options, expected_rows);
    PRINT(mimic_frame_column, text_offsets);
    PRINT(struct ArrowSchema, private_data);
    PRINT(struct ArrowArray, private_data);
    PRINT(struct ArrowArrayStream, private_data);
    PRINT(mimic_arrow_options, max_raw_bytes);
    PRINT(mimic_trajectory_options, progress_ctx);
    PRINT(mimic_event_table_report, was_sorted);
    PRINT(mimic_trajectory_totals, is_unchanged);
    PRINT(mimic_trajectories_options, max_batch_bytes);
    PRINT(mimic_patient, properties_bytes);
    PRINT(mimic_code, events);
    PRINT(mimic_trajectories_info, files);
    PRINT(mimic_patient_function, ctx);
    PRINT(mimic_patients_options, progress_ctx);
    return 0;
}
