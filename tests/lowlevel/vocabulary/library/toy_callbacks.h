/* Callbacks: called once, many times or only during the call; from the registering call, from other threads, before it
 * returns and long after; with and without a user argument; with buffers, vectors, structs and outputs. */
#ifndef TOY_CALLBACKS_H
#define TOY_CALLBACKS_H

#include "toy_values.h"

/* When a registered callback is called. */
typedef enum
{
    TOY_NOW,        /* by the registering call itself */
    TOY_EARLY,      /* by another thread, before the registering call returns */
    TOY_LATER,      /* by another thread, soon */
    TOY_HELD,       /* by toy_run_held() */
    TOY_REFUSED     /* never: the registering call fails */
} toy_when_t;

/** Runs all held callbacks, spread over `threads` threads; returns when they have run, and how many they were. */
int toy_run_held(int threads);
/** Waits for the callbacks that come TOY_LATER. */
void toy_wait_idle(void);

/* ---- called once -------------------------------------------------------------------------------------------------- */

typedef void (*toy_callback_t)(void *callback_arg, toy_handle_t handle, globus_result_t result);
typedef void (*toy_error_callback_t)(void *callback_arg, toy_handle_t handle, globus_object_t *error);
typedef void (*toy_data_callback_t)(
    void *callback_arg, toy_handle_t handle, globus_result_t result, globus_byte_t *buffer, globus_size_t length,
    globus_off_t offset, globus_bool_t eof);
typedef void (*toy_vector_callback_t)(
    toy_handle_t handle, globus_result_t result, struct iovec *vector, int count, globus_size_t nbytes, void *user_arg);

/** `errors` is the length of the error chain that the callback gets. */
globus_result_t toy_register(
    toy_handle_t handle, toy_when_t when, int errors, toy_callback_t callback, void *callback_arg);
globus_result_t toy_register_error(
    toy_handle_t handle, toy_when_t when, int errors, toy_error_callback_t callback, void *callback_arg);
/** The callback may be NULL. */
globus_result_t toy_register_optional(
    toy_handle_t handle, toy_when_t when, toy_callback_t callback, void *callback_arg);
/** Fills the buffer but for its last byte, then calls. */
globus_result_t toy_register_read(
    toy_handle_t handle, toy_when_t when, globus_byte_t *buffer, globus_size_t length, toy_data_callback_t callback,
    void *callback_arg);
/** Calls with the data, which must still be there. */
globus_result_t toy_register_write(
    toy_handle_t handle, toy_when_t when, const globus_byte_t *buffer, globus_size_t length,
    toy_data_callback_t callback, void *callback_arg);
globus_result_t toy_register_readv(
    toy_handle_t handle, toy_when_t when, struct iovec *vector, int count, toy_vector_callback_t callback,
    void *user_arg);
/** Calls with bytes of the library's own. */
globus_result_t toy_register_bytes(
    toy_handle_t handle, toy_when_t when, int length, toy_data_callback_t callback, void *callback_arg);
/** Destroys the handle, then calls. */
globus_result_t toy_handle_register_destroy(
    toy_handle_t handle, toy_when_t when, toy_callback_t callback, void *callback_arg);
/** Two callbacks, each with an argument of its own; calls both. */
globus_result_t toy_register_pair(
    toy_handle_t handle, toy_when_t when, toy_callback_t first, void *first_arg, toy_callback_t second,
    void *second_arg);
/** The outputs and the array are used until the callback, the names only during this call. */
globus_result_t toy_register_big(
    toy_handle_t handle, toy_when_t when, int *values, int count, char **names, toy_callback_t callback,
    void *callback_arg, char *text, struct tm *time);

/* ---- outputs that are filled when the operation completes ---------------------------------------------------------- */

globus_result_t toy_size(
    toy_handle_t handle, toy_when_t when, globus_off_t *size, toy_callback_t callback, void *callback_arg);
globus_result_t toy_checksum(
    toy_handle_t handle, toy_when_t when, char *checksum, toy_callback_t callback, void *callback_arg);
globus_result_t toy_facts(
    toy_handle_t handle, toy_when_t when, globus_byte_t **facts, globus_size_t *length, toy_callback_t callback,
    void *callback_arg);
globus_result_t toy_two_sizes(
    toy_handle_t handle, toy_when_t when, globus_off_t *first, globus_off_t *second, toy_callback_t callback,
    void *callback_arg);

/* ---- called many times -------------------------------------------------------------------------------------------------- */

typedef void (*toy_listener_t)(toy_handle_t handle, int value, void *user_arg);
typedef int (*toy_filter_t)(int value);
typedef void (*toy_tick_t)(void *user_arg);

/** NULL: none. */
globus_result_t toy_handle_set_listener(toy_handle_t handle, toy_listener_t listener, void *user_arg);
/** Three callbacks that share one argument. */
globus_result_t toy_handle_set_listeners(
    toy_handle_t handle, toy_listener_t first, toy_listener_t second, toy_listener_t third, void *user_arg);
globus_result_t toy_handle_set_filter(toy_handle_t handle, toy_filter_t filter);
/** Calls the listeners with what the filter makes of `value`; returns that. */
globus_result_t toy_handle_notify(toy_handle_t handle, toy_when_t when, int value);
globus_result_t toy_handle_filter(toy_handle_t handle, int value, int *filtered);

/** A callback that belongs to no handle, called by a thread of its own until it is cancelled. */
globus_result_t toy_every(int microseconds, toy_tick_t tick, void *user_arg, int *number);
globus_result_t toy_cancel(int number);

/* ---- called during the call ------------------------------------------------------------------------------------------------ */

typedef int (*toy_compare_t)(int left, int right);

globus_result_t toy_minimum(int *values, int count, toy_compare_t compare, int *minimum);
/** Calls `count` times, in `threads` threads at once. */
globus_result_t toy_repeat(int count, int threads, toy_tick_t tick, void *user_arg);

/* ---- that decide, or answer --------------------------------------------------------------------------------------------------- */

typedef globus_bool_t (*toy_decision_t)(const char *name, void *user_arg);
typedef globus_result_t (*toy_check_t)(const char *name, void *user_arg);
typedef int (*toy_rule_t)(const char *name, void *user_arg);
/** The answer is freed by the library. */
typedef char *(*toy_naming_t)(int number, void *user_arg);
typedef void (*toy_measure_t)(int number, int *square, double *half, toy_color_t *color, void *user_arg);
typedef double (*toy_function_t)(double x, float y, void *user_arg);

globus_bool_t toy_ask(const char *name, toy_decision_t decision, void *user_arg);
globus_result_t toy_check(const char *name, toy_check_t check, void *user_arg);
int toy_judge(const char *name, toy_rule_t rule, void *user_arg);
char *toy_name(int number, toy_naming_t naming, void *user_arg);
globus_result_t toy_measure(
    int number, toy_measure_t measure, void *user_arg, int *square, double *half, toy_color_t *color);
double toy_apply(double x, float y, toy_function_t function, void *user_arg);

/* ---- structs ---------------------------------------------------------------------------------------------------------------------- */

/* Lent to the callback: the library frees it afterwards. */
typedef struct toy_event_s
{
    int                 number;
    const char         *text;
    toy_line_t          line;
    toy_point_t        *place;
    struct toy_event_s *next;
    toy_handle_t        handle;
} toy_event_t;

typedef void (*toy_event_callback_t)(toy_event_t *event, void *user_arg);

globus_result_t toy_events(toy_handle_t handle, int count, toy_event_callback_t callback, void *user_arg);
/** Two calls with the same event, the second from inside the first. */
globus_result_t toy_nested_events(toy_event_callback_t callback, void *user_arg);
/** Calls once more with the same event, from inside its callback. */
void toy_event_again(toy_event_t *event, toy_event_callback_t callback, void *user_arg);
int toy_event_number(toy_event_t *event);

/* A driver: a struct of callbacks. */
typedef globus_result_t (*toy_driver_open_t)(const char *name, int level);
typedef void (*toy_driver_close_t)(void);
typedef struct
{
    const char        *name;
    int                level;
    toy_driver_open_t  open;
    toy_event_callback_t on_event;
    toy_driver_close_t close;
} toy_driver_t;

globus_result_t toy_run_driver(toy_driver_t *driver);
/** The handle uses the driver as long as it lives. */
globus_result_t toy_handle_set_driver(toy_handle_t handle, toy_driver_t *driver);
globus_result_t toy_handle_run_driver(toy_handle_t handle);

#endif
