# Finds the Grid Community Toolkit (GCT).
#
# GLOBUS_LOCATION, the root of an installed tree, decides when it is set; GPT_LOCATION is its old second name. Otherwise
# pkg-config decides. Never both: a process must not hold two copies of the toolkit.
#
# Gives GCT_INCLUDE_DIRS, and gct_library(<package>): an imported target GCT::<package> for a pkg-config name.
# Nothing is cached, so that a changed GLOBUS_LOCATION or a newly installed package is seen by the next configure.

find_package(PkgConfig QUIET)

# Where GLOBUS_LOCATION or GPT_LOCATION points; empty when neither is set.
function(_gct_location out)
  set(globus "$ENV{GLOBUS_LOCATION}")
  set(gpt "$ENV{GPT_LOCATION}")
  if(globus AND gpt)
    file(REAL_PATH "${globus}" globus_real)
    file(REAL_PATH "${gpt}" gpt_real)
    if(NOT globus_real STREQUAL gpt_real)
      message(FATAL_ERROR
        "GLOBUS_LOCATION and GPT_LOCATION name different trees:\n"
        "  GLOBUS_LOCATION=${globus}\n"
        "  GPT_LOCATION=${gpt}\n"
        "Both mean the root of the Grid Community Toolkit: unset one of them, or make them equal.")
    endif()
  endif()
  if(NOT globus)
    set(globus "${gpt}")
  endif()
  if(globus AND NOT IS_DIRECTORY "${globus}")
    message(FATAL_ERROR "GLOBUS_LOCATION is ${globus}, which is not a directory. Point it to the root of an installed "
      "Grid Community Toolkit, or unset it to use the system's packages.")
  endif()
  set(${out} "${globus}" PARENT_SCOPE)
endfunction()

# The name behind -l for a pkg-config name, where the rule "dashes become underscores" does not give it.
set(_gct_library_globus-authz-callout-error globus_gsi_authz_callout_error)
set(_gct_library_globus-gsi-openssl-error globus_openssl_error)
set(_gct_library_globus-gsi-proxy-ssl globus_proxy_ssl)
set(_gct_library_globus-openssl-module globus_openssl)

# Ends the configure step: says what is missing, where it was looked for, and which package has it.
function(_gct_missing what package looked)
  list(JOIN looked "\n  " places)
  if(GCT_LOCATION)
    set(instead "or unset GLOBUS_LOCATION and GPT_LOCATION: while one is set, only its tree (${GCT_LOCATION}) is searched.")
  else()
    set(instead "or set GLOBUS_LOCATION to the root of a Grid Community Toolkit (with include/globus and lib or lib64).")
  endif()
  message(FATAL_ERROR
    "${what} is missing. Looked in:\n  ${places}\n"
    "Install it:\n"
    "  Debian, Ubuntu:  apt-get install lib${package}-dev\n"
    "  Fedora, EPEL:    dnf install ${package}-devel\n"
    "${instead}")
endfunction()

# The directories of headers (kind include) or libraries (kind lib) where <package> is looked for.
function(_gct_directories package kind out)
  if(GCT_LOCATION)
    if(kind STREQUAL "include")
      set(directories "${GCT_LOCATION}/include/globus" "${GCT_LOCATION}/include")
    else()
      set(directories "${GCT_LOCATION}/lib64" "${GCT_LOCATION}/lib" "${GCT_LOCATION}/lib/${CMAKE_LIBRARY_ARCHITECTURE}")
    endif()
  else()
    set(directories "")
    if(PkgConfig_FOUND)
      pkg_get_variable(found "${package}" "${kind}dir")
      list(APPEND directories ${found})
    endif()
    if(kind STREQUAL "include")
      list(APPEND directories /usr/include/globus /usr/local/include/globus)
    else()
      list(APPEND directories ${CMAKE_C_IMPLICIT_LINK_DIRECTORIES})
    endif()
  endif()
  list(REMOVE_DUPLICATES directories)
  set(${out} "${directories}" PARENT_SCOPE)
endfunction()

# Makes sure that <header> is there, and adds its directory to GCT_INCLUDE_DIRS.
function(gct_header header package)
  _gct_directories(${package} include directories)
  find_path(directory "${header}" PATHS ${directories} NO_DEFAULT_PATH NO_CACHE)
  if(NOT directory)
    _gct_missing("The header ${header} of the Grid Community Toolkit" ${package} "${directories}")
  endif()
  string(REGEX REPLACE "/$" "" directory "${directory}")
  list(APPEND GCT_INCLUDE_DIRS "${directory}")
  list(REMOVE_DUPLICATES GCT_INCLUDE_DIRS)
  set(GCT_INCLUDE_DIRS "${GCT_INCLUDE_DIRS}" PARENT_SCOPE)
endfunction()

# The imported target GCT::<package>: the library of one of the toolkit's packages.
function(gct_library package)
  if(TARGET GCT::${package})
    return()
  endif()
  if(DEFINED _gct_library_${package})
    set(name "${_gct_library_${package}}")
  else()
    string(REPLACE "-" "_" name "${package}")
  endif()
  _gct_directories(${package} lib directories)
  find_library(library "${name}" PATHS ${directories} NO_DEFAULT_PATH NO_CACHE)
  if(NOT library)
    _gct_missing("The library lib${name}.so of the Grid Community Toolkit" ${package} "${directories}")
  endif()
  add_library(GCT::${package} SHARED IMPORTED)
  set_target_properties(GCT::${package} PROPERTIES
    IMPORTED_LOCATION "${library}" INTERFACE_INCLUDE_DIRECTORIES "${GCT_INCLUDE_DIRS}")
endfunction()

# The bindings run callbacks on the toolkit's own threads: a toolkit built without them is of no use here.
function(_gct_require_threads)
  _gct_directories(globus-common lib directories)
  find_library(pthread_model globus_thread_pthread PATHS ${directories} NO_DEFAULT_PATH NO_CACHE)
  if(NOT pthread_model)
    list(JOIN directories "\n  " places)
    message(FATAL_ERROR
      "This Grid Community Toolkit has no threads: libglobus_thread_pthread.so is missing. Looked in:\n  ${places}\n"
      "It comes with the toolkit's common library:\n"
      "  Debian, Ubuntu:  apt-get install libglobus-common0\n"
      "  Fedora, EPEL:    dnf install globus-common\n"
      "A toolkit built from source has it when POSIX threads were found by its configure.")
  endif()
endfunction()

_gct_location(GCT_LOCATION)
set(GCT_INCLUDE_DIRS "")
gct_header(globus_common.h globus-common)
gct_library(globus-common)
_gct_require_threads()
if(GCT_LOCATION)
  message(STATUS "Grid Community Toolkit: ${GCT_LOCATION} (GLOBUS_LOCATION)")
else()
  message(STATUS "Grid Community Toolkit: headers in ${GCT_INCLUDE_DIRS} (system)")
endif()
