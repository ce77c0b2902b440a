# How globus_lowlevel is put together.
#
#   swig/support/*.c   -> libglobus_lowlevel_support.so (one copy of the callback, handle and error machinery for all modules)
#   swig/support/module.c -> _support.abi3.so (its Python face)
#   swig/<module>.i    -> annotate.py: annotated headers, <module>_types.[ch], <module>.pyi
#                      -> SWIG:        <module>_wrap.c
#                      -> <module>.abi3.so

set(GLOBUS_SWIG_DIR "${CMAKE_CURRENT_SOURCE_DIR}/swig")
set(GLOBUS_PACKAGE_DIR globus_lowlevel)   # where everything is installed, inside site-packages

# A dependency that is not part of the toolkit: the imported target PkgConfig::<name>.
function(_globus_pkg_config name debian epel)
  pkg_check_modules(${name} QUIET IMPORTED_TARGET ${name})
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${name} is missing: pkg-config does not know it. Install it:\n"
      "  Debian, Ubuntu:  apt-get install ${debian}\n"
      "  Fedora, EPEL:    dnf install ${epel}")
  endif()
endfunction()

# globus_support_library(PACKAGES <package>...)
function(globus_support_library)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" PACKAGES)
  find_package(PkgConfig REQUIRED)
  _globus_pkg_config(libcrypto libssl-dev openssl-devel)
  _globus_pkg_config(libffi libffi-dev libffi-devel)

  file(GLOB sources CONFIGURE_DEPENDS "${GLOBUS_SWIG_DIR}/support/*.c")
  list(REMOVE_ITEM sources "${GLOBUS_SWIG_DIR}/support/module.c")
  add_library(globus_lowlevel_support SHARED ${sources})
  # Hidden by default: the library marks what it exports. Its own functions must not be replaced by another library's.
  target_link_options(globus_lowlevel_support PRIVATE LINKER:-Bsymbolic-functions)
  target_include_directories(globus_lowlevel_support PUBLIC "${GLOBUS_SWIG_DIR}/support")
  _globus_limited_api(limited_api)
  target_compile_definitions(globus_lowlevel_support PRIVATE Py_LIMITED_API=${limited_api})
  target_link_libraries(globus_lowlevel_support PUBLIC Python::SABIModule PkgConfig::libcrypto PkgConfig::libffi)
  _globus_link(globus_lowlevel_support ${arg_PACKAGES})

  Python_add_library(_support MODULE USE_SABI ${SKBUILD_SABI_VERSION} WITH_SOABI "${GLOBUS_SWIG_DIR}/support/module.c")
  target_link_libraries(_support PRIVATE globus_lowlevel_support)
  target_compile_definitions(_support PRIVATE "GL_SWIG_VERSION=\"${SWIG_VERSION}\"")
  install(TARGETS globus_lowlevel_support _support LIBRARY DESTINATION ${GLOBUS_PACKAGE_DIR})
endfunction()

# 3.11 -> 0x030b0000, the way Py_LIMITED_API names a version.
function(_globus_limited_api out)
  string(REPLACE "." ";" parts "${SKBUILD_SABI_VERSION}")
  list(GET parts 0 major)
  list(GET parts 1 minor)
  math(EXPR hex "(${major} << 24) + (${minor} << 16)" OUTPUT_FORMAT HEXADECIMAL)
  set(${out} ${hex} PARENT_SCOPE)
endfunction()

function(_globus_link target)
  foreach(package IN LISTS ARGN)
    gct_library(${package})
    target_link_libraries(${target} PUBLIC GCT::${package})
  endforeach()
endfunction()

# globus_module(<name> PACKAGES <package>...): with all of swig/extra/<name>
function(globus_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PACKAGES")
  file(GLOB by_hand CONFIGURE_DEPENDS "${GLOBUS_SWIG_DIR}/extra/${name}/*.c")
  set(interface "${GLOBUS_SWIG_DIR}/${name}.i")
  if(NOT EXISTS "${interface}" OR (GLOBUS_LOWLEVEL_MODULES AND NOT name IN_LIST GLOBUS_LOWLEVEL_MODULES))
    return()
  endif()
  set(annotated "${CMAKE_CURRENT_BINARY_DIR}/annotated/${name}")
  set(wrapper "${CMAKE_CURRENT_BINARY_DIR}/wrap/${name}_wrap.c")
  _globus_annotate(${name} "${interface}" "${annotated}")
  _globus_wrap(${name} "${interface}" "${annotated}" "${wrapper}")

  Python_add_library(${name} MODULE USE_SABI ${SKBUILD_SABI_VERSION} WITH_SOABI "${wrapper}" "${annotated}/${name}_types.c" ${by_hand})
  target_compile_definitions(${name} PRIVATE SWIG_TYPE_TABLE=globus_lowlevel)
  target_include_directories(${name} PRIVATE "${annotated}" "${GLOBUS_SWIG_DIR}/extra")
  target_link_libraries(${name} PRIVATE globus_lowlevel_support)
  _globus_link(${name} ${arg_PACKAGES})
  install(TARGETS ${name} LIBRARY DESTINATION ${GLOBUS_PACKAGE_DIR})
  install(FILES "${annotated}/${name}.pyi" DESTINATION ${GLOBUS_PACKAGE_DIR})
endfunction()

# Reads the toolkit's headers with libclang and writes what SWIG and the compiler need to know about them.
function(_globus_annotate name interface annotated)
  file(GLOB tools CONFIGURE_DEPENDS "${GLOBUS_SWIG_DIR}/tools/*.py")
  file(GLOB vocabulary CONFIGURE_DEPENDS "${GLOBUS_SWIG_DIR}/lib/*" "${GLOBUS_SWIG_DIR}/extra/*")
  list(TRANSFORM GCT_INCLUDE_DIRS PREPEND "--include;" OUTPUT_VARIABLE includes)
  add_custom_command(
    OUTPUT "${annotated}/${name}.stamp"
    BYPRODUCTS "${annotated}/${name}_types.c" "${annotated}/gl_types.h" "${annotated}/shims.h" "${annotated}/${name}.pyi"
    COMMAND "${Python_EXECUTABLE}" -B "${GLOBUS_SWIG_DIR}/tools/annotate.py" --interface "${interface}" ${includes}
            --output "${annotated}" --depfile "${annotated}/${name}.d"
    DEPENDS "${interface}" ${tools} ${vocabulary}
    DEPFILE "${annotated}/${name}.d"
    COMMENT "Reading the headers of ${name}"
    COMMAND_EXPAND_LISTS VERBATIM)
endfunction()

function(_globus_wrap name interface annotated wrapper)
  add_custom_command(
    OUTPUT "${wrapper}"
    COMMAND "${SWIG_EXECUTABLE}" -python -noproxy -threads -Wall -Werror "-I${annotated}/headers" "-I${GLOBUS_SWIG_DIR}"
            -MD -MF "${wrapper}.d" -o "${wrapper}" "${interface}"
    DEPENDS "${interface}" "${annotated}/${name}.stamp"
    DEPFILE "${wrapper}.d"
    COMMENT "Wrapping ${name}"
    VERBATIM)
endfunction()
