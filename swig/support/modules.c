/* What happens when a generated module is imported; and which modules of the toolkit are active. */
#include "gl.h"

#include <globus_common.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- types: one description for each C type, whoever imports it first ---------------------------------------------- */

static PyObject *types;     /* name -> capsule of the canonical gl_type */

gl_type *gl_type_named(const char *name)
{
    PyObject *capsule = types ? PyDict_GetItemString(types, name) : NULL;
    if (capsule) return PyCapsule_GetPointer(capsule, "gl_type");
    PyErr_Format(PyExc_SystemError, "no imported module has the type %s", name);
    return NULL;
}

static int register_type(gl_type *type)
{
    PyObject *capsule = PyCapsule_New(type, "gl_type", NULL);
    int status = capsule ? PyDict_SetItemString(types, type->name, capsule) : -1;
    Py_XDECREF(capsule);
    type->canonical = type;
    return status;
}

static int resolve_type(gl_type *type, const char *module)
{
    if (type->canonical) return 0;
    if (type->kind == GL_CUSTOM)    /* a module's own view of a type that may be an object elsewhere */
    {
        type->canonical = type;
        return 0;
    }
    if (type->module && strcmp(type->module, module) != 0)       /* another module's: import that first */
    {
        PyObject *name = PyUnicode_FromFormat("globus_lowlevel.%s", type->module);
        PyObject *owner = name ? PyImport_Import(name) : NULL;
        Py_XDECREF(name);
        if (!owner && !PyErr_ExceptionMatches(PyExc_ImportError)) return -1;
        if (!owner) PyErr_Clear();
        Py_XDECREF(owner);
    }
    PyObject *known = PyDict_GetItemString(types, type->name);
    if (!known) return register_type(type);
    type->canonical = PyCapsule_GetPointer(known, "gl_type");
    return type->canonical ? 0 : -1;
}

/* ---- enums ------------------------------------------------------------------------------------------------------------ */

static PyObject *make_enum(const gl_type *type, const char *module)
{
    PyObject *enum_module = PyImport_ImportModule("enum");
    PyObject *base = enum_module ? PyObject_GetAttrString(enum_module, type->is_flags ? "IntFlag" : "IntEnum") : NULL;
    PyObject *members = base ? PyList_New(0) : NULL;
    for (const gl_enumerator *e = type->enumerators; members && e && e->name; ++e)
    {
        PyObject *pair = Py_BuildValue("(sL)", e->name, e->value);
        if (!pair || PyList_Append(members, pair) < 0) Py_CLEAR(members);
        Py_XDECREF(pair);
    }
    PyObject *made = NULL, *args = members ? Py_BuildValue("(sO)", type->name, members) : NULL;
    PyObject *keywords = args ? Py_BuildValue("{ss#}", "module", module, (Py_ssize_t)strlen(module)) : NULL;
    if (keywords) made = PyObject_Call(base, args, keywords);
    Py_XDECREF(keywords);
    Py_XDECREF(args);
    Py_XDECREF(members);
    Py_XDECREF(base);
    Py_XDECREF(enum_module);
    return made;
}

static int add_enum(gl_type *type, PyObject *python_module, const char *module)
{
    if (!type->enumerators || !type->enumerators->name) return 0;
    type->python_type = make_enum(type, module);
    if (!type->python_type) return -1;
    if (strchr(type->name, ' ') == NULL && PyObject_SetAttrString(python_module, type->name, type->python_type) < 0) return -1;
    for (const gl_enumerator *e = type->enumerators; e->name; ++e)
    {
        PyObject *member = PyObject_GetAttrString(type->python_type, e->name);
        int status = member ? PyObject_SetAttrString(python_module, e->name, member) : -1;
        Py_XDECREF(member);
        if (status < 0) return -1;
    }
    return 0;
}

/* ---- modules -------------------------------------------------------------------------------------------------------------- */

static gl_module *modules;

/* The C name of a callback type, for annotations: to a type checker the stub says more. */
static int add_callback_type(const gl_type *type, PyObject *python_module)
{
    if (strchr(type->name, ' ') || !type->module) return 0;
    PyObject *abc = PyImport_ImportModule("collections.abc");
    PyObject *callable = abc ? PyObject_GetAttrString(abc, "Callable") : NULL;
    int status = callable ? PyObject_SetAttrString(python_module, type->name, callable) : -1;
    Py_XDECREF(callable);
    Py_XDECREF(abc);
    return status;
}

/* A type that belongs to no module, the system's, is in each that uses it. */
static int add_shared_type(const gl_type *type, PyObject *python_module)
{
    if ((type->kind != GL_HANDLE && type->kind != GL_BOX) || !type->canonical->python_type) return 0;
    return PyObject_SetAttrString(python_module, type->name, type->canonical->python_type);
}

static int add_type(gl_type *type, gl_module *module, PyObject *python_module, const char *python_name)
{
    if (resolve_type(type, module->name) < 0) return -1;
    if (type->canonical != type) return type->module ? 0 : add_shared_type(type, python_module);
    if (type->kind == GL_ENUM) return add_enum(type, python_module, python_name);
    if (type->kind == GL_CALLBACK) return add_callback_type(type, python_module);
    if (type->kind != GL_HANDLE && type->kind != GL_BOX) return 0;
    if (gl_type_ready(type) < 0) return -1;
    return PyObject_SetAttrString(python_module, type->name, type->python_type);
}

int gl_module_ready(gl_module *module, PyObject *python_module)
{
    if (!types && !(types = PyDict_New())) return -1;
    PyObject *name = PyModule_GetNameObject(python_module);
    const char *python_name = name ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    if (!python_name) return -1;
    for (gl_type **type = module->types; *type; ++type)
        if (add_type(*type, module, python_module, python_name) < 0)
        {
            Py_DECREF(name);
            return -1;
        }
    Py_DECREF(name);
    for (const gl_alias *alias = module->aliases; alias && alias->name; ++alias)
        if (PyObject_SetAttrString(python_module, alias->name, gl_type_of(alias->type)->python_type) < 0) return -1;
    gl_module_part(module);
    return 0;
}

void gl_module_part(gl_module *part)
{
    part->next = modules;
    modules = part;
}

/* ---- which modules are active ------------------------------------------------------------------------------------------------- */

/* Modules activate each other, so our own calls do not tell; the library prints what is active, and only that way. It does
 * so with its lock held, and another thread may hold that while it activates a module that calls Python. */
static char *print_active(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) return NULL;
    globus_module_print_activated_versions(stream, GLOBUS_FALSE);
    fclose(stream);
    return text;
}

static bool is_printed(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':') return true;
    return false;
}

void gl_modules_refresh(void)
{
    static unsigned long asked, answered;
    unsigned long question = ++asked;
    char *text;
    Py_BEGIN_ALLOW_THREADS
    text = print_active();
    Py_END_ALLOW_THREADS
    if (text && question > answered)        /* the answer to a later question is newer */
    {
        answered = question;
        for (gl_module *module = modules; module; module = module->next)
        {
            const globus_module_descriptor_t *descriptor = module->descriptor;
            if (!descriptor) continue;
            bool was_active = module->active;
            module->active = is_printed(text, descriptor->module_name);
            if (was_active && !module->active && module->types) gl_objects_abandon(module->name);
        }
    }
    free(text);
}

/* ---- the end of a module ------------------------------------------------------------------------------------------------------- */

static struct guard
{
    const char *name;
    bool      (*is_waited_for)(void);
} guards[8];

void gl_module_guard(const char *name, bool (*is_waited_for)(void))
{
    size_t place = 0;
    while (guards[place].name && strcmp(guards[place].name, name) != 0) ++place;
    guards[place] = (struct guard){name, is_waited_for};
}

int gl_module_check_end(const gl_function *function, const void *descriptor)
{
    const char *name = descriptor ? ((const globus_module_descriptor_t *)descriptor)->module_name : NULL;
    for (const struct guard *guard = guards; guard->name; ++guard)
    {
        if ((name && strcmp(name, guard->name) != 0) || !guard->is_waited_for()) continue;
        PyErr_Format(PyExc_RuntimeError, "%s() would wait for ever for this callback to answer or return: do it in another thread",
                     function->name);
        return -1;
    }
    return 0;
}
