/* Every kernel that runs here against the scalar one and the grammar; see kernel_check.h. */
#include "check_main.h"

#include "base/context_internal.h"
#include "kernel_check.h"

START_TEST(csv_kernels__agree_with_the_grammar)
{
    mimic_context *ctx = NULL;
    const csv_kernel *kernel;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    const int rounds = getenv("MIMIC_TEST_LONG") != NULL ? 3000 : 30;
    for (size_t i = 0; (kernel = mimic_csv__kernel_at(ctx->cpu, i)) != NULL; i++)
        ck_assert_msg(kernel_check_all(kernel, rounds), "kernel %s", kernel->name);
    mimic_context_free(ctx);
}
END_TEST

/* One byte after another, as the header says it. */
static size_t lines_to(const char *bytes, size_t size, size_t *out_first_end)
{
    size_t lines = 0;
    *out_first_end = 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != '\n' && (bytes[i] != '\r' || bytes[i + 1] == '\n'))
            continue;
        if (lines++ == 0)
            *out_first_end = i + 1;
    }
    return lines;
}

START_TEST(csv_kernels__line_ends)
{
    char bytes[701];
    for (int round = 0; round < 50000; round++) {
        const size_t size = kernel_random(sizeof bytes);
        const size_t choices = kernel_random(600) + 1;
        for (size_t i = 0; i <= size; i++) {
            const size_t choice = kernel_random(choices);
            bytes[i] = choice == 0 ? '\n' : choice == 1 ? '\r' : 'a';
        }
        size_t end;
        ck_assert_uint_eq(mimic_csv__count_lines(bytes, size), lines_to(bytes, size, &end));
        ck_assert_uint_eq(mimic_csv__line_end(bytes, size), end);
    }
}
END_TEST

START_TEST(csv_kernels__the_mask_chooses)
{
    ck_assert_str_eq(mimic_csv__kernel_select(0)->name, "scalar");
    ck_assert_str_eq(mimic_csv__kernel_select(MIMIC_CPU_NONE)->name, "scalar");
#if defined(__x86_64__)
    ck_assert_str_eq(mimic_csv__kernel_select(MIMIC_CPU_AVX2)->name, "avx2");
    ck_assert_str_eq(mimic_csv__kernel_select(MIMIC_CPU_AVX2 | MIMIC_CPU_AVX512)->name, "avx512");
#elif defined(__aarch64__)
    ck_assert_str_eq(mimic_csv__kernel_select(MIMIC_CPU_NEON)->name, "neon");
#endif
}
END_TEST

MIMIC_TEST_MAIN(csv_kernels, csv_kernels__agree_with_the_grammar, csv_kernels__line_ends,
                csv_kernels__the_mask_chooses)
