/* MyProxy: stored credentials, trusted certificates, the server's configuration, passphrases, the log. */
#include "gl.h"
#include "myproxy_adapters.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- stored credentials ----------------------------------------------------------------------------------------------------- */

/* C forgets the others of a list. */
static void forget_next(struct myproxy_creds *creds)
{
    myproxy_creds_free(creds->next);
    creds->next = NULL;
}

int gl_adapt_myproxy_creds_retrieve(struct myproxy_creds *creds)
{
    forget_next(creds);
    return myproxy_creds_retrieve(creds);
}

int gl_adapt_myproxy_creds_retrieve_all(struct myproxy_creds *creds)
{
    forget_next(creds);
    return myproxy_creds_retrieve_all(creds);
}

int gl_adapt_myproxy_admin_retrieve_all(struct myproxy_creds *creds)
{
    forget_next(creds);
    return myproxy_admin_retrieve_all(creds);
}

/* An old passphrase is compared with the help of the owner's last letters. */
int gl_adapt_myproxy_creds_verify_passphrase(const struct myproxy_creds *creds, const char *new_passphrase)
{
    if (creds->passphrase && (!creds->owner_name || strlen(creds->owner_name) < 3))
        return gl_refuse("The credentials have no owner_name: call myproxy_creds_retrieve() first");
    return myproxy_creds_verify_passphrase(creds, new_passphrase);
}

/* The struct itself is the binding's, which frees it and what follows it when this returns. */
void gl_adapt_myproxy_creds_free(struct myproxy_creds *certs)
{
    (void)certs;
}

void gl_adapt_myproxy_certs_free(struct myproxy_certs *certs)
{
    (void)certs;
}

void gl_adapt_myproxy_creds_free_contents(struct myproxy_creds *creds)
{
    forget_next(creds);
    myproxy_creds_free_contents(creds);
}

int gl_adapt_myproxy_install_trusted_cert_files(myproxy_certs_t *trusted_certs)
{
    for (const myproxy_certs_t *file = trusted_certs; file; file = file->next)
        if (!file->filename || !file->contents) return gl_refuse("One of the files has no filename, or no contents");
    return myproxy_install_trusted_cert_files(trusted_certs);
}

/* ---- the server's configuration ------------------------------------------------------------------------------------------------ */

/* Where C ends the process. */
int gl_adapt_myproxy_server_config_read(myproxy_server_context_t *context)
{
    const char *usual = "/etc/myproxy-server.config", *location = getenv("GLOBUS_LOCATION");
    if (!context->config_file && access(usual, R_OK) != 0 && location)
    {
        char *path = NULL;
        bool found = asprintf(&path, "%s%s", location, usual) >= 0 && access(path, R_OK) == 0;
        if (!found) verror_put_string("%s is not there: set config_file", path ? path : usual);
        free(path);
        if (!found) return -1;
    }
    return myproxy_server_config_read(context);
}

/* ---- passphrases ---------------------------------------------------------------------------------------------------------------- */

static int read_with(int (*read_passphrase)(char *, int, const char *), char *buffer, const char *prompt)
{
    return read_passphrase(buffer, MAX_PASS_LEN, prompt) < 0 ? -1 : 0;
}

int gl_adapt_myproxy_read_passphrase(char *buffer, const char *prompt)
{
    return read_with(myproxy_read_passphrase, buffer, prompt);
}

int gl_adapt_myproxy_read_passphrase_stdin(char *buffer, const char *prompt)
{
    return read_with(myproxy_read_passphrase_stdin, buffer, prompt);
}

int gl_adapt_myproxy_read_verified_passphrase(char *buffer, const char *prompt)
{
    return read_with(myproxy_read_verified_passphrase, buffer, prompt);
}

/* A child that cannot run the program would end as a copy of this process, with all that this does at its end. */
int gl_adapt_myproxy_check_passphrase_policy(
    const char *passphrase, const char *passphrase_policy_pgm, const char *username, const char *credname,
    const char *retrievers, const char *renewers, const char *client_name)
{
    if (passphrase_policy_pgm && access(passphrase_policy_pgm, X_OK) != 0)
    {
        verror_put_string("The passphrase policy program %s cannot be run", passphrase_policy_pgm);
        return -1;
    }
    if (passphrase_policy_pgm && !(username && client_name))
        return gl_refuse("A passphrase policy program is told the username and the client_name");
    return myproxy_check_passphrase_policy(
        passphrase, passphrase_policy_pgm, username, credname, retrievers, renewers, client_name);
}

/* ---- the log ---------------------------------------------------------------------------------------------------------------------- */

/* C keeps the stream: it gets one of its own. */
void gl_adapt_myproxy_log_use_stream(FILE *stream)
{
    static FILE *current;
    int copy = stream ? fcntl(fileno(stream), F_DUPFD_CLOEXEC, 3) : -1;
    FILE *mine = copy < 0 ? NULL : fdopen(copy, "a");
    if (mine) setvbuf(mine, NULL, _IOLBF, 0);
    myproxy_log_use_stream(mine);
    if (current) fclose(current);
    current = mine;
}
