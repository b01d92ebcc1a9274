#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "Protection.h"

enum { hmac_size = 32, poly1305_size = 16 };

struct protection {
  // The hash's states after the inner and the outer padded key: RFC 2104 section 4.
  SHA256_CTX inner, outer;
  // Null for the MAC.
  EVP_CIPHER_CTX *cipher;
};

struct protection *protection_of_mac(const unsigned char *key) {
  struct protection *protection = calloc(1, sizeof *protection);
  if (!protection) return NULL;
  unsigned char block[64] = {0};
  memcpy(block, key, 32);
  for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36;
  SHA256_Init(&protection->inner);
  SHA256_Update(&protection->inner, block, sizeof block);
  for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5C;
  SHA256_Init(&protection->outer);
  SHA256_Update(&protection->outer, block, sizeof block);
  return protection;
}

struct protection *protection_of_cipher(const unsigned char *key, const unsigned char *iv, int is_sealing) {
  struct protection *protection = calloc(1, sizeof *protection);
  if (!protection) return NULL;
  protection->cipher = EVP_CIPHER_CTX_new();
  if (protection->cipher &&
      EVP_CipherInit_ex(protection->cipher, EVP_chacha20_poly1305(), NULL, key, iv, is_sealing) == 1 &&
      EVP_CIPHER_CTX_ctrl(protection->cipher, EVP_CTRL_AEAD_SET_IV_FIXED, 12, (void *)iv) == 1) {
    return protection;
  }
  free(protection);
  return NULL;
}

void protection_free(struct protection *protection) {
  EVP_CIPHER_CTX_free(protection->cipher);
  free(protection);
}

unsigned int protection_tag_size(const struct protection *protection) {
  return protection->cipher ? poly1305_size : hmac_size;
}

// Writes the authenticated bytes other than the payload: sequence number, type, version, length: RFC 5246 section
// 6.2.3.1.
static void set_authenticated(unsigned char *authenticated, const unsigned char *payload, unsigned int length) {
  const unsigned char *header = payload - header_size;
  memcpy(authenticated, header + 3, 8);
  memcpy(authenticated + 8, header, 3);
  authenticated[11] = (unsigned char)(length >> 8);
  authenticated[12] = (unsigned char)length;
}

static void compute_mac(const struct protection *protection, const unsigned char *payload, unsigned int count,
                        unsigned char *mac) {
  unsigned char authenticated[header_size];
  set_authenticated(authenticated, payload, count);
  SHA256_CTX state = protection->inner;
  SHA256_Update(&state, authenticated, sizeof authenticated);
  SHA256_Update(&state, payload, count);
  SHA256_Final(mac, &state);
  state = protection->outer;
  SHA256_Update(&state, mac, hmac_size);
  SHA256_Final(mac, &state);
}

// EVP_EncryptInit(3), the TLS form of the cipher: the tag follows the ciphertext.
static int run_cipher(const struct protection *protection, unsigned char *payload, unsigned int length,
                      unsigned int authenticated_length) {
  unsigned char authenticated[header_size];
  set_authenticated(authenticated, payload, authenticated_length);
  // EVP_CTRL_AEAD_TLS1_AAD would set the same parameter, but then also ask for the size of the tag.
  const OSSL_PARAM parameters[2] = {
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, authenticated, sizeof authenticated),
      OSSL_PARAM_construct_end()};
  if (EVP_CIPHER_CTX_set_params(protection->cipher, parameters) != 1) return -1;
  int result = EVP_Cipher(protection->cipher, payload, payload, length);
#ifdef __x86_64__
  // Some AVX-512 code of libcrypto leaves the upper halves of the registers in use, which slows down later SSE code.
  if (__builtin_cpu_supports("avx")) __asm__ volatile("vzeroupper");
#endif
  return result;
}

int protection_seal(const struct protection *protection, unsigned char *payload, unsigned int count) {
  if (protection->cipher) return run_cipher(protection, payload, count + poly1305_size, count) < 0 ? -1 : 0;
  compute_mac(protection, payload, count, payload + count);
  return 0;
}

int protection_open(const struct protection *protection, unsigned char *payload, unsigned int size) {
  if (protection->cipher) return run_cipher(protection, payload, size, size) < 0 ? -1 : 0;
  if (size < hmac_size) return -1;
  unsigned char mac[hmac_size];
  compute_mac(protection, payload, size - hmac_size, mac);
  return CRYPTO_memcmp(mac, payload + size - hmac_size, hmac_size) == 0 ? 0 : -1;
}
