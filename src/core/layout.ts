/** A break: a new line, or `text` where its group fits on one. */
class Break {
  constructor(readonly text: string) {}
}
/** Breaks that are all taken or none, except those of groups inside. */
class Group {
  /** Characters it takes on one line. */
  width = 0;
}
const END_GROUP = Symbol("end of a group");
const NEST = Symbol("deeper");
const END_NEST = Symbol("less deep");

const INDENT = 2;
const WIDTH = 80;

/**
 * Text whose line breaks are chosen at the end: a group is put on one line if it fits there as a whole. Written as a
 * stream, so that depth costs no stack; linear in its length.
 *
 * @see `jax._src.pretty_printer` and Lindig, Strictly Pretty, 2000.
 */
export class Layout {
  private readonly tokens: (string | Break | Group | symbol)[] = [];
  private readonly open: { group: Group; start: number }[] = [];
  /** Characters so far, had everything been put on one line. */
  private flat = 0;

  text(text: string): void {
    this.tokens.push(text);
    this.flat += text.length;
  }
  break(text = " "): void {
    this.tokens.push(new Break(text));
    this.flat += text.length;
  }
  startGroup(): void {
    const group = new Group();
    this.tokens.push(group);
    this.open.push({ group, start: this.flat });
  }
  endGroup(): void {
    const { group, start } = this.open.pop()!;
    group.width = this.flat - start;
    this.tokens.push(END_GROUP);
  }
  /** Lines that start from here on are indented by two more. */
  nest(): void {
    this.tokens.push(NEST);
  }
  endNest(): void {
    this.tokens.push(END_NEST);
  }

  toString(): string {
    const pieces: string[] = [];
    const flat = [false];
    let column = 0;
    let indent = 0;
    const put = (text: string): void => {
      pieces.push(text);
      column += text.length;
    };
    for (const token of this.tokens) {
      if (typeof token === "string") put(token);
      else if (token instanceof Break) {
        if (flat.at(-1)) put(token.text);
        else {
          pieces.push("\n", " ".repeat(indent));
          column = indent;
        }
      } else if (token instanceof Group) flat.push(token.width <= WIDTH - column);
      else if (token === END_GROUP) flat.pop();
      else indent += token === NEST ? INDENT : -INDENT;
    }
    return pieces.join("");
  }
}
