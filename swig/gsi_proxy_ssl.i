%module(package="globus_lowlevel") gsi_proxy_ssl
%include "lib/globus.swg"
%prelude(globus_common.h, openssl/asn1.h, openssl/asn1t.h, openssl/x509v3.h)
%adapters("gsi_proxy_ssl_adapters.h")

%begin %{
/* All of this library is deprecated in the toolkit's own words, and a part of its API still. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
%}

%handle(PROXYCERTINFO, PROXYCERTINFO_free(address))
%handle(PROXYPOLICY, PROXYPOLICY_free(address))
%handle(X509V3_EXT_METHOD, nothing)
%handle(ASN1_ITEM, nothing)
%opaque(PROXYCERTINFO, PROXYPOLICY, X509V3_EXT_METHOD, ASN1_ITEM)
%custom(stack_st_CONF_VALUE *, conf_values)

%returns(PROXY*_new, OWNED)
%returns(PROXY*_dup, OWNED, CHECKED)
%returns(PROXYCERTINFO_get_policy, OWNED)
%returns(d2i_PROXY*, OWNED, CHECKED)
%returns(i2d_PROXY*, STATUS)
%returns(PROXY*_set_*, STATUS)
%returns(PROXY*_print*, STATUS)
%failure(gl_proxy_ssl_failure)
%param(d2i_PROXY*, in, BYTES)
%param(i2d_PROXY*, out, BYTES_OUT)
%param(PROXY*_print, bp, OUT, BY_ADDRESS)
%param(PROXYCERTINFO_set_policy, policy, NULLABLE)
%param(PROXYPOLICY_set_policy, policy, BYTES, NULLABLE)
%param(PROXYPOLICY_get_policy, policy_data, BYTES_OUT, NULLABLE)
%param(i2v_PROXY*, method, NULLABLE)
%param(i2v_PROXY*, extlist, IN)

%include "proxycertinfo.h"
%include "proxypolicy.h"
