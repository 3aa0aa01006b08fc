/* Filling mimic_error records, and the one control-flow macro of the library. */
#ifndef MIMIC_BASE_ERROR_H
#define MIMIC_BASE_ERROR_H

#include <mimic/status.h>

/* Returns early with a status that is not MIMIC_OK. Only while the function owns nothing. */
#define MIMIC_TRY(expression)                                                                      \
    do {                                                                                           \
        const mimic_status mimic_try_status = (expression);                                        \
        if (mimic_try_status != MIMIC_OK)                                                          \
            return mimic_try_status;                                                               \
    } while (0)

/* Each sets code and message, clears the places, and returns the code. err may be NULL. */
mimic_status mimic__fail(mimic_error *err, mimic_status code, const char *format, ...)
    MIMIC_PRINTF(3, 4);
mimic_status mimic__fail_memory(mimic_error *err);
/* Appends ": " and the text of an errno value. */
mimic_status mimic__fail_errno(mimic_error *err, mimic_status code, int error_number,
                               const char *format, ...) MIMIC_PRINTF(4, 5);

/* Says once more what was said before; the code of `failure`. */
mimic_status mimic__fail_again(mimic_error *err, const mimic_error *failure);

/* Adds a place to a record that is filled already. Texts may be NULL, numbers -1. */
void mimic__error_place(mimic_error *err, const char *source, int64_t record, int64_t line,
                        int64_t byte_offset, const char *column);

#endif
