/* Checks of the string formats of Table Schema. */
#ifndef MIMIC_COERCE_FORMAT_H
#define MIMIC_COERCE_FORMAT_H

#include <mimic/coerce.h>

/* RFC 9562 text form: 8-4-4-4-12 hexadecimal digits, any case. */
mimic_reject_code mimic__check_uuid(const char *text, size_t size);
/* Minimal: something before and behind exactly one "@", no blanks or control characters, no point
 * at the domain's ends. It does not prove that the address can exist. */
mimic_reject_code mimic__check_email(const char *text, size_t size);
/* Minimal: a scheme (RFC 3986, 3.1), a colon, something behind it, no blanks, quotes or control
 * characters. */
mimic_reject_code mimic__check_uri(const char *text, size_t size);
/* YYYY-MM. */
mimic_reject_code mimic__check_yearmonth(const char *text, size_t size);

#endif
