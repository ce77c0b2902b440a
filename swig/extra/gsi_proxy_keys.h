/* Private keys for globus_gsi_proxy_handle_set_private_key(): OpenSSL's macros as functions of the same names. */
#ifndef GSI_PROXY_KEYS_H
#define GSI_PROXY_KEYS_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#undef EVP_EC_gen
#undef EVP_RSA_gen

/** A new private key on a named curve, such as "P-256"; NULL if OpenSSL does not know the curve. */
static inline EVP_PKEY *EVP_EC_gen(const char *curve)
{
    ERR_set_mark();
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
    ERR_pop_to_mark();
    return key;
}

/** A new RSA key of that many bits; NULL if OpenSSL makes none of that size. */
static inline EVP_PKEY *EVP_RSA_gen(unsigned int bits)
{
    if (bits > OPENSSL_RSA_MAX_MODULUS_BITS) return NULL;     /* OpenSSL would take days to make what it then does not use */
    ERR_set_mark();
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    ERR_pop_to_mark();
    return key;
}

#endif
