/* Macros of the scheduler event generator's errors, as functions. */
#ifndef SCHEDULER_EVENT_GENERATOR_MACROS_H
#define SCHEDULER_EVENT_GENERATOR_MACROS_H

#include <globus_common.h>
#include <globus_gram_protocol.h>
#include <globus_scheduler_event_generator.h>

static inline globus_result_t gl_seg_error_null(void) { return GLOBUS_SEG_ERROR_NULL; }
static inline globus_result_t gl_seg_error_already_set(void) { return GLOBUS_SEG_ERROR_ALREADY_SET; }
static inline globus_result_t gl_seg_error_out_of_memory(void) { return GLOBUS_SEG_ERROR_OUT_OF_MEMORY; }

#undef GLOBUS_SEG_ERROR_NULL
#undef GLOBUS_SEG_ERROR_ALREADY_SET
#undef GLOBUS_SEG_ERROR_OUT_OF_MEMORY

static inline globus_result_t GLOBUS_SEG_ERROR_NULL(void) { return gl_seg_error_null(); }
static inline globus_result_t GLOBUS_SEG_ERROR_ALREADY_SET(void) { return gl_seg_error_already_set(); }
static inline globus_result_t GLOBUS_SEG_ERROR_OUT_OF_MEMORY(void) { return gl_seg_error_out_of_memory(); }

static inline globus_result_t (GLOBUS_SEG_ERROR_INVALID_MODULE)(const char *module, const char *errmsg)
{
    return GLOBUS_SEG_ERROR_INVALID_MODULE(module, errmsg);
}

static inline globus_result_t (GLOBUS_SEG_ERROR_INVALID_FORMAT)(const char *fmt)
{
    return GLOBUS_SEG_ERROR_INVALID_FORMAT(fmt);
}

static inline globus_result_t (GLOBUS_SEG_ERROR_LOADING_MODULE)(const char *module, const char *dlerr_msg)
{
    return GLOBUS_SEG_ERROR_LOADING_MODULE(module, dlerr_msg);
}

#endif
