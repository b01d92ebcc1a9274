// The C part of the benchmark: shared memory, atomics in it, and a count of allocations.
#ifndef CBENCHSUPPORT_H
#define CBENCHSUPPORT_H

#include <stddef.h>
#include <stdint.h>

/// Creates memory that can be shared with child processes: memfd_create(2), closed on exec. Returns its descriptor, or
/// a negative errno.
int cbench_shared_memory(size_t size);

/// Maps such memory: mmap(2). Returns null when the system refuses.
uint64_t *_Nullable cbench_map(int descriptor, size_t size);

/// Reads a number that another process writes.
static inline uint64_t cbench_load(const uint64_t *_Nonnull number) {
  return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}

/// Writes a number that another process reads; one thread at a time may write it.
static inline void cbench_store(uint64_t *_Nonnull number, uint64_t value) {
  __atomic_store_n(number, value, __ATOMIC_RELEASE);
}

/// Makes the calling thread's sleeps as exact as the kernel can: prctl(2), PR_SET_TIMERSLACK of 1 ns.
void cbench_make_sleeps_exact(void);

/// Nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
uint64_t cbench_now(void);

/// Sleeps until such a time: clock_nanosleep(2), TIMER_ABSTIME.
void cbench_sleep_until(uint64_t time);

/// Numbers of allocations: all of the C library, and those of wolfSSL.
struct cbench_allocations {
  uint64_t all;
  uint64_t wolfssl;
};

/// Returns 1 if this process can count, which needs glibc and no sanitizer.
int cbench_can_count_allocations(void);

/// Begins to count, in all threads. Call it before wolfSSL is used for the first time.
void cbench_count_allocations(void);

/// The numbers since counting began.
struct cbench_allocations cbench_allocations(void);

/// A child process and the pipes to its standard input and from its standard output.
struct cbench_child {
  int process;
  int input;
  int output;
};

/// Starts this program again, with one argument, and with `shared` as its descriptor 3: posix_spawn(3). Returns 0, or a
/// negative errno.
int cbench_spawn(const char *_Nonnull argument, int shared, struct cbench_child *_Nonnull child);

/// The version of the libcrypto that this process has loaded; null if it has none.
const char *_Nullable cbench_openssl_version(void);

#endif
