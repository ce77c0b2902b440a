/* Range lists. Of what C does only this is sure: to insert a range that meets no other, to tell one and to take one out.
 * Where ranges meet it loses some, or follows pointers that it has not set; so here every change is made of these three. */
#include "common/common.h"

static const globus_off_t ENDLESS = INT64_MAX;

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

static globus_off_t end_of(globus_off_t offset, globus_off_t length)
{
    return length == GLOBUS_RANGE_LIST_MAX ? ENDLESS : offset + length;
}

static int add(globus_range_list_t list, globus_off_t start, globus_off_t end)
{
    if (start >= end) return 0;
    return globus_range_list_insert(list, start, end == ENDLESS ? GLOBUS_RANGE_LIST_MAX : end - start);
}

/* Takes out all ranges that reach beyond `from` and begin before `to`; how far they reach is added to *low and *high. */
static void take_out(globus_range_list_t list, globus_off_t from, globus_off_t to, globus_off_t *low, globus_off_t *high)
{
    for (int i = 0; i < globus_range_list_size(list);)
    {
        globus_off_t offset, length;
        globus_range_list_at(list, i, &offset, &length);
        if (offset >= to || end_of(offset, length) <= from)
        {
            ++i;
            continue;
        }
        globus_range_list_remove_at(list, i, &offset, &length);
        if (offset < *low) *low = offset;
        if (end_of(offset, length) > *high) *high = end_of(offset, length);
    }
}

int gl_adapt_globus_range_list_insert(globus_range_list_t range_list, globus_off_t offset, globus_off_t length)
{
    if (!is_range(offset, length, "globus_range_list_insert(): offset and length must not be negative, nor overflow")) return 0;
    globus_off_t low = offset, high = end_of(offset, length);
    if (length) take_out(range_list, offset - 1, high == ENDLESS ? high : high + 1, &low, &high);
    return add(range_list, low, high);
}

int gl_adapt_globus_range_list_remove(globus_range_list_t range_list, globus_off_t offset, globus_off_t length)
{
    if (!is_range(offset, length, "globus_range_list_remove(): offset and length must not be negative, nor overflow")) return 0;
    globus_off_t end = end_of(offset, length), low = offset, high = end;
    if (length) take_out(range_list, offset, end, &low, &high);
    int rc = add(range_list, low, offset);
    return rc ? rc : add(range_list, end, high);
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

static int add_all(globus_range_list_t dest, globus_range_list_t source)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < globus_range_list_size(source); ++i)
    {
        globus_off_t offset, length;
        globus_range_list_at(source, i, &offset, &length);
        rc = gl_adapt_globus_range_list_insert(dest, offset, length);
    }
    return rc;
}

int gl_adapt_globus_range_list_merge(globus_range_list_t *dest, globus_range_list_t src1, globus_range_list_t src2)
{
    int rc = globus_range_list_init(dest);
    if (rc == 0) rc = add_all(*dest, src1);
    if (rc == 0) rc = add_all(*dest, src2);
    return rc;
}

static void empty(globus_range_list_t list)
{
    globus_off_t offset, length;
    while (globus_range_list_size(list)) globus_range_list_remove_at(list, 0, &offset, &length);
}

int gl_adapt_globus_range_list_merge_destructive(globus_range_list_t *dest, globus_range_list_t src1, globus_range_list_t src2)
{
    int rc = gl_adapt_globus_range_list_merge(dest, src1, src2);
    empty(src1);
    empty(src2);
    return rc;
}
