/*
 * The dictionary as one HTML page, complete in itself: no script, no font, no request to anywhere.
 * Every text of the schema is escaped; only http and https addresses become links.
 */
#include "schema/schema_dictionary.h"

/* ---- escaping ---- */

static void put(const mimic_dictionary *self, const char *markup)
{
    mimic__buffer_text(self->out, markup);
}

static void put_text(const mimic_dictionary *self, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            put(self, "&amp;");
            break;
        case '<':
            put(self, "&lt;");
            break;
        case '>':
            put(self, "&gt;");
            break;
        case '"':
            put(self, "&quot;");
            break;
        case '\'':
            put(self, "&#39;");
            break;
        default:
            mimic__buffer_byte(self->out, (unsigned char)*text < 0x20 ? ' ' : *text);
        }
    }
}

static void put_code(const mimic_dictionary *self, const char *text)
{
    put(self, "<code>");
    put_text(self, text);
    put(self, "</code>");
}

static void put_paragraph(const mimic_dictionary *self, const char *text)
{
    if (text[0] == '\0')
        return;
    put(self, "<p>");
    put_text(self, text);
    put(self, "</p>\n");
}

/* The anchor of a table: by its name, or by its number when the name is not plain. */
static void put_anchor(const mimic_dictionary *self, const mimic_table *table)
{
    if (mimic__dictionary_is_plain(table->name)) {
        put(self, "t-");
        mimic__name_fold(self->out, table->name);
    } else {
        mimic__buffer_format(self->out, "n-%zu", (size_t)(table - self->dataset->tables));
    }
}

static void put_link(const mimic_dictionary *self, const char *name)
{
    const mimic_table *table = mimic_dataset_find_table(self->dataset, name);
    if (table == NULL) {
        put_text(self, name);
        return;
    }
    put(self, "<a href=\"#");
    put_anchor(self, table);
    put(self, "\">");
    put_text(self, name);
    put(self, "</a>");
}

/* ---- page ---- */

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--back:#fff;"
    "--side:#f6f8fa;--link:#0a58ca;--key:#8250df;--row:#f6f8fa}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#30363d;"
    "--back:#0d1117;--side:#151b23;--link:#58a6ff;--key:#d2a8ff;--row:#131920}}"
    "*{box-sizing:border-box}"
    "html{scroll-behavior:smooth}"
    "body{margin:0;background:var(--back);color:var(--ink);font:16px/1.55 system-ui,sans-serif;"
    "display:grid;grid-template-columns:17rem minmax(0,1fr)}"
    "a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}"
    "code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.875em}"
    "nav{position:sticky;top:0;height:100vh;overflow-y:auto;background:var(--side);"
    "border-right:1px solid var(--line);padding:1.5rem 1.25rem;font-size:.9rem}"
    "nav h2{font-size:.75rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);"
    "margin:1.25rem 0 .25rem}nav h2:first-child{margin-top:0}"
    "nav ul{list-style:none;margin:0;padding:0}nav li{padding:.1rem 0;overflow-wrap:anywhere}"
    "main{padding:2rem 2.5rem 5rem;max-width:76rem}"
    "h1{font-size:2rem;line-height:1.2;margin:0 0 .75rem}"
    "h2.part{font-size:1.4rem;margin:3rem 0 .25rem;padding-top:1rem;"
    "border-top:2px solid var(--line)}"
    "section{margin-top:2.25rem;scroll-margin-top:1rem}"
    "section h3{font-size:1.2rem;margin:0}"
    "section h3 small{font-weight:400;color:var(--soft);font-size:.95rem;margin-left:.5rem}"
    "p{margin:.35rem 0;max-width:60rem}.soft{color:var(--soft)}"
    ".wide{overflow-x:auto;margin:.75rem 0}"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}"
    "th{text-align:left;font-weight:600;color:var(--soft);font-size:.8rem}"
    "th,td{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);"
    "vertical-align:top}"
    "tbody tr:hover{background:var(--row)}"
    "td:first-child,td code,.keys{white-space:nowrap}"
    "td .rule{display:block;color:var(--soft);font-size:.85em}"
    ".pk{color:var(--key);font-weight:600}"
    "@media(max-width:60rem){body{display:block}nav{position:static;height:auto;border-right:0;"
    "border-bottom:1px solid var(--line)}nav ul{columns:14rem}main{padding:1.5rem 1.25rem 4rem}}"
    "@media print{body{display:block}nav{display:none}section{break-inside:avoid-page}}";

static const char *page_title(const mimic_dataset *dataset)
{
    return dataset->title[0] != '\0'  ? dataset->title
           : dataset->name[0] != '\0' ? dataset->name
                                      : "Data dictionary";
}

static void put_head(const mimic_dictionary *self)
{
    put(self, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    put_text(self, page_title(self->dataset));
    put(self, " \xe2\x80\x93 data dictionary</title>\n<style>");
    put(self, style);
    put(self, "</style>\n</head>\n<body>\n");
}

/* ---- contents ---- */

static const char *module_label(const mimic_dataset *dataset, size_t module)
{
    if (module < dataset->module_count)
        return dataset->modules[module].name;
    return dataset->module_count == 0 ? "Tables" : "Other tables";
}

static void put_contents(const mimic_dictionary *self)
{
    const mimic_dataset *dataset = self->dataset;
    put(self, "<nav aria-label=\"Tables\">\n");
    for (size_t module = 0; module <= dataset->module_count; module++) {
        if (!mimic__dictionary_has_tables(dataset, module))
            continue;
        put(self, "<h2>");
        put_text(self, module_label(dataset, module));
        put(self, "</h2>\n<ul>\n");
        for (size_t i = 0; i < dataset->table_count; i++) {
            if (!mimic__dictionary_is_in_module(dataset, &dataset->tables[i], module))
                continue;
            put(self, "<li>");
            put_link(self, dataset->tables[i].name);
            put(self, "</li>\n");
        }
        put(self, "</ul>\n");
    }
    put(self, "<h2>All</h2>\n<ul>\n<li><a href=\"#relations\">Relations</a></li>\n</ul>\n</nav>\n");
}

static bool is_web_address(const char *text)
{
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

static void put_intro(const mimic_dictionary *self)
{
    const mimic_dataset *dataset = self->dataset;
    put(self, "<h1>");
    put_text(self, page_title(dataset));
    put(self, "</h1>\n");
    put_paragraph(self, dataset->description);
    mimic__buffer_format(self->out, "<p class=\"soft\">%zu tables, %zu columns",
                         dataset->table_count, mimic__dictionary_field_total(dataset));
    if (is_web_address(dataset->homepage)) {
        put(self, ". Source: <a href=\"");
        put_text(self, dataset->homepage);
        put(self, "\">");
        put_text(self, dataset->homepage);
        put(self, "</a>");
    }
    put(self, "</p>\n");
}

/* ---- tables ---- */

static void put_rows_fact(const mimic_dictionary *self, const mimic_table *table)
{
    for (size_t i = 0; i < table->edition_count; i++) {
        put(self, i == 0 ? " \xc2\xb7 " : ", ");
        mimic__dictionary_count(mimic__dictionary_begin(self), table->editions[i].rows);
        put_text(self, mimic__dictionary_end(self));
        put(self, " rows (");
        put_text(self, table->editions[i].name);
        put(self, ")");
    }
}

static void put_referring(const mimic_dictionary *self, const mimic_table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < self->dataset->table_count; i++) {
        const mimic_table *other = &self->dataset->tables[i];
        for (size_t j = 0; j < other->foreign_key_count; j++) {
            if (other == table ||
                !mimic__name_equals(other->foreign_keys[j].referenced_table, table->name))
                continue;
            put(self, count++ == 0 ? "<p class=\"soft\">Referred to by " : ", ");
            put_link(self, other->name);
            break;
        }
    }
    if (count > 0)
        put(self, "</p>\n");
}

static void put_keys(const mimic_dictionary *self, const mimic_table *table, size_t field)
{
    const mimic_foreign_key *key;
    const bool is_primary = mimic__dictionary_is_in_primary_key(table, field);
    const bool is_unique = !is_primary && mimic__dictionary_is_unique(table, field);
    if (is_primary)
        put(self, "<span class=\"pk\" title=\"primary key\">PK</span>");
    if (is_unique)
        put(self, "unique");
    if (mimic__dictionary_refers(table, &table->fields[field], &key)) {
        put(self, is_primary || is_unique ? " \xe2\x86\x92\xc2\xa0" : "\xe2\x86\x92\xc2\xa0");
        put_link(self, key->referenced_table);
    }
}

static void put_field(const mimic_dictionary *self, const mimic_table *table, size_t index)
{
    const mimic_field *field = &table->fields[index];
    put(self, "<tr><td>");
    put_code(self, field->name);
    put(self, "</td><td><code>");
    mimic__dictionary_type(mimic__dictionary_begin(self), field);
    put_text(self, mimic__dictionary_end(self));
    put(self, field->is_required ? "</code></td><td>required"
                                 : "</code></td><td class=\"soft\">nullable");
    put(self, "</td><td class=\"keys\">");
    put_keys(self, table, index);
    put(self, "</td><td>");
    put_text(self, field->description);
    mimic__dictionary_rules(mimic__dictionary_begin(self), field);
    const char *rules = mimic__dictionary_end(self);
    if (rules[0] != '\0') {
        put(self, "<span class=\"rule\">");
        put_text(self, rules);
        put(self, "</span>");
    }
    put(self, "</td></tr>\n");
}

static void put_table(const mimic_dictionary *self, const mimic_table *table)
{
    put(self, "<section id=\"");
    put_anchor(self, table);
    put(self, "\">\n<h3>");
    put_text(self, table->name);
    if (table->title[0] != '\0') {
        put(self, " <small>");
        put_text(self, table->title);
        put(self, "</small>");
    }
    put(self, "</h3>\n");
    put_paragraph(self, table->description);
    put(self, "<p class=\"soft\">");
    put_code(self, table->path);
    put_rows_fact(self, table);
    put(self, "</p>\n");
    put_referring(self, table);
    put(self, "<div class=\"wide\"><table>\n<thead><tr><th>Column</th><th>Type</th><th>Null</th>"
              "<th>Keys</th><th>Description</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < table->field_count; i++)
        put_field(self, table, i);
    put(self, "</tbody>\n</table></div>\n</section>\n");
}

static void put_module(const mimic_dictionary *self, size_t module)
{
    const mimic_dataset *dataset = self->dataset;
    if (!mimic__dictionary_has_tables(dataset, module))
        return;
    put(self, "<h2 class=\"part\">");
    put_text(self, module_label(dataset, module));
    put(self, "</h2>\n");
    if (module < dataset->module_count) {
        put(self, "<p class=\"soft\">");
        put_text(self, dataset->modules[module].description);
        put(self, "</p>\n");
    }
    for (size_t i = 0; i < dataset->table_count; i++)
        if (mimic__dictionary_is_in_module(dataset, &dataset->tables[i], module))
            put_table(self, &dataset->tables[i]);
}

/* ---- relations ---- */

static void put_names(const mimic_dictionary *self, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            put(self, ", ");
        put_code(self, names[i]);
    }
}

static void put_relation(const mimic_dictionary *self, const mimic_table *table,
                         const mimic_foreign_key *key)
{
    put(self, "<tr><td>");
    put_link(self, table->name);
    put(self, "</td><td>");
    put_names(self, key->fields, key->count);
    put(self, "</td><td>");
    put_link(self, key->referenced_table);
    put(self, "</td><td>");
    put_names(self, key->referenced_fields, key->count);
    put(self, "</td></tr>\n");
}

static void put_relations(const mimic_dictionary *self)
{
    const mimic_dataset *dataset = self->dataset;
    size_t count = 0;
    put(self, "<h2 class=\"part\" id=\"relations\">Relations</h2>\n");
    for (size_t i = 0; i < dataset->table_count; i++)
        for (size_t j = 0; j < dataset->tables[i].foreign_key_count; j++) {
            if (count++ == 0)
                put(self, "<div class=\"wide\"><table>\n<thead><tr><th>Table</th><th>Columns</th>"
                          "<th>Refers to</th><th>Columns</th></tr></thead>\n<tbody>\n");
            put_relation(self, &dataset->tables[i], &dataset->tables[i].foreign_keys[j]);
        }
    put(self, count > 0 ? "</tbody>\n</table></div>\n"
                        : "<p class=\"soft\">The schema names none.</p>\n");
}

void mimic__dictionary_html(const mimic_dictionary *self)
{
    put_head(self);
    put_contents(self);
    put(self, "<main>\n");
    put_intro(self);
    for (size_t module = 0; module <= self->dataset->module_count; module++)
        put_module(self, module);
    put_relations(self);
    put(self, "</main>\n</body>\n</html>\n");
}
