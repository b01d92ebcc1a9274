// Reports contended locks of Swift's Mutex to ThreadSanitizer.
//
// The uncontended path is inlined into our code, and so instrumented. The contended path is in libswiftSynchronization,
// which is not instrumented: without this file, a thread that had to wait seems to hold no lock. In a build with
// ThreadSanitizer only, these functions replace those of the library, report to ThreadSanitizer, and call the
// originals.
//
// Source: swift's stdlib/public/Synchronization/Mutex/LinuxImpl.swift. A handle holds the lock word alone, so the
// atomic operations of the inlined path are at the handle's address. If a later Swift renames the functions, these are
// not called, and contended locks are reported as races again.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *handle

typedef SWIFT void Lock(uint32_t thread, SELF);
typedef SWIFT void Unlock(SELF);

SWIFT void tsan_mutex_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void tsan_mutex_unlock(SELF) __asm__(UNLOCK);

SWIFT void tsan_mutex_lock(uint32_t thread, SELF) {
  ((Lock *)dlsym(RTLD_NEXT, LOCK))(thread, handle);
  __tsan_acquire(handle);
}

SWIFT void tsan_mutex_unlock(SELF) {
  __tsan_release(handle);
  ((Unlock *)dlsym(RTLD_NEXT, UNLOCK))(handle);
}
