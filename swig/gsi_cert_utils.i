%module(package="globus_lowlevel") gsi_cert_utils
%include "lib/globus.swg"
%needs(GLOBUS_GSI_CERT_UTILS_MODULE)
%prelude(globus_common.h)
%adapters("gsi_cert_utils_adapters.h")

%param(globus_gsi_cert_utils_get_base_name, subject, INOUT, BY_ADDRESS)
%param(globus_gsi_cert_utils_get_x509_name, x509_name, OUT, BY_ADDRESS)
/* A certificate of the chain itself. */
%param(globus_gsi_cert_utils_get_eec, eec, BORROWED, NULLABLE)
%param(globus_gsi_cert_utils_get_identity_cert, eec, BORROWED, NULLABLE)

%include "globus_gsi_cert_utils_constants.h"
%include "globus_gsi_cert_utils.h"
