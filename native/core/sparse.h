/* For arrays in .bss of which a call touches little or nothing: they lie apart from what it does touch (native/client/layout.ld). */
#ifndef PREFORK_CORE_SPARSE_H
#define PREFORK_CORE_SPARSE_H

#define SPARSE __attribute__((section(".bss.sparse")))

#endif
