/* The toy library: callbacks that are called many times, during the call, that answer, and with structs. */
#include "toy_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- called many times --------------------------------------------------------------------------------------- */

globus_result_t toy_handle_set_listener(toy_handle_t handle, toy_listener_t listener, void *user_arg)
{
    handle->listeners[0] = listener;
    handle->listener_arg = user_arg;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_set_listeners(
    toy_handle_t handle, toy_listener_t first, toy_listener_t second, toy_listener_t third, void *user_arg)
{
    handle->listeners[0] = first;
    handle->listeners[1] = second;
    handle->listeners[2] = third;
    handle->listener_arg = user_arg;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_set_filter(toy_handle_t handle, toy_filter_t filter)
{
    handle->filter = filter;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_filter(toy_handle_t handle, int value, int *filtered)
{
    *filtered = handle->filter ? handle->filter(value) : value;
    return GLOBUS_SUCCESS;
}

typedef struct
{
    toy_handle_t handle;
    int          value;
} notice;

static void deliver(void *data)
{
    notice it = *(notice *)data;
    free(data);
    int value;
    toy_handle_filter(it.handle, it.value, &value);
    for (int i = 0; i < 3; ++i)
        if (it.handle->listeners[i]) it.handle->listeners[i](it.handle, value, it.handle->listener_arg);
}

globus_result_t toy_handle_notify(toy_handle_t handle, toy_when_t when, int value)
{
    notice *it = malloc(sizeof *it);
    *it = (notice){handle, value};
    if (when == TOY_NOW) deliver(it);
    else toy_in_thread(deliver, it, when == TOY_EARLY);
    return GLOBUS_SUCCESS;
}

/* ---- periodic ---------------------------------------------------------------------------------------------------- */

enum { CLOCKS = 64 };

typedef struct
{
    toy_tick_t    tick;
    void         *arg;
    int           microseconds;
    bool          used;
    volatile bool cancelled;
    pthread_t     thread;
} ticker;

static ticker          tickers[CLOCKS];
static pthread_mutex_t ticker_lock = PTHREAD_MUTEX_INITIALIZER;

static void *run_ticker(void *data)
{
    ticker *it = data;
    struct timespec pause = {0, it->microseconds * 1000L};
    while (!it->cancelled)
    {
        it->tick(it->arg);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

globus_result_t toy_every(int microseconds, toy_tick_t tick, void *user_arg, int *number)
{
    pthread_mutex_lock(&ticker_lock);
    int index = 0;
    while (index < CLOCKS && tickers[index].used) ++index;
    if (index < CLOCKS) tickers[index] = (ticker){tick, user_arg, microseconds, true, false, 0};
    pthread_mutex_unlock(&ticker_lock);
    if (index == CLOCKS) return toy_chain(1);
    *number = index;
    pthread_create(&tickers[index].thread, NULL, run_ticker, &tickers[index]);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_cancel(int number)
{
    if (number < 0 || number >= CLOCKS || !tickers[number].used || tickers[number].cancelled) return toy_chain(1);
    tickers[number].cancelled = true;
    if (pthread_equal(pthread_self(), tickers[number].thread)) pthread_detach(pthread_self());
    else pthread_join(tickers[number].thread, NULL);
    tickers[number].used = false;
    return GLOBUS_SUCCESS;
}

/* ---- called during the call ----------------------------------------------------------------------------------------- */

globus_result_t toy_minimum(int *values, int count, toy_compare_t compare, int *minimum)
{
    if (count < 1) return toy_chain(1);
    *minimum = values[0];
    for (int i = 1; i < count; ++i)
        if (compare(values[i], *minimum) < 0) *minimum = values[i];
    return GLOBUS_SUCCESS;
}

typedef struct
{
    int        count;
    toy_tick_t tick;
    void      *arg;
} repetition;

static void *repeat(void *data)
{
    const repetition *it = data;
    for (int i = 0; i < it->count; ++i) it->tick(it->arg);
    return NULL;
}

globus_result_t toy_repeat(int count, int threads, toy_tick_t tick, void *user_arg)
{
    pthread_t others[64];
    repetition it = {count, tick, user_arg};
    if (threads < 0 || threads > 64) return toy_chain(1);
    if (threads == 0) repeat(&it);
    for (int i = 0; i < threads; ++i) pthread_create(&others[i], NULL, repeat, &it);
    for (int i = 0; i < threads; ++i) pthread_join(others[i], NULL);
    return GLOBUS_SUCCESS;
}

/* ---- that decide, or answer -------------------------------------------------------------------------------------------- */

globus_bool_t toy_ask(const char *name, toy_decision_t decision, void *user_arg)
{
    return decision(name, user_arg);
}

globus_result_t toy_check(const char *name, toy_check_t check, void *user_arg)
{
    return check(name, user_arg);
}

int toy_judge(const char *name, toy_rule_t rule, void *user_arg)
{
    return rule(name, user_arg);
}

char *toy_name(int number, toy_naming_t naming, void *user_arg)
{
    char *name = naming(number, user_arg), *text = NULL;
    if (name && asprintf(&text, "<%s>", name) < 0) text = NULL;
    free(name);
    return text;
}

globus_result_t toy_measure(
    int number, toy_measure_t measure, void *user_arg, int *square, double *half, toy_color_t *color)
{
    *square = -1;
    *half = -1;
    *color = TOY_RED;
    measure(number, square, half, color, user_arg);
    return GLOBUS_SUCCESS;
}

double toy_apply(double x, float y, toy_function_t function, void *user_arg)
{
    return function(x, y, user_arg);
}

/* ---- structs --------------------------------------------------------------------------------------------------------------- */

static toy_event_t *event_new(int number)
{
    toy_event_t *event = calloc(1, sizeof *event);
    event->number = number;
    event->text = strdup("an event");
    event->line.to.x = 3;
    event->line.to.y = 4;
    event->place = calloc(1, sizeof *event->place);
    event->place->x = 5;
    return event;
}

static void event_free(toy_event_t *event)
{
    if (event->next) event_free(event->next);
    free(event->place);
    free((char *)event->text);
    memset(event, 0xDD, sizeof *event);
    free(event);
}

globus_result_t toy_events(toy_handle_t handle, int count, toy_event_callback_t callback, void *user_arg)
{
    for (int i = 0; i < count; ++i)
    {
        toy_event_t *event = event_new(i);
        event->next = event_new(100 + i);
        event->handle = handle;
        callback(event, user_arg);
        event_free(event);
    }
    return GLOBUS_SUCCESS;
}

static toy_event_t *nested;

globus_result_t toy_nested_events(toy_event_callback_t callback, void *user_arg)
{
    nested = event_new(1);
    callback(nested, user_arg);
    event_free(nested);
    return GLOBUS_SUCCESS;
}

void toy_event_again(toy_event_t *event, toy_event_callback_t callback, void *user_arg)
{
    callback(event, user_arg);
}

int toy_event_number(toy_event_t *event)
{
    return event->number;
}

globus_result_t toy_run_driver(toy_driver_t *driver)
{
    globus_result_t result = driver->open ? driver->open(driver->name, driver->level) : GLOBUS_SUCCESS;
    if (result) return result;
    if (driver->on_event) toy_events(NULL, 1, driver->on_event, NULL);
    if (driver->close) driver->close();
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_set_driver(toy_handle_t handle, toy_driver_t *driver)
{
    handle->driver = driver;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_handle_run_driver(toy_handle_t handle)
{
    return handle->driver ? toy_run_driver(handle->driver) : toy_chain(1);
}
