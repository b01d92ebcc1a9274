#include "CBenchSupport.h"

#include <errno.h>
#include <stdlib.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/memory.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)
#define COUNTS 1
#endif

static int is_counting;
static uint64_t all;
static uint64_t wolfssl;

static inline void count(uint64_t *number) {
  // A measurement of time must not pay for counting.
  if (__builtin_expect(__atomic_load_n(&is_counting, __ATOMIC_RELAXED), 0)) {
    __atomic_fetch_add(number, 1, __ATOMIC_RELAXED);
  }
}

#ifdef COUNTS
// The executable's definitions go before glibc's own, which it also has under these names. What they return is glibc's,
// so free(3) stays as it is.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  count(&all);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(&all);
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count(&all);
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count(&all);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(&all);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  count(&all);
  void *aligned = __libc_memalign(alignment, size);
  if (!aligned) return ENOMEM;
  *memory = aligned;
  return 0;
}
#endif

static void *allocate(size_t size) {
  count(&wolfssl);
  return malloc(size);
}

static void *reallocate(void *memory, size_t size) {
  count(&wolfssl);
  return realloc(memory, size);
}

int cbench_can_count_allocations(void) {
#ifdef COUNTS
  return 1;
#else
  return 0;
#endif
}

void cbench_count_allocations(void) {
  wolfSSL_SetAllocators(allocate, free, reallocate);
  __atomic_store_n(&is_counting, 1, __ATOMIC_RELAXED);
}

struct cbench_allocations cbench_allocations(void) {
  return (struct cbench_allocations){
    .all = __atomic_load_n(&all, __ATOMIC_RELAXED),
    .wolfssl = __atomic_load_n(&wolfssl, __ATOMIC_RELAXED),
  };
}
