/* The parts of a data dictionary that do not depend on its markup. All texts are plain and must be
 * escaped by the writer. */
#ifndef MIMIC_SCHEMA_DICTIONARY_H
#define MIMIC_SCHEMA_DICTIONARY_H

#include "schema/schema_model.h"

typedef struct mimic_dictionary {
    const mimic_dataset *dataset;
    mimic_buffer *out;
    mimic_buffer *text; /* scratch for plain texts, see mimic__dictionary_begin */
} mimic_dictionary;

/* Empties the scratch; what is appended to it then is taken with mimic__dictionary_end as a
 * NUL-terminated text, "" when memory ran out. */
mimic_buffer *mimic__dictionary_begin(const mimic_dictionary *self);
const char *mimic__dictionary_end(const mimic_dictionary *self);

/* "decimal(10,2)" */
void mimic__dictionary_type(mimic_buffer *text, const mimic_field *field);
/* "at most 40 characters; one of: F, M" */
void mimic__dictionary_rules(mimic_buffer *text, const mimic_field *field);
/* "158,374,764" */
void mimic__dictionary_count(mimic_buffer *text, int64_t count);
/* "hosp, 22 tables" is made of these: tables of a module, in the order of the package. Modules are
 * those of the dataset, and after them, as number module_count, the tables without one. */
bool mimic__dictionary_is_in_module(const mimic_dataset *dataset, const mimic_table *table,
                                    size_t module);
bool mimic__dictionary_has_tables(const mimic_dataset *dataset, size_t module);
/* True when a foreign key of the table begins at this field; then *out_key is the first. */
bool mimic__dictionary_refers(const mimic_table *table, const mimic_field *field,
                              const mimic_foreign_key **out_key);
bool mimic__dictionary_is_in_primary_key(const mimic_table *table, size_t field);
bool mimic__dictionary_is_unique(const mimic_table *table, size_t field);
size_t mimic__dictionary_field_total(const mimic_dataset *dataset);
/* True for names that are safe in a link as they are: letters, digits, '_' and '-'. */
bool mimic__dictionary_is_plain(const char *name);

void mimic__dictionary_markdown(const mimic_dictionary *self);
void mimic__dictionary_html(const mimic_dictionary *self);

#endif
