%module(package="globus_lowlevel") gsi_openssl_module
%include "lib/globus.swg"
%needs(GLOBUS_OPENSSL_MODULE)
%prelude(globus_common.h)

/* No functions: its descriptor is what other modules activate, so that OpenSSL knows the objects of proxy certificates. */
%include "globus_openssl.h"
