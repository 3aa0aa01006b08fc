"""Constants, structs and callbacks of the public headers, in their order: those of jobs, from sink.h
on. Those of data: _structs.py.
"""

from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, c_char, c_char_p, c_double, c_int, c_int16, c_int32, c_int64,
                    c_size_t, c_uint16, c_uint32, c_uint64, c_void_p)

from ._structs import (ERROR_P, _Struct, mimic_batch, mimic_csv_filter, mimic_csv_options,
                       mimic_interrupted_fn, mimic_reject, mimic_text_filter)

# ---- sink.h ----

SINK_COMPRESSION_DEFAULT = 0
SINK_COMPRESSION_NONE = 1
SINK_COMPRESSION_GZIP = 2
SINK_COMPRESSION_ZSTD = 3


class mimic_sink_host(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reject_row", CFUNCTYPE(c_int, c_void_p, c_int64, c_int32, c_char_p, c_char_p)),
        ("ctx", c_void_p),
    ]


class mimic_finding(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("is_problem", c_int32),
        ("check", c_char_p),
        ("table", c_char_p),
        ("count", c_int64),
        ("message", c_char_p),
    ]


mimic_finding_fn = CFUNCTYPE(None, POINTER(mimic_finding), c_void_p)


class mimic_ledger_entry(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("table", c_char_p),
        ("module", c_char_p),
        ("dataset", c_char_p),
        ("source", c_char_p),
        ("source_bytes", c_int64),
        ("source_modified", c_int64),
        ("source_hash", c_char_p),
        ("schema_hash", c_char_p),
        ("options_hash", c_char_p),
        ("library_version", c_char_p),
        ("read", c_int64),
        ("written", c_int64),
        ("rejected", c_int64),
        ("duplicates", c_int64),
        ("filtered", c_int64),
        ("nulled", c_int64),
        ("started", c_char_p),
        ("finished", c_char_p),
        ("is_waiting", c_int32),
    ]


class mimic_ledger_state(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("is_unfinished", c_int32),
        ("writer", c_char * 200),
    ]


mimic_ledger_fn = CFUNCTYPE(c_int, POINTER(mimic_ledger_entry), c_void_p)


class mimic_sink_vtable(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("name", c_char_p),
        ("begin", CFUNCTYPE(c_int32, c_void_p, c_void_p, POINTER(mimic_sink_host), ERROR_P)),
        ("encode", CFUNCTYPE(c_int32, c_void_p, POINTER(mimic_batch), POINTER(c_void_p),
          ERROR_P)),
        ("free_chunk", CFUNCTYPE(None, c_void_p, c_void_p)),
        ("write", CFUNCTYPE(c_int32, c_void_p, POINTER(mimic_batch), c_void_p, ERROR_P)),
        ("reject", CFUNCTYPE(c_int32, c_void_p, c_void_p, POINTER(mimic_reject), ERROR_P)),
        ("commit", CFUNCTYPE(c_int32, c_void_p, ERROR_P)),
        ("abort", CFUNCTYPE(None, c_void_p)),
        ("finish", CFUNCTYPE(c_int32, c_void_p, mimic_finding_fn, c_void_p, ERROR_P)),
        ("free", CFUNCTYPE(None, c_void_p)),
        ("ledger", CFUNCTYPE(c_int32, c_void_p, POINTER(mimic_ledger_entry), ERROR_P)),
        ("read_ledger", CFUNCTYPE(c_int32, c_void_p, mimic_ledger_fn, c_void_p, ERROR_P)),
        ("lane", CFUNCTYPE(c_int32, c_void_p, POINTER(c_void_p), ERROR_P)),
    ]


class mimic_sink_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("compression", c_int32),
        ("compression_level", c_int32),
        ("integer_times", c_int32),
        ("no_indexes", c_int32),
        ("no_sync", c_int32),
        ("interrupted", mimic_interrupted_fn),
        ("interrupted_ctx", c_void_p),
        ("no_direct_pages", c_int32),
        ("no_dictionaries", c_int32),
        ("verify", c_int32),
        ("pg_schema", c_char_p),
        ("resume", CFUNCTYPE(c_int, POINTER(mimic_ledger_entry), c_void_p)),
        ("resume_ctx", c_void_p),
    ]


# ---- scan.h ----


class mimic_scan_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("dataset", c_char_p),
        ("max_batch_bytes", c_uint64),
        ("jobs", c_int32),
        ("interrupted", mimic_interrupted_fn),
        ("interrupted_ctx", c_void_p),
        ("pg_schema", c_char_p),
    ]


class mimic_scan_selection(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("columns", POINTER(c_char_p)),
        ("column_count", c_size_t),
        ("filters", POINTER(mimic_csv_filter)),
        ("filter_count", c_size_t),
        ("limit", c_int64),
        ("text_filters", POINTER(mimic_text_filter)),
        ("text_filter_count", c_size_t),
    ]


# ---- quality.h ----

QUALITY_PLAIN = 1
QUALITY_JSON = 2
QUALITY_HTML = 3
CONFORMANCE_VALUE = 1
CONFORMANCE_RELATIONAL = 2
CONFORMANCE_COMPUTATIONAL = 3
COMPLETENESS = 4
PLAUSIBILITY_UNIQUENESS = 5
PLAUSIBILITY_ATEMPORAL = 6
PLAUSIBILITY_TEMPORAL = 7
QUALITY_PASSED = 1
QUALITY_FAILED = 2
QUALITY_INFORMATION = 3
QUALITY_QUANTILES = 7


class mimic_quality_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("no_values", c_int32),
        ("min_count", c_int64),
        ("no_script", c_int32),
    ]


class mimic_quality_check_info(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("category", c_int32),
        ("verdict", c_int32),
        ("rule", c_char_p),
        ("table", c_char_p),
        ("column", c_char_p),
        ("observed", c_int64),
        ("expected", c_int64),
        ("of", c_int64),
        ("message", c_char_p),
    ]


class mimic_quality_table_info(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("table", c_char_p),
        ("module", c_char_p),
        ("column_count", c_size_t),
        ("rows", c_int64),
        ("read", c_int64),
        ("written", c_int64),
        ("rejected", c_int64),
        ("duplicates", c_int64),
        ("filtered", c_int64),
        ("nulled", c_int64),
        ("expected_rows", c_int64),
        ("message", c_char_p),
    ]


class mimic_quality_column_info(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("type", c_int32),
        ("column", c_char_p),
        ("rows", c_int64),
        ("nulls", c_int64),
        ("distinct", c_int64),
        ("is_distinct_exact", c_int32),
        ("has_moments", c_int32),
        ("mean", c_double),
        ("deviation", c_double),
        ("minimum", c_char_p),
        ("maximum", c_char_p),
        ("quantiles", c_char_p * QUALITY_QUANTILES),
        ("are_quantiles_exact", c_int32),
        ("quantile_error", c_double),
        ("zeros", c_int64),
        ("negatives", c_int64),
        ("not_finite", c_int64),
        ("shortest", c_int64),
        ("longest", c_int64),
        ("mean_length", c_double),
    ]


mimic_quality_progress_fn = CFUNCTYPE(c_int, c_char_p, c_int64, c_void_p)


class mimic_quality_read_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("dataset", c_char_p),
        ("tables", POINTER(c_char_p)),
        ("table_count", c_size_t),
        ("jobs", c_int32),
        ("progress", mimic_quality_progress_fn),
        ("progress_ctx", c_void_p),
    ]


# ---- load.h ----

KEYS_DEFAULT = 0
KEYS_OFF = 1
KEYS_REPORT = 2
KEYS_ENFORCE = 3
DUPLICATES_DEFAULT = 0
DUPLICATES_KEEP = 1
DUPLICATES_REJECT = 2
DUPLICATES_LATEST = 3
NOTE_IGNORED = 1
NOTE_ABSENT = 2
NOTE_DRIFT = 3
NOTE_FINDING = 4
NOTE_REJECTS = 5
NOTE_COUNT = 6
NOTE_KEY = 7
NOTE_LEDGER = 8


class mimic_progress(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("table", c_char_p),
        ("table_index", c_size_t),
        ("table_count", c_size_t),
        ("bytes", c_int64),
        ("total_bytes", c_int64),
        ("rows", c_int64),
        ("all_bytes", c_int64),
        ("all_total_bytes", c_int64),
        ("is_done", c_int32),
    ]


mimic_progress_fn = CFUNCTYPE(c_int, POINTER(mimic_progress), c_void_p)


class mimic_load_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("dataset", c_char_p),
        ("tables", POINTER(c_char_p)),
        ("table_count", c_size_t),
        ("strict_drift", c_int32),
        ("on_error", c_int32),
        ("max_rejects", c_int64),
        ("max_reject_percent", c_double),
        ("csv", POINTER(mimic_csv_options)),
        ("sink", POINTER(mimic_sink_options)),
        ("progress", mimic_progress_fn),
        ("progress_ctx", c_void_p),
        ("jobs", c_int32),
        ("force", c_int32),
        ("checksum", c_int32),
        ("keys", c_int32),
        ("duplicates", c_int32),
        ("order_by", POINTER(c_char_p)),
        ("order_by_count", c_size_t),
        ("expect", c_int32),
        ("profile", c_int32),
        ("max_bytes", c_uint64),
        ("temporary_dir", c_char_p),
    ]


class mimic_table_report(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("table", c_char_p),
        ("source", c_char_p),
        ("hash", c_char_p),
        ("read", c_int64),
        ("written", c_int64),
        ("rejected", c_int64),
        ("filtered", c_int64),
        ("nulled", c_int64),
        ("nulls", c_int64),
        ("bytes", c_int64),
        ("stored_bytes", c_int64),
        ("expected_rows", c_int64),
        ("seconds", c_double),
        ("status", c_int32),
        ("message", c_char_p),
        ("duplicates", c_int64),
        ("is_unchanged", c_int32),
    ]


class mimic_note(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("is_problem", c_int32),
        ("table", c_char_p),
        ("column", c_char_p),
        ("code", c_char_p),
        ("count", c_int64),
        ("message", c_char_p),
    ]


# ---- events.h ----

GROUP_SUBJECT = 1
GROUP_ADMISSION = 2
GROUP_STAY = 3
LAYOUT_SHARDS = 1
LAYOUT_FILES = 2
EVENT_FORMAT_ARROW = 1
EVENT_FORMAT_NDJSON = 2
POLICY_KEEP = 1
POLICY_MARK = 2
POLICY_REJECT = 3


class mimic_trajectory_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("dataset", c_char_p),
        ("tables", POINTER(c_char_p)),
        ("table_count", c_size_t),
        ("codes", POINTER(c_char_p)),
        ("code_count", c_size_t),
        ("maps", POINTER(c_char_p)),
        ("map_count", c_size_t),
        ("version", c_char_p),
        ("jobs", c_int32),
        ("memory", c_uint64),
        ("group", c_int32),
        ("layout", c_int32),
        ("format", c_int32),
        ("shard", c_int32),
        ("shard_count", c_int32),
        ("subjects_per_file", c_int32),
        ("train", c_int32),
        ("tuning", c_int32),
        ("bad_times", c_int32),
        ("reversed", c_int32),
        ("outside", c_int32),
        ("unknown_subjects", c_int32),
        ("missing_ids", c_int32),
        ("force", c_int32),
        ("always_sort", c_int32),
        ("temporary_dir", c_char_p),
        ("csv", POINTER(mimic_csv_options)),
        ("progress", mimic_progress_fn),
        ("progress_ctx", c_void_p),
    ]


class mimic_event_table_report(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("table", c_char_p),
        ("source", c_char_p),
        ("hash", c_char_p),
        ("read", c_int64),
        ("with_events", c_int64),
        ("without_events", c_int64),
        ("rejected", c_int64),
        ("events", c_int64),
        ("outside_group", c_int64),
        ("marked", c_int64 * 16),
        ("was_sorted", c_int32),
    ]


class mimic_trajectory_totals(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("subjects", c_int64),
        ("events", c_int64),
        ("codes", c_int64),
        ("files", c_int64),
        ("bytes", c_int64),
        ("spilled_bytes", c_int64),
        ("is_complete", c_int32),
        ("is_unchanged", c_int32),
    ]


class mimic_trajectories_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("group", c_int32),
        ("split", c_char_p),
        ("values_only", c_int32),
        ("jobs", c_int32),
        ("max_batch_bytes", c_uint64),
    ]


class mimic_patient(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("subject_id", c_int64),
        ("group_id", c_int64),
        ("split", c_char_p),
        ("count", c_int64),
        ("static_count", c_int64),
        ("time", POINTER(c_int64)),
        ("available", POINTER(c_int64)),
        ("code", POINTER(c_uint32)),
        ("value", POINTER(c_double)),
        ("hadm_id", POINTER(c_int64)),
        ("stay_id", POINTER(c_int64)),
        ("text_offsets", POINTER(c_int64)),
        ("text_bytes", c_void_p),
        ("unit", POINTER(c_uint32)),
        ("table", POINTER(c_uint16)),
        ("source_row", POINTER(c_int64)),
        ("link_id", POINTER(c_int64)),
        ("order_rank", POINTER(c_int16)),
        ("marks", POINTER(c_int32)),
        ("properties_offsets", POINTER(c_int64)),
        ("properties_bytes", c_void_p),
    ]


class mimic_code(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("code", c_char_p),
        ("description", c_char_p),
        ("parent_count", c_size_t),
        ("parents", POINTER(c_char_p)),
        ("events", c_int64),
    ]


class mimic_trajectories_info(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("dataset", c_char_p),
        ("version", c_char_p),
        ("meds_version", c_char_p),
        ("subjects", c_int64),
        ("files", c_int64),
    ]


# ---- clinical.h ----


class mimic_patient_function(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("table", c_void_p),
        ("prepare", CFUNCTYPE(c_int32, c_void_p, c_void_p, ERROR_P)),
        ("run", CFUNCTYPE(c_int32, c_void_p, POINTER(mimic_patient), c_void_p, ERROR_P)),
        ("ctx", c_void_p),
    ]


class mimic_patients_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("group", c_int32),
        ("split", c_char_p),
        ("values_only", c_int32),
        ("jobs", c_int32),
        ("max_batch_bytes", c_uint64),
        ("sink", POINTER(mimic_sink_options)),
        ("progress", mimic_progress_fn),
        ("progress_ctx", c_void_p),
    ]


# ---- synth.h ----


class mimic_synth_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("compression", c_int32),
        ("patients", c_int64),
        ("seed", c_uint64),
        ("tables", POINTER(c_char_p)),
        ("table_count", c_size_t),
        ("progress", mimic_progress_fn),
        ("progress_ctx", c_void_p),
        ("force", c_int32),
    ]
