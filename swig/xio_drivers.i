%module(package="globus_lowlevel") xio_drivers
%include "lib/globus.swg"
%needs(GLOBUS_XIO_MODULE)
%prelude(globus_common.h, globus_xio.h, gssapi.h, globus_ftp_client.h)
%adapters("xio_drivers_adapters.h")
%custom(globus_hashtable_t, http_headers)
%commands("xio_commands.h")
%param(handle__file__GLOBUS_XIO_FILE_SEEK, in_out_offset, INOUT)
%param(*, protocols, STRINGS)
%param(attr__popen__GLOBUS_XIO_POPEN_SET_PROGRAM, value, STRINGS, REQUIRED)
%param(attr__popen__GLOBUS_XIO_POPEN_SET_CHILD_ENV, value, STRINGS, REQUIRED)
%param(attr__gridftp_multicast__GLOBUS_XIO_GRIDFTP_MULTICAST_ATTR_URLS, value, STRINGS, REQUIRED)
%param(*, timeout, REQUIRED)
%param(attr__xio__GLOBUS_XIO_ATTR_SET_CREDENTIAL, credential, HOLDS, NULLABLE)
%param(attr__xio__GLOBUS_XIO_ATTR_SET_CREDENTIAL, subject, NULLABLE)
%param(attr__xio__GLOBUS_XIO_ATTR_SET_CREDENTIAL, username, NULLABLE)
%param(attr__xio__GLOBUS_XIO_ATTR_SET_CREDENTIAL, password, NULLABLE)

%include "globus_xio_tcp_driver.h"
%include "globus_xio_udp_driver.h"
%include "globus_xio_file_driver.h"
%include "globus_xio_http.h"
%include "globus_xio_mode_e_driver.h"
%include "globus_xio_ordering_driver.h"
%include "globus_xio_queue.h"
%include "globus_xio_telnet.h"
%include "globus_xio_gsi.h"
%include "globus_xio_gridftp_driver.h"
%include "globus_xio_gridftp_multicast_driver.h"
%include "globus_xio_popen_driver.h"
%include "globus_xio_pipe_driver.h"
%include "globus_xio_rate_driver.h"
%include "globus_xio_udt_ref.h"
%include "globus_xio_net_manager_driver.h"
%include "globus_xio_gssapi_ftp.h"
