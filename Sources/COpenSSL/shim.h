// What mcast-peer uses of OpenSSL's libcrypto: a hash, a cipher and a key derivation, in their fastest form for this
// processor.
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

// The SHA256_ calls are called deprecated since 3.0 in favour of EVP. They are meant here all the same: their state is a
// plain struct, so that the state after a key can be copied, where EVP 3.0 allocates twice for each MAC.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <string.h>

/// Hashes the rest of a text by SHA-256 (FIPS 180-4): `used` bytes that stand in `block`, which has room for two blocks, and
/// then `count` bytes. `before` bytes, whole blocks, are in the state already. SHA256_Update and SHA256_Final would copy each
/// part and wipe their state: a third of the time of a short text.
static inline void copenssl_hash_rest(SHA256_CTX *state, unsigned char *block, size_t used, const unsigned char *bytes,
                                      size_t count, size_t before) {
  uint64_t bits = (uint64_t)(before + used + count) * 8;
  if (used + count >= SHA256_CBLOCK) {
    size_t first = SHA256_CBLOCK - used;
    if (first > 0) memcpy(block + used, bytes, first);
    SHA256_Transform(state, block);
    bytes += first;
    count -= first;
    used = 0;
    size_t whole = count & ~(size_t)(SHA256_CBLOCK - 1);
    // Of whole blocks nothing is copied.
    if (whole > 0) SHA256_Update(state, bytes, whole);
    bytes += whole;
    count -= whole;
  }
  if (count > 0) memcpy(block + used, bytes, count);
  used += count;
  size_t end = used + 9 <= SHA256_CBLOCK ? SHA256_CBLOCK : 2 * SHA256_CBLOCK;
  block[used] = 0x80;
  memset(block + used + 1, 0, end - used - 9);
  for (int index = 0; index < 8; index++) block[end - 1 - index] = (unsigned char)(bits >> (8 * index));
  SHA256_Transform(state, block);
  if (end > SHA256_CBLOCK) SHA256_Transform(state, block + SHA256_CBLOCK);
}

/// Writes the first words of a state as bytes.
static inline void copenssl_write_state(const SHA256_CTX *state, unsigned char *bytes, int words) {
  for (int index = 0; index < words; index++) {
    uint32_t word = htobe32(state->h[index]);
    memcpy(bytes + 4 * index, &word, 4);
  }
}

/// Computes an HMAC-SHA256 (RFC 2104) from the hash's states after the inner and after the outer padded key, over 13
/// authenticated bytes and a payload. `work` is where it computes: the caller wipes it, as it does the states.
static inline void copenssl_hmac(const SHA256_CTX *states, SHA256_CTX *work, const unsigned char *authenticated,
                                 const unsigned char *payload, size_t count, unsigned char *mac) {
  unsigned char block[2 * SHA256_CBLOCK];
  memcpy(work, &states[0], sizeof *work);
  work->num = 0;
  memcpy(block, authenticated, 13);
  copenssl_hash_rest(work, block, 13, payload, count, SHA256_CBLOCK);
  copenssl_write_state(work, block, 8);
  memcpy(work, &states[1], sizeof *work);
  copenssl_hash_rest(work, block, SHA256_DIGEST_LENGTH, NULL, 0, SHA256_CBLOCK);
  copenssl_write_state(work, mac, 8);
}

/// Hashes a prefix of one byte and three parts, of which the first two have less than 64 bytes together, and keeps the first
/// 16 bytes.
static inline void copenssl_hash16(unsigned char prefix, const unsigned char *first, size_t first_size,
                                   const unsigned char *second, size_t second_size, const unsigned char *third,
                                   size_t third_size, unsigned char *hash) {
  SHA256_CTX state;
  unsigned char block[2 * SHA256_CBLOCK];
  SHA256_Init(&state);
  block[0] = prefix;
  memcpy(block + 1, first, first_size);
  memcpy(block + 1 + first_size, second, second_size);
  copenssl_hash_rest(&state, block, 1 + first_size + second_size, third, third_size, 0);
  copenssl_write_state(&state, hash, 4);
}

/// Seals or opens one record in place, by the TLS form of ChaCha20-Poly1305 (EVP_EncryptInit(3)): `count` bytes of payload
/// and tag, and 13 authenticated bytes. Returns a negative number if the tag is wrong or libcrypto fails.
static inline int copenssl_process_record(EVP_CIPHER_CTX *context, unsigned char *authenticated, unsigned char *bytes,
                                          unsigned int count) {
  // EVP_CTRL_AEAD_TLS1_AAD sets the same, and then asks for the size of the tag: a tenth of a record's time.
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, authenticated, 13),
      OSSL_PARAM_construct_end(),
  };
  if (EVP_CIPHER_CTX_set_params(context, parameters) != 1) return -1;
  int result = EVP_Cipher(context, bytes, bytes, count);
#ifdef __x86_64__
  // Some of libcrypto's AVX-512 code leaves the upper halves of the vector registers in use (3.0 does), and until they are
  // cleared all SSE code, libcrypto's own as well as ours, is slowed down: by a third of a microsecond for a record.
  if (__builtin_cpu_supports("avx")) __asm__ volatile("vzeroupper");
#endif
  return result;
}

/// Signs a text with an Ed25519 seed of 32 bytes: 64 bytes (EVP_SIGNATURE-ED25519(7)). Returns 1, or another number if
/// libcrypto fails.
static inline int copenssl_ed25519_sign(const unsigned char *seed, const unsigned char *text, size_t size,
                                        unsigned char *signature) {
  size_t signature_size = 64;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int result = key && context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
               EVP_DigestSign(context, signature, &signature_size, text, size) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return result;
}

/// Returns 1 if an Ed25519 signature is right, else 0.
static inline int copenssl_ed25519_verify(const unsigned char *public_key, const unsigned char *text, size_t size,
                                          const unsigned char *signature) {
  EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int result = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
               EVP_DigestVerify(context, signature, 64, text, size) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return result;
}

/// TLS 1.2's pseudorandom function with SHA-256 (RFC 5246 section 5; EVP_KDF-TLS1_PRF(7)): the label and two seeds follow
/// one another. Returns 1, or another number if libcrypto fails.
static inline int copenssl_tls_prf(const unsigned char *secret, size_t secret_size, const char *label,
                                   const unsigned char *first, const unsigned char *second, size_t seed_size,
                                   unsigned char *output, size_t output_size) {
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
  EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
  // The seeds are joined in the order in which they stand here.
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)secret, secret_size),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)label, strlen(label)),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)first, seed_size),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)second, seed_size),
      OSSL_PARAM_construct_end(),
  };
  int result = context ? EVP_KDF_derive(context, output, output_size, parameters) : 0;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return result;
}

/// Overwrites what calls from the same place have left of a secret on the stack and in registers, though nobody put it
/// there: a key derivation hashes it by way of a copy, memcpy(3) copies by way of vector registers that little else uses,
/// and the dynamic linker saves all registers on the stack, at any time later.
__attribute__((noinline)) static inline void copenssl_wipe_traces(void) {
  char room[16384];
  __builtin_memset(room, 0, sizeof room);
  // Without a use of what is written the compiler would leave it out.
  __asm__ volatile("" : : "r"(room) : "memory");
  // As long as a secret can be: those registers have zeros then.
  __builtin_memcpy(room, room + sizeof room / 2, 1024);
  __asm__ volatile("" : : "r"(room) : "memory");
}

#endif
