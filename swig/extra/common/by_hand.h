/* What swig/common.i calls by name. */
#ifndef GL_COMMON_BY_HAND_H
#define GL_COMMON_BY_HAND_H

#include "common/common.h"

void cm_sync_start(void);

/* Around each activation (false) and deactivation (true): turns.c */
void cm_turn_begin(bool deactivates);
void cm_turn_end(bool deactivates);

/* The module is not active any more: what its deactivation has ended. */
void cm_callbacks_dropped(void);
void cm_spaces_dropped(void);
void cm_signals_dropped(void);

static inline void cm_dropped(void)
{
    cm_callbacks_dropped();
    cm_spaces_dropped();
    cm_signals_dropped();
}

#endif
