/**
 * Start here: a {@link org.jmmu.sys.Machine} with CPUs, processes and their system calls, to be put
 * into a test or a program.
 *
 * <pre>{@code
 * try (Machine machine = Machine.boot(MachineConfig.small())) {
 *   Process parent = machine.spawn();
 *   long vaddr = parent.mmap(PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
 *   Cpu cpu = parent.runOn(machine.cpu(0));
 *   cpu.storeLong(vaddr, 42);
 *   Process child = parent.fork();
 *   parent.movePage(vaddr);                 // to another frame; both processes follow
 *   machine.check();                        // every oracle, or an error that says what broke where
 * }
 * }</pre>
 */
@NullMarked
package org.jmmu.sys;

import org.jspecify.annotations.NullMarked;
