/* The toy library: results, numbers, enums, strings, bytes, arrays, structs, times, files. */
#include "toy_private.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- results ---------------------------------------------------------------------------------------------------- */

globus_result_t toy_fail(int depth)
{
    return toy_chain(depth);
}

globus_result_t toy_fail_with_errno(int number)
{
    globus_object_t *cause = globus_error_construct_errno_error(TOY_MODULE, NULL, number);
    return globus_error_put(toy_error(cause, TOY_ERROR_OUTER, "the system said no"));
}

globus_result_t toy_fail_with_text(const char *text)
{
    return globus_error_put(toy_error(NULL, TOY_ERROR_INNER, text));
}

globus_result_t toy_result_of(int depth)
{
    return toy_chain(depth);
}

int toy_status(int code)
{
    return code;
}

void toy_nothing(void)
{
}

globus_result_t toy_output_and_fail(char **text)
{
    *text = NULL;
    return toy_chain(1);
}

char *toy_describe_result(globus_result_t error)
{
    globus_object_t *object = error ? globus_error_get(error) : NULL;
    char *text = object ? globus_object_printable_to_string(object) : strdup("");
    if (object) globus_object_free(object);
    return text;
}

/* ---- numbers ------------------------------------------------------------------------------------------------------- */

signed char toy_int8(signed char value) { return value; }
unsigned char toy_uint8(unsigned char value) { return value; }
short toy_int16(short value) { return value; }
unsigned short toy_uint16(unsigned short value) { return value; }
int toy_int32(int value) { return value; }
unsigned int toy_uint32(unsigned int value) { return value; }
globus_off_t toy_int64(globus_off_t value) { return value; }
globus_size_t toy_uint64(globus_size_t value) { return value; }
float toy_float(float value) { return value; }
double toy_double(double value) { return value; }
globus_bool_t toy_bool(globus_bool_t value) { return value; }
char toy_char(char value) { return value; }
void *toy_address(void *address) { return address; }
toy_color_t toy_color(toy_color_t color) { return color; }
toy_color_t toy_new_color(void) { return (toy_color_t)77; }
toy_level_t toy_level(toy_level_t level) { return level; }
toy_mode_t toy_mode(toy_mode_t mode) { return mode; }

/* ---- outputs --------------------------------------------------------------------------------------------------------- */

globus_result_t toy_outputs(
    int seed, globus_off_t *size, double *ratio, globus_bool_t *flag, toy_color_t *color, char **name)
{
    if (seed < 0) return toy_chain(1);
    *size = (globus_off_t)seed << 33;
    *ratio = seed / 2.0;
    *flag = seed % 2;
    *color = TOY_GREEN;
    *name = malloc(32);
    snprintf(*name, 32, "seed %d", seed);
    return GLOBUS_SUCCESS;
}

int toy_divide(int dividend, int divisor, int *remainder)
{
    *remainder = divisor ? dividend % divisor : 0;
    return divisor ? dividend / divisor : 0;
}

void toy_advance(globus_off_t *position, int step)
{
    *position += step;
}

/* ---- strings ----------------------------------------------------------------------------------------------------------- */

char *toy_copy(const char *text)
{
    return strdup(text);
}

globus_result_t toy_copy_to(const char *text, char **copy)
{
    *copy = strdup(text);
    return GLOBUS_SUCCESS;
}

const char *toy_constant(void)
{
    return "constant";
}

globus_result_t toy_constant_to(const char **text)
{
    *text = "constant";
    return GLOBUS_SUCCESS;
}

globus_size_t toy_length(const char *text)
{
    return strlen(text);
}

globus_bool_t toy_is_null(const char *text)
{
    return text == NULL;
}

globus_result_t toy_join_counted(char **words, int count, char **text)
{
    size_t size = 1;
    for (int i = 0; i < count; ++i) size += strlen(words[i]) + 1;
    *text = calloc(1, size);
    char *end = *text;
    for (int i = 0; i < count; ++i) end = stpcpy(stpcpy(end, i ? " " : ""), words[i]);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_join(char **words, char **text)
{
    int count = 0;
    while (words[count]) ++count;
    return toy_join_counted(words, count, text);
}

globus_result_t toy_split(const char *text, char ***words)
{
    size_t count = 0, room = strlen(text) / 2 + 2;
    *words = calloc(room, sizeof **words);
    for (const char *start = text; *start;)
    {
        size_t length = strcspn(start, " ");
        if (length) (*words)[count++] = strndup(start, length);
        start += length + (start[length] == ' ');
    }
    return GLOBUS_SUCCESS;
}

globus_result_t toy_fill_text(const char *text, char *filled)
{
    strncpy(filled, text, 16);      /* 16 bytes leave no room for the NUL */
    return GLOBUS_SUCCESS;
}

int toy_format_list(char **text, const char *format, va_list list)
{
    return vasprintf(text, format, list);
}

int toy_format(char **text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vasprintf(text, format, list);
    va_end(list);
    return length;
}

/* ---- bytes -------------------------------------------------------------------------------------------------------------- */

globus_result_t toy_sum(const globus_byte_t *data, globus_size_t length, globus_off_t *sum)
{
    *sum = 0;
    for (globus_size_t i = 0; i < length && i < 4096; ++i) *sum += data[i];
    return GLOBUS_SUCCESS;
}

globus_result_t toy_sum_int(const globus_byte_t *data, int length, globus_off_t *sum)
{
    return toy_sum(data, (globus_size_t)length, sum);
}

globus_result_t toy_sum_short(const globus_byte_t *data, unsigned short length, globus_off_t *sum)
{
    return toy_sum(data, length, sum);
}

globus_result_t toy_sum_or_null(const globus_byte_t *data, globus_size_t length, globus_off_t *sum)
{
    if (data) return toy_sum(data, length, sum);
    *sum = length ? -2 : -1;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_where(const globus_byte_t *data, globus_size_t length, void **address, globus_size_t *size)
{
    *address = (void *)data;
    *size = length;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_read(globus_byte_t *buffer, globus_size_t length, int filler, int milliseconds, globus_size_t *nbytes)
{
    toy_pause(milliseconds);
    memset(buffer, filler, length);
    *nbytes = length;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_make_bytes(int size, globus_byte_t **bytes, globus_size_t *length)
{
    if (size < 0) return toy_chain(1);
    *bytes = malloc((size_t)size + 1);
    memset(*bytes, 'b', (size_t)size);
    *length = (globus_size_t)size;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_make_bytes_int(int size, globus_byte_t **bytes, int *length)
{
    *bytes = malloc(16);
    memset(*bytes, 'b', 16);
    *length = size;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_writev(struct iovec *vector, int count, globus_off_t *sum)
{
    *sum = 0;
    for (int i = 0; i < count; ++i)
    {
        globus_off_t part;
        toy_sum(vector[i].iov_base, vector[i].iov_len, &part);
        *sum += part;
    }
    return GLOBUS_SUCCESS;
}

globus_result_t toy_readv(struct iovec *vector, int count, int filler, globus_size_t *nbytes)
{
    *nbytes = 0;
    for (int i = 0; i < count; ++i)
    {
        memset(vector[i].iov_base, filler + i, vector[i].iov_len);
        *nbytes += vector[i].iov_len;
    }
    return GLOBUS_SUCCESS;
}

/* ---- arrays ---------------------------------------------------------------------------------------------------------------- */

globus_result_t toy_total(int *values, int count, globus_off_t *total)
{
    *total = 0;
    for (int i = 0; i < count; ++i) *total += values[i];
    return GLOBUS_SUCCESS;
}

globus_result_t toy_total_terminated(int *values, globus_off_t *total)
{
    int count = 0;
    while (values[count]) ++count;
    return toy_total(values, count, total);
}

globus_result_t toy_total_of_four(int values[4], globus_off_t *total)
{
    return toy_total(values, 4, total);
}

globus_result_t toy_colors(toy_color_t *colors, int count, globus_off_t *total)
{
    *total = 0;
    for (int i = 0; i < count; ++i) *total += colors[i];
    return GLOBUS_SUCCESS;
}

globus_result_t toy_squares(int wanted, int *squares, int *count)
{
    for (int i = 0; i < wanted && i < 16; ++i) squares[i] = i * i;
    *count = wanted;
    return GLOBUS_SUCCESS;
}

/* ---- structs ------------------------------------------------------------------------------------------------------------------- */

double toy_length_of(const toy_line_t *line)
{
    return hypot(line->to.x - line->from.x, line->to.y - line->from.y);
}

double toy_norm(toy_point_t point)
{
    return hypot(point.x, point.y);
}

void toy_move(toy_point_t *point, int x, double y)
{
    point->x += x;
    point->y += y;
}

globus_result_t toy_record_init(toy_record_t *record, const char *text)
{
    if (strlen(text) >= sizeof record->label) return toy_chain(1);
    memset(record, 0, sizeof *record);
    strcpy(record->label, text);
    record->color = TOY_BLUE;
    return GLOBUS_SUCCESS;
}

char *toy_record_describe(const toy_record_t *record)
{
    char *text = NULL;
    int count = 0;
    while (record->words && record->words[count]) ++count;
    int length = asprintf(&text, "%s/%d,%d,%d,%d/%d/%s/%d/%g/%g/%d/%d%s", record->label, record->values[0], record->values[1],
                          record->values[2], record->values[3], record->color, record->text ? record->text : "-",
                          record->place ? record->place->x : -1, toy_length_of(&record->line), record->corners[2].y,
                          record->flag, count, count ? record->words[count - 1] : "");
    return length < 0 ? NULL : text;
}

globus_result_t toy_get_origin(toy_point_t **point)
{
    static toy_point_t origin = {0, 0.5};
    *point = &origin;
    return GLOBUS_SUCCESS;
}

/* ---- times and files --------------------------------------------------------------------------------------------------------------- */

globus_result_t toy_double_time(const globus_reltime_t *time, globus_reltime_t *doubled)
{
    *doubled = *time;
    GlobusTimeReltimeMultiply(*doubled, 2);
    return GLOBUS_SUCCESS;
}

globus_result_t toy_next_day(const globus_abstime_t *time, globus_abstime_t *next)
{
    *next = *time;
    next->tv_sec += 24 * 60 * 60;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_next_year(const struct tm *time, struct tm *next)
{
    *next = *time;
    next->tm_year += 1;
    return GLOBUS_SUCCESS;
}

globus_result_t toy_print(FILE *stream, const char *text)
{
    return fprintf(stream, "%s", text) < 0 ? toy_chain(1) : GLOBUS_SUCCESS;
}
