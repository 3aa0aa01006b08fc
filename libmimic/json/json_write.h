/*
 * JSON that is being written into a buffer: members of an object, one after the other. What stands
 * around them the caller writes himself, and lines where he wants them: a member is put behind a
 * comma unless it is the first behind an opening bracket or a caller's white space.
 */
#ifndef MIMIC_JSON_JSON_WRITE_H
#define MIMIC_JSON_JSON_WRITE_H

#include "base/buffer.h"

/* The comma alone, for items of arrays. */
void mimic__json_put_comma(mimic_buffer *json);
/* The name and its colon; the value is to follow. */
void mimic__json_put_name(mimic_buffer *json, const char *name);
void mimic__json_put_text(mimic_buffer *json, const char *name, const char *text);
void mimic__json_put_number(mimic_buffer *json, const char *name, int64_t number);
void mimic__json_put_truth(mimic_buffer *json, const char *name, bool truth);
void mimic__json_put_texts(mimic_buffer *json, const char *name, const char *const *texts,
                           size_t count);
void mimic__json_put_numbers(mimic_buffer *json, const char *name, const int64_t *numbers,
                             size_t count);

#endif
