// Ed25519 signatures (RFC 8032) by wolfCrypt, which is twice as fast at them as libcrypto.
#ifndef CWOLFSSL_ED25519_H
#define CWOLFSSL_ED25519_H

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/sha256.h>

// Weak, so that a program starts with a library that was built without them, and says so.
__attribute__((weak)) int wc_ed25519_init(ed25519_key *);
__attribute__((weak)) void wc_ed25519_free(ed25519_key *);
__attribute__((weak)) int wc_ed25519_import_private_only(const unsigned char *, word32, ed25519_key *);
__attribute__((weak)) int wc_ed25519_import_private_key_ex(const unsigned char *, word32, const unsigned char *, word32,
                                                           ed25519_key *, int);
__attribute__((weak)) int wc_ed25519_import_public_ex(const unsigned char *, word32, ed25519_key *, int);
__attribute__((weak)) int wc_ed25519_make_public(ed25519_key *, unsigned char *, word32);
__attribute__((weak)) int wc_ed25519_sign_msg(const unsigned char *, word32, unsigned char *, word32 *, ed25519_key *);
__attribute__((weak)) int wc_ed25519_verify_msg(const unsigned char *, word32, const unsigned char *, word32, int *,
                                                ed25519_key *);

/// True if the loaded library has Ed25519.
static inline int cwolfssl_has_ed25519(void) {
  return wc_ed25519_init && wc_ed25519_free && wc_ed25519_import_private_only && wc_ed25519_import_private_key_ex &&
         wc_ed25519_import_public_ex && wc_ed25519_make_public && wc_ed25519_sign_msg && wc_ed25519_verify_msg;
}

/// Derives the public key of a seed, 32 bytes each. Returns 0, or wolfCrypt's error.
static inline int cwolfssl_ed25519_public(const unsigned char *seed, unsigned char *public_key) {
  ed25519_key key;
  int result = wc_ed25519_init(&key);
  if (result != 0) return result;
  result = wc_ed25519_import_private_only(seed, ED25519_KEY_SIZE, &key);
  if (result == 0) result = wc_ed25519_make_public(&key, public_key, ED25519_PUB_KEY_SIZE);
  // Also wipes the key.
  wc_ed25519_free(&key);
  return result;
}

/// Signs a text with a seed and its public key: 64 bytes. Returns 0, or wolfCrypt's error. Allocates nothing.
static inline int cwolfssl_ed25519_sign(const unsigned char *seed, const unsigned char *public_key,
                                        const unsigned char *text, size_t size, unsigned char *signature) {
  ed25519_key key;
  word32 signature_size = ED25519_SIG_SIZE;
  int result = wc_ed25519_init(&key);
  if (result != 0) return result;
  // Trusted: the public key was derived from the seed. A check would cost as much as the signature.
  result = wc_ed25519_import_private_key_ex(seed, ED25519_KEY_SIZE, public_key, ED25519_PUB_KEY_SIZE, &key, 1);
  if (result == 0) result = wc_ed25519_sign_msg(text, (word32)size, signature, &signature_size, &key);
  wc_ed25519_free(&key);
  return result;
}

/// Returns 1 if a signature is right, 0 if it is not, and -1 if the public key is no point of the curve. Allocates nothing.
static inline int cwolfssl_ed25519_verify(const unsigned char *public_key, const unsigned char *text, size_t size,
                                          const unsigned char *signature) {
  // A roster with public keys can be read also where no signature can be verified.
  if (!cwolfssl_has_ed25519()) return 0;
  ed25519_key key;
  int is_right = 0;
  int result = wc_ed25519_init(&key);
  if (result != 0) return 0;
  // Trusted: the caller has checked it when it read it.
  result = wc_ed25519_import_public_ex(public_key, ED25519_PUB_KEY_SIZE, &key, 1);
  if (result == 0)
    result = wc_ed25519_verify_msg(signature, ED25519_SIG_SIZE, text, (word32)size, &is_right, &key);
  wc_ed25519_free(&key);
  if (result == BAD_FUNC_ARG) return -1;
  return result == 0 && is_right == 1;
}

#endif
