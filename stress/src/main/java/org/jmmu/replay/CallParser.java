package org.jmmu.replay;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code name(args) = result}. Arguments are separated by commas outside of quotes, brackets
 * and the {@code <...>} that {@code -y} puts behind descriptors.
 */
final class CallParser {
  private final String text;
  private final List<String> args = new ArrayList<>();
  private int at;

  private CallParser(String text) {
    this.text = text;
  }

  /** Null if {@code text} is not a whole call. */
  static @Nullable SystemCall parse(String text) {
    return new CallParser(text).call();
  }

  private @Nullable SystemCall call() {
    while (at < text.length() && isNameChar(text.charAt(at))) {
      at++;
    }
    if (at == 0 || at == text.length() || text.charAt(at) != '(') {
      return null;
    }
    String name = text.substring(0, at);
    at++;
    if (!readArgs()) {
      return null;
    }
    String rest = text.substring(at).strip();
    if (!rest.startsWith("=")) {
      return null;
    }
    String result = rest.substring(1).strip();
    return result.isEmpty() ? null : new SystemCall(name, List.copyOf(args), result);
  }

  private static boolean isNameChar(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '?';
  }

  /** Up to and with the closing parenthesis. */
  private boolean readArgs() {
    int depth = 0;
    int start = at;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '"') {
        skipString();
      } else if (c == '<' && isAnnotation()) {
        skipAnnotation();
      } else if (c == '(' || c == '[' || c == '{') {
        depth++;
        at++;
      } else if (depth > 0 && (c == ')' || c == ']' || c == '}')) {
        depth--;
        at++;
      } else if (depth == 0 && (c == ',' || c == ')')) {
        addArg(text.substring(start, at).strip());
        at++;
        start = at;
        if (c == ')') {
          return true;
        }
      } else {
        at++;
      }
    }
    return false;
  }

  private void addArg(String arg) {
    if (!arg.isEmpty()) {
      args.add(arg);
    }
  }

  private void skipString() {
    at++;
    while (at < text.length() && text.charAt(at) != '"') {
      at += text.charAt(at) == '\\' ? 2 : 1;
    }
    at++;
  }

  /** Behind a number or AT_FDCWD; not the shift in {@code 21<<MAP_HUGE_SHIFT}. */
  private boolean isAnnotation() {
    char before = text.charAt(at - 1);
    char behind = at + 1 < text.length() ? text.charAt(at + 1) : ' ';
    return behind != '<' && (Character.isDigit(before) || before == 'D');
  }

  private void skipAnnotation() {
    int depth = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '<') {
        depth++;
      } else if (c == '>' && text.charAt(at - 1) != '-') { // "->" joins the ends of a connection
        depth--;
      }
      at++;
      if (depth == 0) {
        return;
      }
    }
  }
}
