/*
 * Status codes and the error record.
 *
 * Every call that can fail returns a mimic_status and takes a `mimic_error *` last. The record is a
 * plain struct that the caller owns, on the stack as a rule; NULL is allowed where the code alone is
 * enough. There is no global and no thread-local error.
 *
 *     mimic_error err = MIMIC_ERROR_INIT;
 *     if (mimic_source_open(ctx, "labevents.csv.gz", NULL, &source, &err) != MIMIC_OK)
 *         fprintf(stderr, "%s\n", err.message);
 *
 * A faulty row is not an error: it is a reject (see csv.h), and the work goes on.
 *
 * Since: 0.1
 */
#ifndef MIMIC_STATUS_H
#define MIMIC_STATUS_H

#include <stdint.h>
#include <mimic/export.h>

MIMIC_BEGIN_DECLS

/**
 * Outcome of a call: zero is success, positive is not an error, negative is. Numbers are never used
 * again.
 */
typedef int32_t mimic_status;

#define MIMIC_OK 0  /* done */
#define MIMIC_END 1 /* nothing more to read */

/* The call is at fault. */
#define MIMIC_ERR_ARGUMENT (-100)    /* an argument is out of its range */
#define MIMIC_ERR_STATE (-101)       /* the object is not in a state that allows the call */
#define MIMIC_ERR_UNSUPPORTED (-102) /* not built in, or not possible on this target */
#define MIMIC_ERR_CANCELLED (-103)   /* a callback asked to stop */
/* Resources. */
#define MIMIC_ERR_MEMORY (-200) /* an allocation failed */
#define MIMIC_ERR_LIMIT (-201)  /* a limit set in the options was reached */
/* Input and output. */
#define MIMIC_ERR_IO (-300)        /* the operating system refused */
#define MIMIC_ERR_NOT_FOUND (-301) /* no such file, table, dataset or column */
#define MIMIC_ERR_CORRUPT (-302)   /* compressed data is damaged or cut off */
/* CSV as a whole (single rows become rejects instead). */
#define MIMIC_ERR_CSV_HEADER (-400) /* no header, or one that cannot be used */
/* Schemas. */
#define MIMIC_ERR_JSON (-500)   /* not well-formed JSON */
#define MIMIC_ERR_SCHEMA (-501) /* a package or schema breaks the standard */
#define MIMIC_ERR_DRIFT (-502)  /* the file differs from its schema more than the policy allows */
/* Values. */
#define MIMIC_ERR_VALUE (-600)   /* a value does not fit and the policy is to fail */
#define MIMIC_ERR_REJECTS (-601) /* more rows were rejected than the caller allows */
/* Backends. */
#define MIMIC_ERR_BACKEND (-700) /* SQLite, PostgreSQL … refused; see message and sqlstate */
/* A defect of the library itself. */
#define MIMIC_ERR_INTERNAL (-900) /* please report it */

/** Sizes of the texts of mimic_error, each with its NUL; longer ones are cut between characters. */
#define MIMIC_ERROR_MESSAGE_BYTES 512
#define MIMIC_ERROR_SOURCE_BYTES 256
#define MIMIC_ERROR_COLUMN_BYTES 128

/**
 * What went wrong and where; begin with MIMIC_ERROR_INIT. It means something after a call that
 * failed only. Unknown numbers are -1, unknown texts are empty.
 */
typedef struct mimic_error {
    uint32_t struct_size;
    mimic_status code;                       /* the status that the call returned */
    int64_t record;                          /* 1-based, the header not counted */
    int64_t line;                            /* 1-based physical line */
    int64_t byte_offset;                     /* 0-based, in the decompressed stream */
    char sqlstate[8];                        /* of a database, five characters */
    char column[MIMIC_ERROR_COLUMN_BYTES];   /* name of the column concerned */
    char source[MIMIC_ERROR_SOURCE_BYTES];   /* name of the source concerned */
    char message[MIMIC_ERROR_MESSAGE_BYTES]; /* what was expected, what was found, how to mend it */
} mimic_error;

#define MIMIC_ERROR_INIT                                                                           \
    { sizeof(mimic_error), MIMIC_OK, -1, -1, -1, {0}, {0}, {0}, {0} }

/**
 * Name of a status code, such as "MIMIC_ERR_IO".
 *
 * status: any number
 *
 * Returns: a static string, never NULL; "MIMIC_ERR_UNKNOWN" for a number that is not in use.
 * Ownership: borrowed, valid for the life of the process.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     fprintf(stderr, "%s: %s\n", mimic_status_name(status), err.message);
 */
MIMIC_API const char *mimic_status_name(mimic_status status);

MIMIC_END_DECLS

#endif
