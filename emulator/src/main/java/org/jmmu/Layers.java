package org.jmmu;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Which package may import which, as an indented tree: a package may import those that stand below
 * it, at any depth, and no others. A package may stand at several places; {@code name.*} stands for
 * each package in {@code name}; {@code #} starts a comment. A unit test holds the code to it.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PACKAGE)
public @interface Layers {
  /** The tree, two spaces per level, names relative to {@code org.jmmu}. */
  String value();
}
