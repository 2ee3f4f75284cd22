package org.jmmu.types;

/**
 * The userfaultfd that a VMA is registered with. The name is all that a VMA needs to know of it.
 *
 * @kernel include/linux/mm_types.h:struct vm_userfaultfd_ctx
 */
public interface VmUserfaultfdCtx {}
