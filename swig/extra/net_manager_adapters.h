/* net_manager: attributes, whose memory is the binding's, and arrays of them as lists (net_manager/attributes.c). */
#ifndef NET_MANAGER_ADAPTERS_H
#define NET_MANAGER_ADAPTERS_H

#include <globus_common.h>
#include <globus_net_manager.h>

#ifdef GL_H
PyObject *gl_net_attrs_to_python(const void *address);
int       gl_net_attrs_from_python(gl_call *call, PyObject *object, void *address);
void      gl_net_attrs_release(void *address);
#endif

/* The binding frees the struct, and what it holds, when this returns. */
static inline void gl_adapt_globus_net_manager_attr_destroy(globus_net_manager_attr_t *attr)
{
    (void)attr;
}

/* A list that was passed is freed with the call. */
static inline void gl_adapt_globus_net_manager_attr_array_delete(globus_net_manager_attr_t *attrs)
{
    (void)attrs;
}

static inline globus_result_t gl_adapt_globus_net_manager_register(
    globus_net_manager_t *manager, globus_module_descriptor_t *module)
{
    if (manager->name) return globus_net_manager_register(manager, module);
    return GlobusNetManagerErrorParameter("manager: it has no name");
}

static inline globus_result_t gl_adapt_globus_net_manager_unregister(globus_net_manager_t *manager)
{
    if (manager->name) return globus_net_manager_unregister(manager);
    return GlobusNetManagerErrorParameter("manager: it has no name");
}

#endif
