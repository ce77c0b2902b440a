#ifndef GRAM_PROTOCOL_ADAPTERS_H
#define GRAM_PROTOCOL_ADAPTERS_H

#include "gram_message.h"

#endif
