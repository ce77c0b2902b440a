/* Values: results, numbers, enums, strings, bytes, arrays, structs, times, files. */
#ifndef TOY_VALUES_H
#define TOY_VALUES_H

#include "toy.h"

/* ---- results --------------------------------------------------------------------------------------------------- */

/** Fails with a chain of `depth` errors; succeeds with none. */
globus_result_t toy_fail(int depth);
globus_result_t toy_fail_with_errno(int number);
globus_result_t toy_fail_with_text(const char *text);
/** A result that only tells of a failure. */
globus_result_t toy_result_of(int depth);
int toy_status(int code);
void toy_nothing(void);
/** Stores an output, and fails. */
globus_result_t toy_output_and_fail(char **text);
/** The description of the error in `error`, or of no error. */
char *toy_describe_result(globus_result_t error);

/* ---- numbers ------------------------------------------------------------------------------------------------------ */

signed char toy_int8(signed char value);
unsigned char toy_uint8(unsigned char value);
short toy_int16(short value);
unsigned short toy_uint16(unsigned short value);
int toy_int32(int value);
unsigned int toy_uint32(unsigned int value);
globus_off_t toy_int64(globus_off_t value);
globus_size_t toy_uint64(globus_size_t value);
float toy_float(float value);
double toy_double(double value);
globus_bool_t toy_bool(globus_bool_t value);
char toy_char(char value);
void *toy_address(void *address);

typedef enum
{
    TOY_RED = 1,
    TOY_GREEN = 2,
    TOY_BLUE = 10
} toy_color_t;

typedef enum
{
    TOY_LOW = -1,
    TOY_MIDDLE = 0,
    TOY_HIGH = 1
} toy_level_t;

typedef enum
{
    TOY_READ = 1,
    TOY_WRITE = 2,
    TOY_EXECUTE = 4,
    TOY_APPEND = 8
} toy_mode_t;

toy_color_t toy_color(toy_color_t color);
/** A color that the header does not name. */
toy_color_t toy_new_color(void);
toy_level_t toy_level(toy_level_t level);
toy_mode_t toy_mode(toy_mode_t mode);

/* ---- outputs ------------------------------------------------------------------------------------------------------- */

globus_result_t toy_outputs(
    int seed, globus_off_t *size, double *ratio, globus_bool_t *flag, toy_color_t *color, char **name);
int toy_divide(int dividend, int divisor, int *remainder);
void toy_advance(globus_off_t *position, int step);

/* ---- strings ---------------------------------------------------------------------------------------------------------- */

/** A copy, which the caller frees. */
char *toy_copy(const char *text);
globus_result_t toy_copy_to(const char *text, char **copy);
/** Not the caller's to free. */
const char *toy_constant(void);
globus_result_t toy_constant_to(const char **text);
globus_size_t toy_length(const char *text);
/** NULL is allowed. */
globus_bool_t toy_is_null(const char *text);
globus_result_t toy_join(char **words, char **text);
globus_result_t toy_join_counted(char **words, int count, char **text);
/** The words of `text`: the list and each of them are the caller's. */
globus_result_t toy_split(const char *text, char ***words);
globus_result_t toy_fill_text(const char *text, char *filled);
int toy_format(char **text, const char *format, ...);
int toy_format_list(char **text, const char *format, va_list list);

/* ---- bytes ----------------------------------------------------------------------------------------------------------------- */

/** The sum of the bytes; reads no more than 4096 of them. */
globus_result_t toy_sum(const globus_byte_t *data, globus_size_t length, globus_off_t *sum);
globus_result_t toy_sum_int(const globus_byte_t *data, int length, globus_off_t *sum);
globus_result_t toy_sum_short(const globus_byte_t *data, unsigned short length, globus_off_t *sum);
globus_result_t toy_sum_or_null(const globus_byte_t *data, globus_size_t length, globus_off_t *sum);
/** Where C sees the data, and how much of it. */
globus_result_t toy_where(const globus_byte_t *data, globus_size_t length, void **address, globus_size_t *size);
/** Fills the buffer with `filler`, after `milliseconds`. */
globus_result_t toy_read(globus_byte_t *buffer, globus_size_t length, int filler, int milliseconds, globus_size_t *nbytes);
globus_result_t toy_make_bytes(int size, globus_byte_t **bytes, globus_size_t *length);
/** What a failing C function leaves in a length. */
globus_result_t toy_make_bytes_int(int size, globus_byte_t **bytes, int *length);
globus_result_t toy_writev(struct iovec *vector, int count, globus_off_t *sum);
globus_result_t toy_readv(struct iovec *vector, int count, int filler, globus_size_t *nbytes);

/* ---- arrays ------------------------------------------------------------------------------------------------------------------- */

globus_result_t toy_total(int *values, int count, globus_off_t *total);
/** Ends with 0. */
globus_result_t toy_total_terminated(int *values, globus_off_t *total);
globus_result_t toy_total_of_four(int values[4], globus_off_t *total);
globus_result_t toy_colors(toy_color_t *colors, int count, globus_off_t *total);
/** The first `wanted` square numbers; room for 16. */
globus_result_t toy_squares(int wanted, int *squares, int *count);

/* ---- structs --------------------------------------------------------------------------------------------------------------------- */

typedef struct
{
    int    x;
    double y;
} toy_point_t;

typedef struct
{
    toy_point_t from, to;
} toy_line_t;

typedef union
{
    int    number;
    double real;
} toy_value_t;

typedef struct
{
    char         label[16];
    int          values[4];
    toy_color_t  color;
    const char  *text;
    toy_point_t *place;
    toy_line_t   line;
    toy_point_t  corners[3];
    toy_value_t  value;
    globus_bool_t flag;
    char       **words;      /* ends with NULL */
} toy_record_t;

double toy_length_of(const toy_line_t *line);
double toy_norm(toy_point_t point);
void toy_move(toy_point_t *point, int x, double y);
globus_result_t toy_record_init(toy_record_t *record, const char *text);
char *toy_record_describe(const toy_record_t *record);
/** A point of the library's own. */
globus_result_t toy_get_origin(toy_point_t **point);

/* ---- times and files ----------------------------------------------------------------------------------------------------------------- */

globus_result_t toy_double_time(const globus_reltime_t *time, globus_reltime_t *doubled);
globus_result_t toy_next_day(const globus_abstime_t *time, globus_abstime_t *next);
globus_result_t toy_next_year(const struct tm *time, struct tm *next);
globus_result_t toy_print(FILE *stream, const char *text);

/* ---- lists ------------------------------------------------------------------------------------------------------------------------------- */

#endif
