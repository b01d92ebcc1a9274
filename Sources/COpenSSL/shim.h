// What mcast-peer uses of OpenSSL's libcrypto: one hash and one cipher, in their fastest form for this processor.
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

// The SHA256_ calls are called deprecated since 3.0 in favour of EVP. They are meant here all the same: their state is a
// plain struct, so that the state after a key can be copied, where EVP 3.0 allocates twice for each MAC.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

/// EVP_Cipher(3), and then clears the upper halves of the vector registers. Some of libcrypto's AVX-512 code leaves them
/// in use (3.0 does), and until they are cleared all SSE code, libcrypto's own as well as ours, is slowed down: by a
/// third of a microsecond for a record.
static inline int copenssl_cipher(EVP_CIPHER_CTX *context, unsigned char *output, const unsigned char *input,
                                  unsigned int count) {
  int result = EVP_Cipher(context, output, input, count);
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx")) __asm__ volatile("vzeroupper");
#endif
  return result;
}

#endif
