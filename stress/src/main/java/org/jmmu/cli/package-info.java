/** The command line: {@code java -jar jmmu.jar COMMAND}. */
@NullMarked
package org.jmmu.cli;

import org.jspecify.annotations.NullMarked;
