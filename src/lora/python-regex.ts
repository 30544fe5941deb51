import { ArgumentError } from "../core/errors.ts";

// What Python's `re` means by \w, \d and \s in a string, and by the end of one, in the words of JavaScript's `u` expressions.
const WORD = "\\p{L}\\p{N}_";
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const END = "(?![^])";
const BOUNDARY = `(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}])`;
const sets: Readonly<Record<string, string>> = { d: "\\p{Nd}", s: SPACE, w: WORD };
const anchors: Readonly<Record<string, string>> = {
  A: "^",
  Z: END,
  z: END,
  b: `(?:${BOUNDARY})`,
  B: `(?!${BOUNDARY})`,
};
const controls: Readonly<Record<string, string>> = { a: "\x07", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const opens = ["(?:", "(?=", "(?!", "(?<=", "(?<!"];
const numbered: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * The expression of JavaScript that matches, from the start on, what the expression `pattern` of Python's `re` does.
 *
 * @throws ArgumentError when it is none, or has what JavaScript lacks or takes otherwise: flags, backreferences, conditions,
 * atomic groups, possessive quantifiers, names of characters.
 * @see https://docs.python.org/3/library/re.html
 */
export function pythonRegex(pattern: string): RegExp {
  const source = new Translation(pattern).all();
  try {
    return new RegExp(source, "uy");
  } catch (cause) {
    return refused(pattern, (cause as Error).message, { cause });
  }
}

/** As `re.fullmatch`: whether all of `text` is matched. @throws ArgumentError as {@link pythonRegex}. */
export function fullMatch(pattern: string, text: string): boolean {
  // By itself as well: what is put around it must not complete it.
  pythonRegex(pattern);
  return matchStart(`(?:${pattern})\\Z`, text) !== null;
}

/** As `re.match`: what matches from the start of `text` on. @throws ArgumentError as {@link pythonRegex}. */
export const matchStart = (pattern: string, text: string): RegExpExecArray | null =>
  pythonRegex(pattern).exec(text);

function refused(pattern: string, why: string, options?: ErrorOptions): never {
  throw new ArgumentError(
    "lora/pattern",
    `the pattern ${JSON.stringify(pattern)} is no expression of Python's re that can be used here: ${why}`,
    options,
  );
}

class Translation {
  private at = 0;
  constructor(private readonly pattern: string) {}

  all(): string {
    let out = "";
    while (this.at < this.pattern.length) out += this.next();
    return out;
  }

  private next(): string {
    const char = this.char();
    switch (char) {
      case "\\":
        return this.escape();
      case "[":
        return this.charClass();
      case "(":
        return this.group();
      case "{":
        return this.braces();
      case ".":
        return "[^\\n]";
      case "$":
        return `(?=\\n?${END})`;
      case "^":
      case "|":
      case ")":
      case "*":
      case "+":
      case "?": // prettier-ignore
        return char;
      default:
        return literal(char);
    }
  }

  private char(): string {
    const code = this.pattern.codePointAt(this.at);
    if (code === undefined) return this.refuse("it ends too early");
    const char = String.fromCodePoint(code);
    this.at += char.length;
    return char;
  }

  /** Whether `text` is next; then it is passed. */
  private takes(text: string): boolean {
    const next = this.pattern.startsWith(text, this.at);
    if (next) this.at += text.length;
    return next;
  }

  private find(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.pattern);
    if (found) this.at += found[0].length;
    return found;
  }

  private escape(): string {
    const char = this.char();
    const lower = char.toLowerCase();
    if (Object.hasOwn(sets, lower)) return `[${char === lower ? "" : "^"}${sets[lower]}]`;
    return anchors[char] ?? literal(this.character(char));
  }

  /** The character that a backslash and `char` stand for. */
  private character(char: string): string {
    if (Object.hasOwn(controls, char)) return controls[char]!;
    const width = numbered[char];
    if (width !== undefined) {
      const digits = this.find(new RegExp(`[0-9a-fA-F]{${width}}`, "y"))?.[0];
      const code = digits === undefined ? Infinity : Number.parseInt(digits, 16);
      return code > 0x10ffff
        ? this.refuse(`\\${char} takes ${width} hexadecimal digits`)
        : String.fromCodePoint(code);
    }
    return /[0-9A-Za-z]/.test(char) ? this.refuse(`\\${char} is not known here`) : char;
  }

  private group(): string {
    const open = opens.find((text) => this.takes(text.slice(1)));
    if (open !== undefined) return open;
    const name = this.find(/\?P<([\p{ID_Start}_][\p{ID_Continue}]*)>/uy)?.[1];
    if (name !== undefined) return `(?<${name}>`;
    if (this.takes("?#")) return this.find(/[^)]*\)/y) ? "(?:)" : this.refuse("a comment does not end");
    return this.pattern[this.at] === "?"
      ? this.refuse(`(${this.pattern.slice(this.at, this.at + 3)} is not known here`)
      : "(";
  }

  /** A quantifier, or the character itself. */
  private braces(): string {
    const found = this.find(/(\d*)(,?)(\d*)\}/y);
    if (found === null) return "\\{";
    const [text, low = "", comma, high] = found;
    if (low === "" && comma === "") return `\\{${literal(text)}`;
    return `{${low || "0"}${comma}${high}}`;
  }

  private charClass(): string {
    const negated = this.takes("^");
    let listed = "";
    const others: string[] = [];
    for (let first = true; first || this.pattern[this.at] !== "]"; first = false) {
      const low = this.member();
      if (low.startsWith("^")) others.push(`[${low}]`);
      else listed += low;
      const isRange = this.pattern[this.at] === "-" && this.pattern[this.at + 1] !== "]";
      if (!isRange) continue;
      this.at++;
      const high = this.member();
      if (low.length > 2 || high.length > 2) this.refuse("a range of characters is from one to another");
      listed += `-${high}`;
    }
    this.at++;
    if (others.length === 0) return `[${negated ? "^" : ""}${listed}]`;
    const all = [`[${listed}]`, ...others].join("|");
    return negated ? `(?:(?!${all})[^])` : `(?:${all})`;
  }

  /** A member of a class, as JavaScript has it in one; with `^` in front, all but these. */
  private member(): string {
    const char = this.char();
    if (char !== "\\") return inClass(char);
    const escaped = this.char();
    const lower = escaped.toLowerCase();
    if (Object.hasOwn(sets, lower)) return escaped === lower ? sets[lower]! : `^${sets[lower]}`;
    return inClass(escaped === "b" ? "\b" : this.character(escaped));
  }

  private refuse(why: string): never {
    return refused(this.pattern, why);
  }
}

const literal = (text: string): string => text.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
const inClass = (char: string): string => (/[\^\\\]-]/.test(char) ? `\\${char}` : char);
