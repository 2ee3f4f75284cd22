package org.jmmu.bench;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.TypeKind;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.util.List;
import org.jmmu.sched.PausePoint;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites classes as if their calls of {@link PausePoint} had never been written: no call, no
 * argument. A call that returns something is replaced by what it returns when pause points are off.
 */
final class PausePointRemover {
  private static final String POINT = PausePoint.class.getName().replace('.', '/');
  private static final ClassDesc STRING = ConstantDescs.CD_String;

  private int removed; // guarded by this

  /** Calls removed so far. */
  synchronized int removed() {
    return removed;
  }

  /** The class file without pause points; null if it has none. */
  byte @Nullable [] remove(byte[] classFile) {
    // A constant pool of its own: not even a name is left of what goes.
    ClassFile context = ClassFile.of(ClassFile.ConstantPoolSharingOption.NEW_POOL);
    ClassModel model = context.parse(classFile);
    if (model.thisClass().asInternalName().equals(POINT) || !mentionsPausePoint(model)) {
      return null;
    }
    return context.transformClass(
        model,
        ClassTransform.transformingMethodBodies(CodeTransform.ofStateful(WithoutCalls::new)));
  }

  private static boolean mentionsPausePoint(ClassModel model) {
    for (PoolEntry entry : model.constantPool()) {
      if (entry instanceof ClassEntry type && type.asInternalName().equals(POINT)) {
        return true;
      }
    }
    return false;
  }

  private synchronized void count() {
    removed++;
  }

  /** One method body. A string constant is held back for as long as it may prove an argument. */
  private final class WithoutCalls implements CodeTransform {
    private @Nullable CodeElement held;

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      if (element instanceof InvokeInstruction call
          && call.owner().asInternalName().equals(POINT)) {
        count();
        List<ClassDesc> arguments = call.typeSymbol().parameterList();
        if (held != null && arguments.equals(List.of(STRING))) {
          held = null; // neither the constant nor the call
        } else {
          release(code);
          drop(code, arguments);
        }
        pushOff(code, call.typeSymbol().returnType());
        return;
      }
      release(code);
      if (element instanceof ConstantInstruction constant
          && constant.constantValue() instanceof String) {
        held = element;
      } else {
        code.with(element);
      }
    }

    @Override
    public void atEnd(CodeBuilder code) {
      release(code);
    }

    private void release(CodeBuilder code) {
      if (held != null) {
        code.with(held);
        held = null;
      }
    }

    private static void drop(CodeBuilder code, List<ClassDesc> arguments) {
      for (ClassDesc argument : arguments.reversed()) {
        if (TypeKind.from(argument).slotSize() == 2) {
          code.pop2();
        } else {
          code.pop();
        }
      }
    }

    private static void pushOff(CodeBuilder code, ClassDesc type) {
      switch (TypeKind.from(type)) {
        case VOID -> {}
        case BOOLEAN -> code.iconst_0();
        default -> throw new IllegalArgumentException("a pause point that returns " + type);
      }
    }
  }
}
