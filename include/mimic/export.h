/* Symbol visibility and compiler attributes. Nothing here is of interest to callers. */
#ifndef MIMIC_EXPORT_H
#define MIMIC_EXPORT_H

#if defined(__GNUC__) || defined(__clang__)
#define MIMIC_API __attribute__((visibility("default")))
#define MIMIC_NODISCARD __attribute__((warn_unused_result))
#define MIMIC_PRINTF(format_index, first_argument)                                                 \
    __attribute__((format(printf, format_index, first_argument)))
#else
#define MIMIC_API
#define MIMIC_NODISCARD
#define MIMIC_PRINTF(format_index, first_argument)
#endif

#ifdef __cplusplus
#define MIMIC_BEGIN_DECLS extern "C" {
#define MIMIC_END_DECLS }
#else
#define MIMIC_BEGIN_DECLS
#define MIMIC_END_DECLS
#endif

#endif
