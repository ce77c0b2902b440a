/* What is called in place of functions of common: see extra/common/ for those with a body there.
 *
 * C's own would wait for ever, stop the process or write where it must not; or its prototype does not tell enough. */
#ifndef COMMON_ADAPTERS_H
#define COMMON_ADAPTERS_H

#include <globus_common.h>
#include <globus_logging.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

/* ---- how objects that Python owns end (%handle in common.i) --------------------------------------------------------- */

void cm_list_free_node(globus_list_t *node);
void cm_fifo_free(globus_fifo_t *fifo);
void cm_handle_table_free(globus_handle_table_t *table);
void cm_rmutex_free(globus_rmutex_t *rmutex);
void cm_rw_mutex_free(globus_rw_mutex_t *rw_lock);
void cm_callback_handle_free(globus_callback_handle_t *handle);
void cm_options_free(globus_options_handle_t handle);
void cm_debug_close(globus_debug_handle_t *handle);
void cm_logging_free(globus_logging_handle_t handle);

/* ---- sync.c ----------------------------------------------------------------------------------------------------- */

int  gl_adapt_globus_mutex_init(globus_mutex_t *mutex);
int  gl_adapt_globus_mutex_destroy(globus_mutex_t *mutex);
int  gl_adapt_globus_mutex_lock(globus_mutex_t *mutex);
int  gl_adapt_globus_mutex_unlock(globus_mutex_t *mutex);
int  gl_adapt_globus_mutex_trylock(globus_mutex_t *mutex);
int  gl_adapt_globus_cond_wait(globus_cond_t *cond, globus_mutex_t *mutex);
int  gl_adapt_globus_cond_timedwait(globus_cond_t *cond, globus_mutex_t *mutex, const globus_abstime_t *abstime);
void gl_adapt_globus_callback_space_poll(const globus_abstime_t *timestop, globus_callback_space_t space);
int  gl_adapt_globus_rmutex_init(globus_rmutex_t *rmutex);
int  gl_adapt_globus_rmutex_lock(globus_rmutex_t *rmutex);
int  gl_adapt_globus_rmutex_unlock(globus_rmutex_t *rmutex);
int  gl_adapt_globus_rmutex_destroy(globus_rmutex_t *rmutex);
int  gl_adapt_globus_rw_mutex_init(globus_rw_mutex_t *rw_lock);
int  gl_adapt_globus_rw_mutex_readunlock(globus_rw_mutex_t *rw_lock);
int  gl_adapt_globus_rw_mutex_writeunlock(globus_rw_mutex_t *rw_lock);
int  gl_adapt_globus_rw_mutex_destroy(globus_rw_mutex_t *rw_lock);
int  gl_adapt_globus_rw_cond_wait(globus_cond_t *cond, globus_rw_mutex_t *rw_lock);
int  gl_adapt_globus_rw_cond_timedwait(globus_cond_t *cond, globus_rw_mutex_t *rw_lock, const globus_abstime_t *abstime);
int  gl_adapt_globus_libc_lock(void);
int  gl_adapt_globus_libc_unlock(void);
int  gl_adapt_globus_thread_sigmask(int how, const sigset_t *newmask, sigset_t *oldmask);

/* ---- process.c --------------------------------------------------------------------------------------------------- */

void gl_adapt_globus_module_set_args(char **argv);
void gl_adapt_globus_module_get_args(char ***argv);

/* ---- object.c --------------------------------------------------------------------------------------------------- */

globus_object_t *gl_adapt_globus_object_construct_time(const time_t *time_time);
globus_object_t *gl_adapt_globus_object_initialize_time(globus_object_t *object, const time_t *time_time);
void             gl_adapt_globus_object_time_set_time_time(globus_object_t *object, const time_t *value);
globus_object_t *gl_adapt_globus_error_initialize_errno_error(globus_object_t *error, globus_module_descriptor_t *base_source,
                                                              globus_object_t *base_cause, int system_errno);
globus_object_t *gl_adapt_globus_error_initialize_error(
    globus_object_t *error, globus_module_descriptor_t *base_source, globus_object_t *base_cause, int type,
    const char *source_file, const char *source_func, int source_line, const char *short_desc_format);
globus_object_t *gl_adapt_globus_error_initialize_string(globus_object_t *error, globus_module_descriptor_t *base_source,
                                                         globus_object_t *base_cause, const char *fmt);
void             gl_adapt_globus_error_mutliple_add_chain(globus_object_t *multiple_error, globus_object_t *chain, const char *fmt);
globus_object_t *gl_adapt_globus_error_multiple_remove_chain(globus_object_t *multiple_error);
globus_object_t *gl_adapt_globus_error_peek(globus_result_t result);

/* ---- text.c: strings that C writes into the caller's memory -------------------------------------------------------- */

void  gl_adapt_globus_url_string_hex_decode(const char *s, char **decoded);
int   gl_adapt_globus_libc_gethostname(char **name);
int   gl_adapt_globus_libc_gethomedir(char **result);
int   gl_adapt_globus_libc_sprint_off_t(char **s, globus_off_t off);
int   gl_adapt_globus_libc_scan_off_t(const char *s, globus_off_t *off, int *consumed);
void  gl_adapt_globus_libc_ctime_r(const time_t *clock, char **buf);
char *gl_adapt_globus_libc_strndup(const char *string, globus_size_t length);
char *gl_adapt_globus_libc_strtok(const char *s, const char *delim);
char *gl_adapt_globus_common_create_nstring(int length, const char *format);
char *gl_adapt_globus_common_v_create_nstring(int length, const char *format);
char *gl_adapt_globus_assert_sprintf(const char *msg);
void  gl_adapt_thread_print(const char *s);
int   gl_adapt_globus_hashtable_string_hash(const char *string, int limit);
int   gl_adapt_globus_hashtable_string_keyeq(const char *string1, const char *string2);
int   gl_adapt_globus_hashtable_int_hash(int integer, int limit);
int   gl_adapt_globus_hashtable_int_keyeq(int integer1, int integer2);
int   gl_adapt_globus_hashtable_ulong_hash(unsigned long integer, int limit);
int   gl_adapt_globus_hashtable_ulong_keyeq(unsigned long integer1, unsigned long integer2);
globus_result_t gl_adapt_globus_common_get_attribute_from_config_file(char *deploy_path, char *file_location, char *attribute,
                                                                      char **value);
int   gl_adapt_globus_thread_set_model(const char *model);
void  gl_adapt_globus_debug_init(const char *env_name, const char *level_names, globus_debug_handle_t *handle);

/* ---- net.c: addresses ------------------------------------------------------------------------------------------------ */

globus_result_t gl_adapt_globus_libc_getnameinfo(const globus_sockaddr_t *addr, char **hostbuf, char **servbuf, int flags);
globus_result_t gl_adapt_globus_libc_contact_string_to_ints(const char *contact_string, int host[16], int *count, unsigned short *port);
char           *gl_adapt_globus_libc_ints_to_contact_string(int *host, int count, unsigned short port);

/* ---- range.c ---------------------------------------------------------------------------------------------------------- */

int gl_adapt_globus_range_list_insert(globus_range_list_t range_list, globus_off_t offset, globus_off_t length);
int gl_adapt_globus_range_list_remove(globus_range_list_t range_list, globus_off_t offset, globus_off_t length);
int gl_adapt_globus_range_list_at(globus_range_list_t range_list, int ndx, globus_off_t *offset, globus_off_t *length);
int gl_adapt_globus_range_list_remove_at(globus_range_list_t range_list, int ndx, globus_off_t *offset, globus_off_t *length);
int gl_adapt_globus_range_list_merge(globus_range_list_t *dest, globus_range_list_t src1, globus_range_list_t src2);
int gl_adapt_globus_range_list_merge_destructive(globus_range_list_t *dest, globus_range_list_t src1, globus_range_list_t src2);

#endif
