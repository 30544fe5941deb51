import {
  type Header,
  isTensorDType,
  isText,
  METADATA,
  quoted,
  type TensorEntry,
  tensorDTypes,
} from "./safetensors-format.ts";

const [QUOTE, BACKSLASH] = ['"', "\\"].map((mark) => mark.charCodeAt(0));
// These match anything, if only nothing.
const spaces = /[ \t\r\n]*/y;
const numeral = /[-+.\w]*/y;

/** Reads the JSON of a header: the little that there may be in one, where JSON.parse would take repeated keys and rounded numbers. */
export class HeaderReader {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly refuse: (what: string) => never,
  ) {}

  header(): Omit<Header, "dataStart"> {
    const entries: TensorEntry[] = [];
    let metadata: Record<string, string> = {};
    this.object((name) => {
      if (name === METADATA) metadata = this.strings();
      else entries.push(this.tensor(name));
    });
    this.space();
    if (this.at < this.text.length) this.fail("nothing but spaces after it");
    return { metadata, entries };
  }

  private tensor(name: string): TensorEntry {
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    const refuse = (what: string): never => this.refuse(`tensor ${quoted(name)} ${what}`);
    this.object((key) => {
      if (key === "dtype") dtype = this.string();
      else if (key === "shape") shape = this.counts();
      else if (key === "data_offsets") offsets = this.counts();
      else refuse(`has an unknown key ${quoted(key)}: it takes dtype, shape and data_offsets`);
    });
    if (dtype === undefined) return refuse("has no dtype");
    if (shape === undefined) return refuse("has no shape");
    if (offsets === undefined) return refuse("has no data_offsets");
    if (!isTensorDType(dtype))
      return refuse(`has the dtype ${quoted(dtype)}; known are ${tensorDTypes.join(", ")}`);
    const [start, end, ...more] = offsets;
    if (start === undefined || end === undefined || more.length > 0)
      return refuse(`has ${offsets.length} data_offsets: they are two, where it begins and where it ends`);
    return { name, dtype, shape, start, end };
  }

  private strings(): Record<string, string> {
    const found: [string, string][] = [];
    this.object((key) => found.push([key, this.string()]));
    return Object.fromEntries(found);
  }

  /** Calls `read` at the value of each key. */
  private object(read: (key: string) => void): void {
    const keys = new Set<string>();
    this.items("{", "}", () => {
      const key = this.string();
      if (keys.has(key)) this.refuse(`the key ${quoted(key)} occurs twice`);
      keys.add(key);
      this.expect(":");
      read(key);
    });
  }

  private counts(): number[] {
    const found: number[] = [];
    this.items("[", "]", () => {
      this.space();
      numeral.lastIndex = this.at;
      const word = numeral.exec(this.text)![0];
      const count = Number(word);
      if (!/^(0|[1-9]\d*)$/.test(word) || !Number.isSafeInteger(count))
        this.fail("a whole number from 0 to 2^53 - 1");
      this.at += word.length;
      found.push(count);
    });
    return found;
  }

  private string(): string {
    this.space();
    const start = this.at;
    this.expect('"');
    let end = this.at;
    while (end < this.text.length && this.text.charCodeAt(end) !== QUOTE)
      end += this.text.charCodeAt(end) === BACKSLASH ? 2 : 1;
    this.at = start;
    let value: string;
    try {
      // Escapes and control characters are its to judge.
      value = JSON.parse(this.text.slice(start, end + 1)) as string;
    } catch {
      return this.fail("a string");
    }
    if (!isText(value)) this.fail("a string of whole characters");
    this.at = end + 1;
    return value;
  }

  private items(open: string, close: string, item: () => void): void {
    this.expect(open);
    if (this.takes(close)) return;
    do item();
    while (this.takes(","));
    this.expect(close);
  }

  private takes(mark: string): boolean {
    this.space();
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private expect(mark: string): void {
    if (!this.takes(mark)) this.fail(mark);
  }

  private space(): void {
    spaces.lastIndex = this.at;
    spaces.test(this.text);
    this.at = spaces.lastIndex;
  }

  private fail(expected: string): never {
    const found = this.text.slice(this.at, this.at + 20);
    return this.refuse(
      `at character ${this.at} expected ${expected}, got ${found === "" ? "its end" : quoted(found)}`,
    );
  }
}
