/* A program that knows nothing of Python: it is linked with plugin-1.0.so, and calls it from several threads at once. */
#include <pthread.h>
#include <stdio.h>

#include "plugin.h"

enum { THREADS = 4, ROUNDS = 1000 };

static void *count_in_thread(void *result)
{
    letter_counts counts = {{0}, 0};
    for (int i = 0; i < ROUNDS; i++) {
        if (count_letters("Hello, world", &counts) != 0) {
            return NULL;
        }
    }
    *(int *)result = counts.letters['l' - 'a'];
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    int results[THREADS] = {0};
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, count_in_thread, &results[i]) != 0) {
            perror("pthread_create");
            return 1;
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        printf("thread %d: %d times the letter l\n", i, results[i]);
    }
    printf("2 * (3 + 4) = %g\n", evaluate("2 * (3 + 4)"));
    printf("not UTF-8: %d\n", count_letters("\xff", &(letter_counts){{0}, 0}));
    printf("%ld calls\n", calls_so_far());
    return 0;
}
