/* Range lists: C does not look at what it is given, and loses count. */
#include "common/common.h"

static bool is_range(globus_off_t offset, globus_off_t length, const char *message)
{
    bool bounded = length >= 0 && offset >= 0 && length <= INT64_MAX - offset;
    if (offset >= 0 && (length == GLOBUS_RANGE_LIST_MAX || bounded)) return true;
    cm_raise(PyExc_ValueError, message);
    return false;
}

static bool has(globus_range_list_t list, int ndx, const char *message)
{
    if (ndx >= 0 && ndx < globus_range_list_size(list)) return true;
    cm_raise(PyExc_IndexError, message);
    return false;
}

int gl_adapt_globus_range_list_insert(globus_range_list_t range_list, globus_off_t offset, globus_off_t length)
{
    if (!is_range(offset, length, "globus_range_list_insert(): offset and length must not be negative, nor overflow")) return 0;
    return globus_range_list_insert(range_list, offset, length);
}

int gl_adapt_globus_range_list_remove(globus_range_list_t range_list, globus_off_t offset, globus_off_t length)
{
    if (!is_range(offset, length, "globus_range_list_remove(): offset and length must not be negative, nor overflow")) return 0;
    return globus_range_list_remove(range_list, offset, length);
}

int gl_adapt_globus_range_list_at(globus_range_list_t range_list, int ndx, globus_off_t *offset, globus_off_t *length)
{
    if (!has(range_list, ndx, "globus_range_list_at(): the list has no such range")) return 0;
    return globus_range_list_at(range_list, ndx, offset, length);
}

int gl_adapt_globus_range_list_remove_at(globus_range_list_t range_list, int ndx, globus_off_t *offset, globus_off_t *length)
{
    if (!has(range_list, ndx, "globus_range_list_remove_at(): the list has no such range")) return 0;
    return globus_range_list_remove_at(range_list, ndx, offset, length);
}

int gl_adapt_globus_range_list_merge_destructive(globus_range_list_t *dest, globus_range_list_t src1, globus_range_list_t src2)
{
    if (src1 != src2) return globus_range_list_merge_destructive(dest, src1, src2);
    cm_raise(PyExc_ValueError, "globus_range_list_merge_destructive(): a list cannot be merged with itself");
    return 0;
}
