/*
 * The frame of a unit test file: a list of tests and one main.
 *
 *     START_TEST(buffer__grows) { ... } END_TEST
 *     MIMIC_TEST_MAIN(buffer, buffer__grows, buffer__latches)
 */
#ifndef MIMIC_TEST_CHECK_MAIN_H
#define MIMIC_TEST_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

#define MIMIC_TEST_MAIN(name, ...)                                                                 \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        Suite *suite = suite_create(#name);                                                        \
        TCase *tcase = tcase_create(#name);                                                        \
        tcase_set_timeout(tcase, 0);                                                               \
        for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)                                \
            tcase_add_test(tcase, tests[i]);                                                       \
        suite_add_tcase(suite, tcase);                                                             \
        SRunner *runner = srunner_create(suite);                                                   \
        srunner_run_all(runner, CK_ENV);                                                           \
        const int failed = srunner_ntests_failed(runner);                                          \
        srunner_free(runner);                                                                      \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                          \
    }

#endif
