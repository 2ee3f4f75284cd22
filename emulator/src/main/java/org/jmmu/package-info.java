/**
 * An emulator of the x86-64 MMU and of the Linux mm code that races over page tables. To use it,
 * start at {@link org.jmmu.sys}; to read it, start at the bottom of the layers.
 *
 * <p>The {@link org.jmmu.Layers} annotation of this package is the picture of the layers, and a
 * unit test holds the code to it. Where the kernel calls upward, an interface that belongs to the
 * lower package stands in between: {@link org.jmmu.hw.FaultHandler} is how a CPU reaches the fault
 * code in {@link org.jmmu.mm}.
 */
@Layers(
    """
    hw.vectors                      # paging vectors: reading them, running them
      hw
      phys
    era                             # kernels of the past: which protocol each had
      race.execstack
      race.vmaadjust
      race.*
    race.execstack                  # its walks are those of variants of vma-adjust
      race.vmaadjust
        race
    race.*                          # one package per race: story, fixture, variants
      race                          # what every race says of itself
        sys                         # start here: machine, processes, system calls
          check                     # oracles
            hugetlb
          proc                      # what /proc shows of a process
            swap
          mpx                       # bounds tables: allocating and freeing them
            mm
          ksm                       # merging pages of equal content
            mm
          reclaim                   # pages out of memory
            mm
          compact                   # free memory in one piece
            migrate                 # pages from frame to frame
              mm                    # what system calls and page faults do
                uffd                # page faults that programs handle
                  pgtable
                hugetlb             # huge pages: their pool, reservations, faults
                  rmap                # from a frame to the entries that map it
                    filemap           # page caches, and where files come from
                      swap            # swap areas, their cache, non-present entries
                        pgtable       # entries, their locks, TLB flushes
                          alloc       # frames
                            types     # address spaces, VMAs, anon_vmas, files
                              lock    # the kernel's locks and their order
                                phys  # frames and their descriptors, off-heap
                                sched # pause points, stepped schedules
                          hw          # CPUs, page walker, TLBs: silicon takes no kernel lock
                            phys
                            sched
    hw.vectors                      # paging vectors, and a runner that puts a CPU to them
      hw
    """)
@NullMarked
package org.jmmu;

import org.jspecify.annotations.NullMarked;
