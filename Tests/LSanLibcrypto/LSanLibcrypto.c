// Keeps libcrypto whole until LeakSanitizer has looked, in a build with AddressSanitizer only.
//
// libcrypto keeps an error state (904 bytes in 3.0) for each thread that uses it, frees it when the thread ends, and takes
// itself down by atexit(3). A thread that ends between that and LeakSanitizer's look, as an idle one of Dispatch's does, has
// nobody who frees its state, and a run of all tests then reported a leak now and then.
//
// Source: OPENSSL_init_crypto(3), which must be the first call of libcrypto.
#include <openssl/crypto.h>

__attribute__((constructor)) static void keep_libcrypto(void) { OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL); }
