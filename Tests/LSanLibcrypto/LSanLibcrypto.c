// Stops libcrypto from cleaning up before LeakSanitizer's check, in a build with AddressSanitizer only.
//
// libcrypto keeps an error state (904 bytes in 3.0) for each thread that uses it, frees it when the thread ends, and
// cleans up by atexit(3). If a thread ends between that cleanup and LeakSanitizer's check, as an idle Dispatch thread
// may, nothing frees its state. Runs of all tests then reported a leak now and then.
//
// Source: OPENSSL_init_crypto(3), which must be the first call of libcrypto.
#include <openssl/crypto.h>

__attribute__((constructor)) static void keep_libcrypto(void) { OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL); }
