// Engines are deprecated since 3.0, and still the only way to a PKCS#11 token in Debian 12.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// What OpenSSL has only as macros, or as inline functions over types that Swift can't name.

/// Adds an extension from its text in the form of x509v3_config(5), which must be a constant: it is a language.
static inline int xtblish_add_certificate_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
  if (extension == NULL) return 0;
  int result = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return result;
}

static inline int xtblish_add_crl_extension(X509_CRL *crl, X509 *issuer, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, NULL, NULL, crl, 0);
  X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
  if (extension == NULL) return 0;
  int result = X509_CRL_add_ext(crl, extension, -1);
  X509_EXTENSION_free(extension);
  return result;
}

static inline GENERAL_NAMES *xtblish_names_new(void) { return sk_GENERAL_NAME_new_null(); }

/// Appends a name of type GEN_DNS, GEN_URI or GEN_IPADD with exactly these bytes.
static inline int xtblish_names_add(GENERAL_NAMES *names, int type, const unsigned char *bytes, int length) {
  GENERAL_NAME *name = GENERAL_NAME_new();
  ASN1_STRING *text = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
  if (name == NULL || text == NULL || !ASN1_STRING_set(text, bytes, length)) {
    GENERAL_NAME_free(name);
    ASN1_STRING_free(text);
    return 0;
  }
  GENERAL_NAME_set0_value(name, type, text);
  if (sk_GENERAL_NAME_push(names, name) <= 0) {
    GENERAL_NAME_free(name);
    return 0;
  }
  return 1;
}

/// Says that a list is about those certificates alone that have one of these names as a distribution point. The names
/// stay the caller's.
static inline int xtblish_add_issuing_distribution_point(X509_CRL *crl, GENERAL_NAMES *names) {
  ISSUING_DIST_POINT *point = ISSUING_DIST_POINT_new();
  DIST_POINT_NAME *name = DIST_POINT_NAME_new();
  int result = 0;
  if (point != NULL && name != NULL) {
    name->type = 0;  // fullName, of a CHOICE with two forms
    name->name.fullname = names;
    point->distpoint = name;
    result = X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, point, 1, 0);
    point->distpoint = NULL;
    name->name.fullname = NULL;
  }
  DIST_POINT_NAME_free(name);
  ISSUING_DIST_POINT_free(point);
  return result;
}

/// Gives a certificate the one distribution point that has these names, which stay the caller's.
static inline int xtblish_add_distribution_point(X509 *certificate, GENERAL_NAMES *names) {
  CRL_DIST_POINTS *points = sk_DIST_POINT_new_null();
  DIST_POINT *point = DIST_POINT_new();
  DIST_POINT_NAME *name = DIST_POINT_NAME_new();
  int result = 0;
  if (points != NULL && point != NULL && name != NULL && sk_DIST_POINT_push(points, point) > 0) {
    name->type = 0;  // fullName, of a CHOICE with two forms
    name->name.fullname = names;
    point->distpoint = name;
    result = X509_add1_ext_i2d(certificate, NID_crl_distribution_points, points, 0, 0);
    point->distpoint = NULL;
    name->name.fullname = NULL;
  }
  sk_DIST_POINT_free(points);
  DIST_POINT_NAME_free(name);
  DIST_POINT_free(point);
  return result;
}

static inline int xtblish_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/// The bytes of a name of type GEN_DNS, GEN_URI or GEN_IPADD; NULL for any other type.
static inline const unsigned char *xtblish_names_get(const GENERAL_NAMES *names, int index, int *type, int *length) {
  const ASN1_STRING *text = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), type);
  if (*type != GEN_DNS && *type != GEN_URI && *type != GEN_IPADD) return NULL;
  *length = ASN1_STRING_length(text);
  return ASN1_STRING_get0_data(text);
}

static inline STACK_OF(X509) *xtblish_certificates_new(void) { return sk_X509_new_null(); }

/// Takes a reference of its own.
static inline int xtblish_certificates_add(STACK_OF(X509) *stack, X509 *certificate) {
  return X509_add_cert(stack, certificate, X509_ADD_FLAG_UP_REF);
}

static inline void xtblish_certificates_free(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }

static inline int xtblish_revoked_count(X509_CRL *crl) { return sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)); }

static inline const ASN1_INTEGER *xtblish_revoked_serial(X509_CRL *crl, int index) {
  return X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), index));
}
