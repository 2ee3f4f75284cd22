package org.jmmu.lock;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The order of lock classes as an indented tree: a class may be taken while any class above it on
 * its way to the root is held. A class may stand at several places. {@code #} starts a comment.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PACKAGE)
public @interface LockOrder {
  /** The tree, two spaces per level. */
  String value();
}
