#define _GNU_SOURCE  // memfd_create, RTLD_DEFAULT

#include "CBenchSupport.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

int cbench_shared_memory(size_t size) {
  int descriptor = memfd_create("mcast-bench", MFD_CLOEXEC);
  if (descriptor < 0) return -errno;
  if (ftruncate(descriptor, (off_t)size) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

uint64_t *cbench_map(int descriptor, size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void cbench_make_sleeps_exact(void) {
  prctl(PR_SET_TIMERSLACK, 1UL);
}

uint64_t cbench_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void cbench_sleep_until(uint64_t time) {
  struct timespec until = {.tv_sec = (time_t)(time / 1000000000), .tv_nsec = (long)(time % 1000000000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
  }
}

const char *cbench_openssl_version(void) {
  const char *(*version)(int) = (const char *(*)(int))dlsym(RTLD_DEFAULT, "OpenSSL_version");
  return version ? version(0) : NULL;
}
