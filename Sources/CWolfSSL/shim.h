// What mcast-peer uses of wolfSSL. options.h comes first: it says how the installed library was built, and every
// other header (and the layout of every struct) depends on it.
#ifndef CWOLFSSL_SHIM_H
#define CWOLFSSL_SHIM_H

#include <wolfssl/options.h>

#if !defined(WOLFSSL_DTLS) || !defined(WOLFSSL_MULTICAST)
#error "This wolfSSL was built without DTLS multicast. Install Debian's or Ubuntu's libwolfssl-dev, or build wolfSSL with: ./configure --enable-dtls --enable-mcast --enable-psk --enable-nullcipher"
#endif

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

// wolfSSL's versions differ in what is an enum and what a macro that Swift cannot see; here they are all one type.
static const int cwolfssl_success = WOLFSSL_SUCCESS;
static const int cwolfssl_want_read = WOLFSSL_ERROR_WANT_READ;
static const int cwolfssl_io_want_read = WOLFSSL_CBIO_ERR_WANT_READ;
static const int cwolfssl_sha256 = WC_SHA256;
static const int cwolfssl_no_device = INVALID_DEVID;

// The headers at build time say nothing of the library at run time. Weak, these are null in a library without
// multicast instead of ending the process at the first call.
__attribute__((weak)) int wolfSSL_CTX_mcast_set_member_id(WOLFSSL_CTX *, unsigned short);
__attribute__((weak)) int wolfSSL_mcast_peer_add(WOLFSSL *, unsigned short, int);
__attribute__((weak)) int wolfSSL_mcast_read(WOLFSSL *, unsigned short *, void *, int);
__attribute__((weak)) int wolfSSL_set_secret(WOLFSSL *, unsigned short, const unsigned char *, unsigned int,
                                             const unsigned char *, const unsigned char *, const unsigned char *);

/// Whether the library that was loaded has the multicast calls.
static inline int cwolfssl_has_multicast(void) {
  return wolfSSL_CTX_mcast_set_member_id && wolfSSL_mcast_peer_add && wolfSSL_mcast_read && wolfSSL_set_secret;
}

/// Overwrites what calls from the same place have left of a secret on the stack and in registers, though nobody put it
/// there: wolfCrypt hashes a long key by way of a copy, memcpy(3) copies by way of vector registers that little else
/// uses, and the dynamic linker saves all registers on the stack, at any time later.
__attribute__((noinline)) static inline void cwolfssl_wipe_traces(void) {
  char room[16384];
  __builtin_memset(room, 0, sizeof room);
  // Without a use of what is written the compiler would leave it out.
  __asm__ volatile("" : : "r"(room) : "memory");
  // As long as a secret can be: those registers have zeros then.
  __builtin_memcpy(room, room + sizeof room / 2, 1024);
  __asm__ volatile("" : : "r"(room) : "memory");
}

#endif
