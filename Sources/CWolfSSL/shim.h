// What mcast-peer uses of wolfSSL. options.h comes first: it says how the installed library was built, and every
// other header (and the layout of every struct) depends on it.
#ifndef CWOLFSSL_SHIM_H
#define CWOLFSSL_SHIM_H

#include <wolfssl/options.h>

#if !defined(WOLFSSL_DTLS) || !defined(WOLFSSL_MULTICAST)
#error "This wolfSSL was built without DTLS multicast. Install Debian's or Ubuntu's libwolfssl-dev, or build wolfSSL with: ./configure --enable-dtls --enable-mcast --enable-psk --enable-nullcipher"
#endif

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "ed25519.h"

// wolfSSL's versions differ in what is an enum and what a macro that Swift cannot see; here they are all one type.
static const int cwolfssl_success = WOLFSSL_SUCCESS;
static const int cwolfssl_want_read = WOLFSSL_ERROR_WANT_READ;
static const int cwolfssl_io_want_read = WOLFSSL_CBIO_ERR_WANT_READ;
static const int cwolfssl_encrypt_error = ENCRYPT_ERROR;
static const int cwolfssl_verify_mac_error = VERIFY_MAC_ERROR;

// The headers at build time say nothing of the library at run time. Weak, these are null in a library without
// multicast instead of ending the process at the first call.
__attribute__((weak)) int wolfSSL_CTX_mcast_set_member_id(WOLFSSL_CTX *, unsigned short);
__attribute__((weak)) int wolfSSL_mcast_get_max_peers(void);
__attribute__((weak)) int wolfSSL_mcast_peer_add(WOLFSSL *, unsigned short, int);
__attribute__((weak)) int wolfSSL_mcast_read(WOLFSSL *, unsigned short *, void *, int);
__attribute__((weak)) int wolfSSL_set_secret(WOLFSSL *, unsigned short, const unsigned char *, unsigned int,
                                             const unsigned char *, const unsigned char *, const unsigned char *);

/// True if the loaded library has the multicast calls.
static inline int cwolfssl_has_multicast(void) {
  return wolfSSL_CTX_mcast_set_member_id && wolfSSL_mcast_get_max_peers && wolfSSL_mcast_peer_add &&
         wolfSSL_mcast_read && wolfSSL_set_secret;
}

// The same of the user atomic record layer, wolfSSL's hook for another library's cryptography (--enable-atomicuser).
__attribute__((weak)) void wolfSSL_CTX_SetMacEncryptCb(WOLFSSL_CTX *, CallbackMacEncrypt);
__attribute__((weak)) void wolfSSL_SetMacEncryptCtx(WOLFSSL *, void *);
__attribute__((weak)) void wolfSSL_CTX_SetDecryptVerifyCb(WOLFSSL_CTX *, CallbackDecryptVerify);
__attribute__((weak)) void wolfSSL_SetDecryptVerifyCtx(WOLFSSL *, void *);

/// Returns 1 if the library that was loaded has the hook, else 0.
static inline int cwolfssl_has_record_hook(void) {
  return wolfSSL_CTX_SetMacEncryptCb && wolfSSL_SetMacEncryptCtx && wolfSSL_CTX_SetDecryptVerifyCb &&
         wolfSSL_SetDecryptVerifyCtx;
}

#endif
