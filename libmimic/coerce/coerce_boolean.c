/* Text to boolean: the eight spellings that Table Schema has by default. A field's own trueValues
 * and falseValues are the plan's business (coerce_value.c). */
#include <mimic/coerce.h>

#include <string.h>

#define SPELLING(text)                                                                             \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

static const struct {
    const char *text;
    size_t size;
} spellings[] = {
    SPELLING("0"),     SPELLING("1"),    SPELLING("false"), SPELLING("true"),
    SPELLING("False"), SPELLING("True"), SPELLING("FALSE"), SPELLING("TRUE"),
};

mimic_reject_code mimic_coerce_boolean(const char *text, size_t size, int *out)
{
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
        if (size == spellings[i].size && memcmp(text, spellings[i].text, size) == 0) {
            *out = (int)(i & 1);
            return 0;
        }
    return MIMIC_REJECT_TYPE;
}
