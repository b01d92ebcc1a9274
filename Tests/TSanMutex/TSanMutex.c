// Shows ThreadSanitizer what Swift's Mutex does when several threads want it.
//
// The uncontended way is inlined into our code, and so instrumented. The contended one is in libswiftSynchronization,
// which is not: without this, the thread that had to wait seems to hold no lock. These functions take the place of that
// library's, in a build with ThreadSanitizer only, tell it what happens, and call the library's.
//
// Source: swift's stdlib/public/Synchronization/Mutex/LinuxImpl.swift: the lock word is all that a handle holds, so its
// address is where the inlined part's atomic operations are seen. If a later Swift names them otherwise, these are not
// called, and contended locks are reported as races again.
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
