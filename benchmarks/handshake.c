/* The peer of test_bench_security.py: what a C program does with a security context.
 *
 *   handshake PROXY HOST handshakes SECONDS           ->  handshakes a second, both ends in this process
 *   handshake PROXY HOST wrap SIZE COUNT              ->  seconds for COUNT messages of SIZE bytes
 *   handshake PROXY HOST unwrap SIZE COUNT
 */
#include <globus_common.h>
#include <gssapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void check(OM_uint32 major, const char *what)
{
    if (!GSS_ERROR(major)) return;
    fprintf(stderr, "%s failed: %08x\n", what, major);
    exit(1);
}

static gss_cred_id_t load(const char *path)
{
    OM_uint32 minor;
    gss_cred_id_t credential;
    char line[4096];
    gss_buffer_desc token = {(size_t)snprintf(line, sizeof line, "X509_USER_PROXY=%s", path), line};
    check(gss_import_cred(&minor, &credential, GSS_C_NO_OID, 1, &token, 0, NULL), "gss_import_cred");
    return credential;
}

static void establish(gss_cred_id_t proxy, gss_cred_id_t host, gss_ctx_id_t *initiator, gss_ctx_id_t *acceptor)
{
    OM_uint32 minor, major, other = GSS_S_CONTINUE_NEEDED;
    gss_buffer_desc in = {0, NULL}, out = {0, NULL};
    *initiator = *acceptor = GSS_C_NO_CONTEXT;
    do
    {
        OM_uint32 flags = GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
        major = gss_init_sec_context(&minor, proxy, initiator, GSS_C_NO_NAME, GSS_C_NO_OID, flags, 0, NULL, &in, NULL, &out, NULL,
                                     NULL);
        check(major, "gss_init_sec_context");
        gss_release_buffer(&minor, &in);
        if (out.length && other != GSS_S_COMPLETE)
        {
            gss_name_t name = GSS_C_NO_NAME;
            OM_uint32 obtained = 0;
            other = gss_accept_sec_context(&minor, acceptor, host, &out, NULL, &name, NULL, &in, &obtained, NULL, NULL);
            check(other, "gss_accept_sec_context");
            if (name) gss_release_name(&minor, &name);
            gss_release_buffer(&minor, &out);
        }
    } while (major != GSS_S_COMPLETE || other != GSS_S_COMPLETE);
}

static double handshakes(gss_cred_id_t proxy, gss_cred_id_t host, double seconds)
{
    int count = 0;
    double start = now();
    for (; now() - start < seconds; ++count)
    {
        OM_uint32 minor;
        gss_ctx_id_t initiator, acceptor;
        establish(proxy, host, &initiator, &acceptor);
        gss_delete_sec_context(&minor, &initiator, GSS_C_NO_BUFFER);
        gss_delete_sec_context(&minor, &acceptor, GSS_C_NO_BUFFER);
    }
    return count / (now() - start);
}

/* The messages are wrapped in any case; what is timed is one of the two. */
static double messages(gss_ctx_id_t initiator, gss_ctx_id_t acceptor, size_t size, int count, int timed_unwrap)
{
    double total = 0;
    char *bytes = calloc(1, size);
    for (int i = 0; i < count; ++i)
    {
        OM_uint32 minor;
        int state;
        gss_buffer_desc in = {size, bytes}, token = {0, NULL}, out = {0, NULL};
        double start = now();
        check(gss_wrap(&minor, initiator, 1, GSS_C_QOP_DEFAULT, &in, &state, &token), "gss_wrap");
        double middle = now();
        check(gss_unwrap(&minor, acceptor, &token, &out, &state, NULL), "gss_unwrap");
        total += timed_unwrap ? now() - middle : middle - start;
        gss_release_buffer(&minor, &token);
        gss_release_buffer(&minor, &out);
    }
    free(bytes);
    return total;
}

int main(int argc, char **argv)
{
    if (argc < 5) return 2;
    globus_module_activate(GLOBUS_GSI_GSSAPI_MODULE);
    gss_cred_id_t proxy = load(argv[1]), host = load(argv[2]);
    if (strcmp(argv[3], "handshakes") == 0)
    {
        printf("%.6f\n", handshakes(proxy, host, atof(argv[4])));
        return 0;
    }
    gss_ctx_id_t initiator, acceptor;
    establish(proxy, host, &initiator, &acceptor);
    printf("%.9f\n", messages(initiator, acceptor, strtoul(argv[4], NULL, 10), atoi(argv[5]), strcmp(argv[3], "unwrap") == 0));
    return 0;
}
